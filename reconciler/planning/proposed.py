"""Proposed documents: they are checked and listed, and nothing is done for them until a person removes the mark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.management_solution import ManagementSolutionSpec
from reconciler.manifests.documents import Document, has_spec
from reconciler.planning.action import Action, Change
from reconciler.planning.plan import Note

_ADVICE = "remove `proposed: true` from it"


def proposed_note(document: Document, action: Action | None, needed: Mapping[str, str]) -> Note:
    """Return a note on a proposed document.

    `action` is what the plan would do without the mark, or None. `needed` is the result of `needed_solutions`.
    """
    if action is None:
        message = f"proposed, and as declared in ConnectWise; to manage it, {_ADVICE}"
    else:
        fields = ", ".join(_change(change, is_new=action.id is None) for change in action.changes)
        what = f"{action.action} it (id {action.id})" if action.id is not None else f"{action.action} it"
        message = f"proposed: nothing is done for it. It would {what} with {fields}; if this is right, {_ADVICE}"
    needed_by = needed.get(document.address) if action is not None and action.action == "create" else None
    return Note(address=document.address, message=message, proposed=True, needed_by=needed_by)


def needed_solutions(documents: Iterable[Document], live_state: LiveState) -> dict[str, str]:
    """Return, by address of a proposed management solution, the address of the proposed mapping that needs it."""
    proposed = [each for each in documents if each.metadata.proposed]
    mappings: dict[tuple[Any, ...], str] = {}
    for each in proposed:
        if has_spec(each, CustomerMappingSpec):
            place = _company(each, live_state), each.spec.solution, each.spec.managed_id
            mappings.setdefault(place, each.address)
    found: dict[str, str] = {}
    for each in proposed:
        if has_spec(each, ManagementSolutionSpec):
            place = _company(each, live_state), each.spec.solution, each.spec.managed_id
            if place[0] is not None and place in mappings:
                found[each.address] = mappings[place]
    return found


def _company(document: Document, live_state: LiveState) -> int | str | None:
    """Return the id of the company that a document names, or its address if it does not exist yet."""
    link = live_state.links.get(document.address, {}).get(("company",))
    return None if link is None else link.id or link.address


def proposed_dependencies(documents: Iterable[Document], live_state: LiveState) -> Iterator[str]:
    """Yield a problem if a document that is not proposed refers to a proposed one that has no object in ConnectWise.

    Customer mappings are left out: a mapping with such a reference is refused, and the others are billed.
    """
    documents = tuple(documents)
    missing = {each.address for each in documents if each.metadata.proposed and each.address not in live_state.matches}
    for document in documents:
        if document.metadata.proposed or document.kind.collection is None:
            continue
        for path, link in live_state.links.get(document.address, {}).items():
            if link.id is None and link.address in missing:
                yield (
                    f"{document.address}: {path[0]}: {link.address} is only proposed and not in ConnectWise, so "
                    f"nothing can refer to it yet. Check it and {_ADVICE}, or mark {document.address} as proposed too"
                )


def _change(change: Change, *, is_new: bool) -> str:
    after = _text(change.after)
    return f"{change.path} {after}" if is_new else f"{change.path} {_text(change.before)} → {after}"


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value["name"]) if "name" in value else ", ".join(f"{key} {_text(of)}" for key, of in value.items())
    if isinstance(value, list):
        return " and ".join(map(_text, value))
    return "(empty)" if value is None else str(value)
