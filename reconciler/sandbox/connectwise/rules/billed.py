"""What the invoices of an agreement bill: the period and the lines that each one keeps, which no answer shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from reconciler.sandbox.connectwise.rules.cycles import Cycle, day, wire
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row

Line = dict[str, Any]
"""One line of an invoice: the id of its addition, its product, and its numbers as text."""
_BEGAN: Final = "billed_from"
_ENDED: Final = "billed_until"
_LINES: Final = "lines"
"""The keys under which a row keeps the first day of its period, the day after it, and its lines."""


def keep(invoice: Row, cycle: Cycle, lines: list[Line]) -> None:
    """Store the period and the lines of an invoice."""
    invoice.secrets.update({_BEGAN: wire(cycle.first), _ENDED: wire(cycle.following), _LINES: lines})


def invoices_of(store: Store, agreement: Row) -> Iterator[Row]:
    """Return the invoices that bill a period of an agreement, oldest first."""
    for row in store.tables["invoice"].rows.values():
        if cycle_of(row) is not None and (row.data.get("agreement") or {}).get("id") == agreement.id:
            yield row


def cycle_of(invoice: Row) -> Cycle | None:
    """Return the period that an invoice bills, or None if it bills none."""
    if _ENDED not in invoice.secrets:
        return None
    return Cycle(day(invoice.secrets[_BEGAN]), day(invoice.secrets[_ENDED]))


def lines_of(invoice: Row) -> list[Line]:
    """Return the lines that an invoice bills, as they were when it was made."""
    return list(invoice.secrets.get(_LINES, ()))


def billing(store: Store, addition: Row) -> Row | None:
    """Return an invoice that bills an addition, or None."""
    agreement = store.tables["agreement"].rows[addition.parent or 0]
    for invoice in invoices_of(store, agreement):
        if any(line["addition"] == addition.id for line in lines_of(invoice)):
            return invoice
    return None
