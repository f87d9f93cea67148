"""The reason of an addition's quantity, as text for a plan."""

from __future__ import annotations

from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.kinds.values import plain_decimal, with_unit

_SHOWN = Decimal("0.01")
"""Quantities in text are rounded to this. Billed quantities are not."""


def quantity_reason(charge: Charge, unit: str | None) -> str:
    """Return what was used and what is billed, such as `460.4 GB used, 461 GB billed`."""
    trace, measured = charge.trace, charge.measured
    if trace is None or measured is None:
        return "usage"
    measure = "" if measured.measure == "last" else f" ({measured.measure} of {measured.known_hours} hours)"
    verb = "counted" if unit is None else "used"
    parts = [f"{with_unit(_rounded(trace.in_unit), unit)} {verb}{measure}"]
    if trace.after_allowance != trace.in_unit:
        parts.append(f"{with_unit(_rounded(trace.after_allowance), unit)} above the allowance")
    minimum = " (the minimum)" if trace.quantity != trace.rounded else ""
    parts.append(f"{with_unit(plain_decimal(trace.quantity), unit)} billed{minimum}")
    return ", ".join(parts) + (f"; {charge.detail}" if charge.detail else "")


def _rounded(quantity: Decimal) -> str:
    """Return a quantity rounded for text. Only exact zero gives `0`; less than 0.01 gives `less than 0.01`."""
    return plain_decimal(quantity.quantize(_SHOWN)) if quantity >= _SHOWN or not quantity else f"less than {_SHOWN}"
