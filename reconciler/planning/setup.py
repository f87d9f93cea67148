"""Plans the setup: compares the documents of the manifests with the live state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.values import Link, Value, to_json
from reconciler.kinds.workspace import Guardrails
from reconciler.manifests.documents import Document
from reconciler.planning.diff import changes_to_create, changes_to_update, manifest_values
from reconciler.planning.equality import same
from reconciler.planning.guardrails import setup_guardrails
from reconciler.planning.part import Part
from reconciler.planning.plan import Action, Note, Precondition
from reconciler.planning.proposed import proposed_dependencies, proposed_note
from reconciler.planning.resolve import Resolver

_DEFAULTS = Guardrails()


def plan_setup(
    documents: Iterable[Document],
    live_state: LiveState,
    limits: Guardrails = _DEFAULTS,
    kept: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    elsewhere: int = 0,
) -> Part:
    """Return a part with one action for each document whose object is not as declared.

    `kept` has, by address, the properties that ConnectWise filled with a value when they were last cleared. `elsewhere`
    is the number of documents of the setup that a partial plan leaves out.
    """
    documents = tuple(documents)
    resolver = Resolver(live_state)
    actions: list[Action] = []
    notes: list[Note] = []
    unchanged = 0
    for document in documents:
        if document.kind.collection is None:
            continue
        values = resolver.values(document)
        live = live_state.matches.get(document.address)
        if live is not None and (unclearable := _unclearable(document, values, live, kept.get(document.address, {}))):
            values = {name: value for name, value in values.items() if name not in unclearable}
            notes += (Note(address=document.address, message=message) for message in unclearable.values())
        action = create(document, values) if live is None else update(document, values, live)
        if document.metadata.proposed:
            notes.append(proposed_note(document, action))
        elif action is None:
            unchanged += 1
        else:
            actions.append(action)
    return Part(
        actions=tuple(actions),
        unchanged=unchanged,
        problems=(*resolver.problems, *proposed_dependencies(documents, live_state)),
        tripped=setup_guardrails(limits, actions, unchanged, elsewhere),
        notes=tuple(notes),
    )


def clearing_documents(documents: Iterable[Document], live_state: LiveState) -> list[str]:
    """Return the addresses of the documents that clear a property of their live object. `kept` is needed for these."""
    return [
        document.address
        for document in documents
        if document.address in live_state.matches
        and any(
            item.name in document.declared
            and item.mapping.compared
            and item.mapping.subcollection is None
            and getattr(document.spec, item.attribute) is None
            and not any(item.mapping.encode(None, {}).values())
            for item in document.kind.fields
        )
    ]


def _unclearable(
    document: Document, values: Mapping[str, Value], live: LiveObject, kept: Mapping[str, Any]
) -> dict[str, str]:
    """Return a note for each field that should be empty, but that ConnectWise filled when it was cleared.

    ConnectWise fills some fields with a default. Clearing them again would have the same result in each run.
    """
    found: dict[str, str] = {}
    for item in document.kind.fields if kept else ():
        name, mapping = item.name, item.mapping
        if values.get(name, "") is not None or mapping.subcollection is not None:
            continue
        now, then = mapping.decode(live.raw), mapping.decode(kept)
        if now is not None and then is not None and same(mapping, now, then):
            found[name] = (
                f"{name} stays {_shown(now)}: ConnectWise kept it when it was cleared, so it is not cleared again. "
                "Give it a value, or leave it out of the manifest"
            )
    return found


def _shown(value: Value) -> str:
    return value.name if isinstance(value, Link) else str(to_json(value))


def create(document: Document, values: Mapping[str, Value]) -> Action:
    """Return the action that creates the object of a document."""
    return Action(
        address=document.address,
        kind=document.kind.name,
        action="create",
        endpoint=str(document.kind.collection),
        reason="not in ConnectWise",
        changes=changes_to_create(document.kind, values),
    )


def update(document: Document, values: Mapping[str, Value], live: LiveObject) -> Action | None:
    """Return the action that updates a live object, or None if no declared field differs."""
    renamed = document.metadata.id is not None or bool(document.metadata.previously)
    changes = changes_to_update(document.kind, values, live, keys=renamed)
    if not changes:
        return None
    return Action(
        address=document.address,
        kind=document.kind.name,
        action="update",
        id=live.id,
        endpoint=object_path(document.kind.collection, live),
        reason="differs from the manifest",
        changes=changes,
        precondition=precondition(document.kind, document.declared, live),
    )


def precondition(of: Kind, names: Iterable[str], live: LiveObject) -> Precondition:
    """Return what an action expects of a live object: its id, its last update, and the values of the fields `names`."""
    return Precondition(id=live.id, last_updated=live.last_updated, fields=manifest_values(of, names, live))


def object_path(collection: str | None, live: LiveObject) -> str:
    """Return the path of a live object, such as `finance/agreements/34/additions/99`."""
    path = str(collection)
    if "{" in path:
        before, _, after = path.partition("{")
        path = f"{before}{live.parent_id}{after.partition('}')[2]}"
    return f"{path.rstrip('/')}/{live.id}"
