"""The hours of a charge as figures for a plot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, localcontext

from reconciler.additions.charge import Charge
from reconciler.kinds.billing_rules import Rule
from reconciler.metering.measures import HourTotal
from reconciler.metering.period import Span
from reconciler.reporting.report import Hours

_FINEST = Decimal("0.001")


def hours_of(rule: Rule, charge: Charge, totals: Sequence[HourTotal], span: Span, begins: datetime) -> Hours:
    """Return the figures of each hour from the start of the period until the moment of the span.

    `totals` are the known hours, oldest first. `begins` is the moment from which usage counts.
    """
    elapsed = max(0, span.hour_of(min(span.now, span.end) - datetime.resolution) + 1)
    figures: list[Decimal | None] = [None] * elapsed
    with localcontext(prec=80):
        for total in totals:
            number = span.hour_of(total.hour)
            if 0 <= number < elapsed:
                figures[number] = (Decimal(total.bytes) / rule.divisor).quantize(_FINEST)
    known = [number for number, figure in enumerate(figures) if figure is not None]
    first = min([span.hour_of(max(begins, span.start)), *known], default=0)
    chosen = () if charge.measured is None else charge.measured.chosen
    return Hours(
        figures=tuple(figures),
        known=len(known),
        elapsed=max(0, elapsed - first),
        allowance=allowance_of(rule, charge),
        chosen=tuple(span.hour_of(each.hour) for each in chosen),
        hours_of=span.start,
    )


def allowance_of(rule: Rule, charge: Charge) -> Decimal | None:
    """Return the usage that is free in all. For an allowance of each device, what it took off."""
    if rule.allowance is None:
        return None
    if rule.allowance.per == "customer":
        return rule.allowance.amount
    return None if charge.trace is None else charge.trace.in_unit - charge.trace.after_allowance
