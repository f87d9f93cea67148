"""Plans the setup: compares the documents of the manifests with the live state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from reconciler.kinds.guardrail_settings import Guardrails
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.values import Link, Value, to_json
from reconciler.manifests.documents import Document
from reconciler.planning.action import Action
from reconciler.planning.diff import changes_to_create, changes_to_update
from reconciler.planning.equality import same
from reconciler.planning.guardrails import setup_guardrails
from reconciler.planning.objects import object_path, precondition
from reconciler.planning.part import Part
from reconciler.planning.plan import Note
from reconciler.planning.proposed import needed_solutions, proposed_dependencies, proposed_note
from reconciler.planning.resolve import Resolver
from reconciler.planning.retire import Retirements, Terms, billing_change, values_to_live_again

_DEFAULTS = Guardrails()


def plan_setup(
    documents: Iterable[Document],
    live_state: LiveState,
    limits: Guardrails = _DEFAULTS,
    kept: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    elsewhere: int = 0,
    *,
    terms: Terms,
    pruned: Sequence[Action] = (),
) -> Part:
    """Return a part with one action for each document whose object is not as declared.

    `kept` has, by address, the properties that ConnectWise filled with a value when they were last cleared. `elsewhere`
    is the number of documents of the setup that a partial plan leaves out. `pruned` are the actions that retire
    undeclared objects.
    """
    documents = tuple(documents)
    resolver = Resolver(live_state)
    retirements = Retirements(resolver.tables, terms)
    actions: list[Action] = [*pruned]
    notes: list[Note] = []
    unchanged = 0
    needed = needed_solutions(documents, live_state)
    for document in documents:
        if document.kind.collection is None or document.address in live_state.left_out:
            continue
        live = live_state.matches.get(document.address)
        if document.retired:
            action = None if live is None else _retire(document, live, live_state, retirements)
        else:
            values = resolver.values(document)
            if live is not None and (found := _unclearable(document, values, live, kept.get(document.address, {}))):
                values = {name: value for name, value in values.items() if name not in found}
                notes += (Note(address=document.address, message=message) for message in found.values())
            action = create(document, values) if live is None else update(document, values, live)
            if action is not None and live is not None:
                money = billing_change(document.kind, live, action.changes, live_state.children, retirements.last_day)
                action = action.model_copy(update={"money": money})
        if document.metadata.proposed:
            notes.append(proposed_note(document, action, needed))
        elif action is None:
            unchanged += 1
        else:
            actions.append(action)
    before, after = retirements.amounts(actions)
    return Part(
        actions=tuple(actions),
        unchanged=unchanged,
        money_before=before,
        money_after=after,
        problems=(*resolver.problems, *retirements.problems, *proposed_dependencies(documents, live_state)),
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
            and document.value(item) is None
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
    alive = values_to_live_again(document.kind, live)
    changes = changes_to_update(document.kind, {**alive, **values}, live, keys=renamed)
    if not changes:
        return None
    lives_again = any(change.path in alive and change.path not in document.declared for change in changes)
    return Action(
        address=document.address,
        kind=document.kind.name,
        action="update",
        id=live.id,
        endpoint=object_path(document.kind.collection, live),
        reason="retired in ConnectWise, and lives again" if lives_again else "differs from the manifest",
        changes=changes,
        precondition=precondition(
            document.kind, {*document.declared, *(change.path for change in changes if change.path in alive)}, live
        ),
    )


def _retire(document: Document, live: LiveObject, live_state: LiveState, retirements: Retirements) -> Action | None:
    """Return the action that retires the object of a document, or None if it is retired already."""
    why = document.metadata.reason or "ensure: retired"
    return retirements.action(document.kind, document.address, live, why, document.declared, live_state.children)
