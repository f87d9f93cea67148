"""How usage is told in a plan."""

from __future__ import annotations

from decimal import Decimal

from reconciler.kinds.values import plain_decimal
from reconciler.usage.bills import Bill

_SHOWN = Decimal("0.01")
"""To what a quantity is rounded for a reader; never for a bill."""


def why(bill: Bill, unit: str) -> str:
    """The reason of a line in words: `460.4 GB used, 461 GB billed`."""
    trail, measured = bill.trail, bill.measured
    if trail is None or measured is None:
        return "usage"
    how = "" if measured.measure == "last" else f" ({measured.measure} of {measured.of_hours} hours)"
    parts = [f"{_shown(trail.in_unit)} {unit} used{how}"]
    if trail.after_allowance != trail.in_unit:
        parts.append(f"{_shown(trail.after_allowance)} {unit} above the allowance")
    minimum = " (the minimum)" if trail.quantity != trail.rounded else ""
    parts.append(f"{plain_decimal(trail.quantity)} {unit} billed{minimum}")
    return ", ".join(parts) + (f"; {bill.detail}" if bill.detail else "")


def _shown(quantity: Decimal) -> str:
    """Only nothing is shown as `0`."""
    return plain_decimal(quantity.quantize(_SHOWN)) if quantity >= _SHOWN or not quantity else f"less than {_SHOWN}"
