"""Proposed documents: they are checked and listed, and nothing is done for them until a person removes the mark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.live_state import LiveState
from reconciler.manifests.documents import Document
from reconciler.planning.plan import Action, Change, Note

_ADVICE = "remove `proposed: true` from it"


def proposed_note(document: Document, action: Action | None) -> Note:
    """Return a note on a proposed document. `action` is what a plan without the mark would do. None if nothing."""
    if action is None:
        message = f"proposed, and as declared in ConnectWise; to manage it, {_ADVICE}"
    else:
        fields = ", ".join(_change(change, is_new=action.id is None) for change in action.changes)
        what = f"{action.action} it (id {action.id})" if action.id is not None else f"{action.action} it"
        message = f"proposed: nothing is done for it. It would {what} with {fields}; if this is right, {_ADVICE}"
    return Note(address=document.address, message=message)


def proposed_dependencies(documents: Iterable[Document], live_state: LiveState) -> Iterator[str]:
    """Yield a problem for each reference to a proposed document without an object, from one that is not proposed.

    References from customer mappings are left out: such a mapping is refused, and the others are billed.
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
