"""How usage is told in a plan."""

from __future__ import annotations

from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.kinds.values import plain_decimal

_SHOWN = Decimal("0.01")
"""To what a quantity is rounded for a reader; never for a bill."""


def why(charge: Charge, unit: str) -> str:
    """The reason of a line in words: `460.4 GB used, 461 GB billed`."""
    trace, measured = charge.trace, charge.measured
    if trace is None or measured is None:
        return "usage"
    how = "" if measured.measure == "last" else f" ({measured.measure} of {measured.known_hours} hours)"
    parts = [f"{_shown(trace.in_unit)} {unit} used{how}"]
    if trace.after_allowance != trace.in_unit:
        parts.append(f"{_shown(trace.after_allowance)} {unit} above the allowance")
    minimum = " (the minimum)" if trace.quantity != trace.rounded else ""
    parts.append(f"{plain_decimal(trace.quantity)} {unit} billed{minimum}")
    return ", ".join(parts) + (f"; {charge.detail}" if charge.detail else "")


def _shown(quantity: Decimal) -> str:
    """Only nothing is shown as `0`."""
    return plain_decimal(quantity.quantize(_SHOWN)) if quantity >= _SHOWN or not quantity else f"less than {_SHOWN}"
