"""Invoices that combine several agreements of one company.

ConnectWise has a type for them, and such an invoice names no agreement [spec]. It is taken for the invoice of the
agreements of its company that miss their own, if its amount is exactly theirs together [guess].
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from reconciler.closing.three_way_invoices import Invoice
from reconciler.closing.three_way_model import AgreementFacts
from reconciler.metering.period import Period

Combined = Mapping[str, Sequence[Invoice]]
"""By company."""


def billed_together(
    missing: Iterable[tuple[AgreementFacts, Decimal]], combined: Combined, period: Period
) -> frozenset[int]:
    """Return the agreements that a combined invoice of the month bills. `missing` has what each should be billed."""
    groups: dict[tuple[str, bool], dict[int, Decimal]] = defaultdict(dict)
    candidates: dict[tuple[str, bool], Sequence[Invoice]] = {}
    for facts, expected in missing:
        key = (facts.company, facts.invoiced == "arrears")
        groups[key][facts.id] = expected
        candidates[key] = combined_of(facts, combined, period)
    return frozenset(
        number
        for key, amounts in groups.items()
        for number in amounts
        if any(each.amount == sum(amounts.values()) for each in candidates[key])
    )


def combined_of(facts: AgreementFacts, combined: Combined, period: Period) -> Sequence[Invoice]:
    """Return the combined invoices of the company of an agreement that may bill a month, by their day."""
    shift = facts.invoiced == "arrears"
    month = period.first_day.year * 12 + period.first_day.month + shift
    return [each for each in combined.get(facts.company, ()) if each.day.year * 12 + each.day.month == month]
