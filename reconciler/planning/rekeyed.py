"""Refuses to create a second object if the one that a document had is still in ConnectWise under another key. Pure.

A person renames a company in ConnectWise, or changes the identifier in the manifest without `metadata.previously`. The
natural key then finds nothing, but the ledger has the id of the object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.kinds.base import key_part
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.values import Link
from reconciler.manifests.documents import Document
from reconciler.planning.undeclared import LedgerKnows, LeftBehind


def without_key(knows: LedgerKnows, documents: Iterable[Document], live_state: LiveState) -> list[LeftBehind]:
    """Return the objects that the ledger remembers of documents that no live object matches."""
    matched = {(live.kind, live.id) for live in live_state.matches.values()}
    found: list[LeftBehind] = []
    for document in documents:
        address, of, marks = document.address, document.kind, document.metadata
        known = knows.remembered.get(address)
        if known is None or known.id is None or of.rename_key is None or marks.id is not None or marks.proposed:
            continue
        if address not in live_state.matches.keys() | live_state.left_out and (of.name, known.id) not in matched:
            found.append(LeftBehind(address, of, known.id, known.parent_id, known.protected))
    return found


def rekeyed(
    left: Sequence[LeftBehind],
    objects: Mapping[tuple[str, int], LiveObject],
    documents: Mapping[str, Document],
    live_state: LiveState,
) -> Iterator[str]:
    """Yield a problem for each object that is active, has the same owner as its document, and another key."""
    for each in left:
        of, document, live = each.of, documents[each.address], objects.get((each.of.name, each.id or 0))
        if live is None or of.inactive(live.raw) or not _same_owner(document, live, live_state):
            continue
        field = of.by_name[str(of.rename_key)]
        declared, present = getattr(document.spec, field.attribute), field.mapping.decode(live.raw)
        exact = field.mapping.exact
        if present is None or key_part(present, exact=exact) == key_part(declared, exact=exact):
            continue
        yield (
            f"{each.address}: ConnectWise has no {of.name} with the {field.name} {declared!r}. The object that this "
            f"document declared at the last apply, id {live.id}, has the {field.name} {present!r}. No second one is "
            f"created. To keep that {field.name}, write it in the document. To change it in ConnectWise, add "
            f"{present!r} to metadata.previously. To declare another object, change metadata.name"
        )


def _same_owner(document: Document, live: LiveObject, live_state: LiveState) -> bool:
    """Return whether the object belongs to the same company as its document. True if its kind has no owner."""
    of = document.kind
    if of.owner is None:
        return True
    declared = live_state.links.get(document.address, {}).get((of.owner,))
    if of.parent is not None:
        return declared is not None and declared.id == live.parent_id
    present = of.by_name[of.owner].mapping.decode(live.raw)
    return declared is not None and isinstance(present, Link) and declared.id == present.id
