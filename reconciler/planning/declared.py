"""What the ledger remembers of declared objects, and how a plan changes it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.kinds.live_state import LiveState
from reconciler.manifests.documents import Document
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import Declaration, Plan


@dataclass(frozen=True, slots=True)
class Remembered:
    """The object of one address as the last apply left it."""

    id: int | None
    parent_id: int | None = None
    protected: bool = False


def declarations(
    documents: Iterable[Document], live_state: LiveState, remembered: Mapping[str, Remembered]
) -> list[Declaration]:
    """Return the changes that make the ledger remember these documents.

    The row of a retired document is removed after its object is retired, because nothing is left to list.
    """
    found: list[Declaration] = []
    for document in documents:
        if document.kind.collection is None or document.metadata.proposed:
            continue
        address, before = document.address, remembered.get(document.address)
        if document.retired:
            found += [Declaration(address=address, dropped=True)] if before is not None else []
            continue
        live = live_state.matches.get(address)
        now = Remembered(
            None if live is None else live.id, None if live is None else live.parent_id, document.metadata.protect
        )
        if now != before or now.id is None:
            found.append(
                Declaration(
                    address=address,
                    id=now.id,
                    parent_id=now.parent_id,
                    parent=None if live is not None else _parent(document, live_state),
                    protected=now.protected,
                )
            )
    return found


def _parent(document: Document, live_state: LiveState) -> str | None:
    """Return the parent of an object that the plan creates: its id, or its address if it has no id yet."""
    field = document.kind.parent
    link = None if field is None else live_state.links.get(document.address, {}).get((field,))
    return None if link is None else str(link.id or link.address)


def rows_after(plan: Plan, outcome: Outcome | None) -> tuple[list[tuple[str, Remembered]], list[str]]:
    """Return the rows that the ledger stores after an apply, and the addresses that it removes.

    An object that could not be created gets no row. An object that could not be retired keeps its row.
    """
    results = {} if outcome is None else {result.address: result for result in outcome.results}
    done = {address: result.id for address, result in results.items() if result.status in ("done", "already")}
    acted = {action.address for action in plan.actions}
    rows: list[tuple[str, Remembered]] = []
    dropped: list[str] = []
    for each in plan.declared:
        if each.dropped:
            dropped += [each.address] if each.address in done or each.address not in acted else []
            continue
        number = each.id if each.id is not None else done.get(each.address)
        if number is not None:
            rows.append((each.address, Remembered(number, _parent_id(each, done), each.protected)))
    return rows, dropped


def _parent_id(each: Declaration, done: Mapping[str, int | None]) -> int | None:
    if each.parent is None:
        return each.parent_id
    return int(each.parent) if each.parent.isdecimal() else done.get(each.parent)
