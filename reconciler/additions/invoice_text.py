"""The text of an addition on the invoice, from the template of its charge. Pure.

Numbers have a decimal point and no separators, and a month is `2026-11`, so that the same usage gives the same text.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from reconciler.additions.charge import Charge
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.invoice_text import filled
from reconciler.kinds.values import plain_decimal
from reconciler.rating.rate import FINEST, ChargeLine


def invoice_text(rule: Rule, charge: Charge, line: ChargeLine, period: str) -> str | None:
    """Return the text of one line of a charge in a period. None if the mapping has no template."""
    if rule.invoice_text is None:
        return None
    return filled(
        rule.invoice_text,
        {
            "quantity": plain_decimal(line.quantity),
            "unit": rule.unit or "",
            "devices": str(_devices(charge)),
            "allowance": plain_decimal(_allowance(rule, charge)),
            "period": period,
            "charge": rule.charge,
            "customer": rule.customer_name or charge.customer_name or rule.customer_id,
        },
    )


def _devices(charge: Charge) -> int:
    """Return how many devices count in the newest hour that the measure uses."""
    hours = () if charge.measured is None else charge.measured.chosen
    return hours[-1].counted_devices if hours else 0


def _allowance(rule: Rule, charge: Charge) -> Decimal:
    """Return the free quantity: that of the customer, or that of all devices or units that count."""
    allowance, measured = rule.allowance, charge.measured
    if allowance is None:
        return Decimal(0)
    if allowance.per == "customer":
        return allowance.amount
    if measured is None or not measured.hours:
        return Decimal(0)
    units = Decimal(measured.others) / measured.hours if allowance.meter is not None else Decimal(_devices(charge))
    return (allowance.amount * units).quantize(FINEST, ROUND_HALF_UP)
