"""What an invoice bills: the additions of an agreement in one cycle, at the quantities and prices of that moment."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from reconciler.sandbox.connectwise.rules.agreements import cents
from reconciler.sandbox.connectwise.rules.billed import Line
from reconciler.sandbox.connectwise.rules.cycles import Cycle, day
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row


def billed_lines(store: Store, agreement: Row, cycle: Cycle) -> list[Line]:
    """Return the lines of the billable additions that are active in a cycle.

    A line bills the whole cycle. If the agreement prorates, it bills its share of the days [docs, BILLING].
    """
    prorates = agreement.data["prorateFlag"]
    lines = []
    for addition in store.children("addition", agreement.id):
        data = addition.data
        effective = day(data["effectiveDate"])
        cancelled = None if data.get("cancelledDate") is None else day(data["cancelledDate"])
        is_active = effective < cycle.following and (cancelled is None or cancelled >= cycle.first)
        if is_active and data["billCustomer"] == "Billable":
            share = cycle.share(effective, cancelled) if prorates else Fraction(1)
            lines.append(_line(addition, share))
    return lines


def _line(addition: Row, share: Fraction) -> Line:
    data = addition.data
    whole = data["billedQuantity"] * data["unitPrice"]
    amount = data["extPrice"] if share == 1 else cents(whole * share.numerator / share.denominator)
    return {
        "addition": addition.id,
        "product": data["product"]["identifier"],
        "serialNumber": data.get("serialNumber", ""),
        "invoiceDescription": data.get("invoiceDescription", ""),
        "quantity": str(data["billedQuantity"]),
        "unitPrice": str(data["unitPrice"]),
        "unitCost": str(data["unitCost"]),
        "effectiveDate": data["effectiveDate"][:10],
        "cancelledDate": data["cancelledDate"][:10] if data.get("cancelledDate") else None,
        "share": str(share),
        "amount": str(amount),
    }


def total_of(lines: list[Line]) -> Decimal:
    """Return the sum of the amounts of lines."""
    return sum((Decimal(line["amount"]) for line in lines), Decimal("0.00"))
