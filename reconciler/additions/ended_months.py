"""Charge the ended months whose bills can still change, by the samples that there are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reconciler.additions.charge import Charge
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.month_terms import MonthTerms
from reconciler.kinds.billing_rules import Exclusion, Rule
from reconciler.metering.context import MeteringContext
from reconciler.metering.customer_measure import measure, no_usage
from reconciler.metering.customer_status import names
from reconciler.metering.history import History
from reconciler.metering.period import Period, day_start
from reconciler.metering.snapshot import SourceSnapshot
from reconciler.rating.errors import RatingError
from reconciler.rating.rate import rate

HistoriesOf = Callable[[Rule], tuple[History | None, History | None]]
"""Return the histories of the meter of a rule and of its allowance in a month. None where there is none."""


@dataclass(frozen=True, slots=True)
class EndedMonth:
    """An ended month whose bills can still change, with its terms and its usage."""

    period: Period
    terms: Mapping[MappingCharge, MonthTerms]
    expected: frozenset[MappingCharge]
    """The charges that must have a figure."""
    snapshots: Mapping[str, SourceSnapshot]
    """By source name."""
    settled: frozenset[MappingCharge] = frozenset()
    """The charges whose additions stand: the month is closed, or its invoice is made."""
    new: frozenset[MappingCharge] = frozenset()
    """The charges of mappings that had none when the month was closed."""
    inputs: Mapping[MappingCharge, str] = field(default_factory=dict)
    """By settled charge: the digest of what it is rated by, without its usage."""
    exclusions: Sequence[Exclusion] | None = None
    """Those that hold for the month: frozen by its close, or of today. None: those of today."""


@dataclass(frozen=True, slots=True)
class ChargedMonth:
    """The charges of an ended month."""

    period: Period
    terms: Mapping[MappingCharge, MonthTerms]
    charges: tuple[Charge, ...]
    unknown: Mapping[MappingCharge, str] = field(default_factory=dict)
    """By charge: why its usage is not known."""
    settled: frozenset[MappingCharge] = frozenset()
    """The charges whose additions stand: what their usage asks for beside them becomes an adjustment."""
    new: frozenset[MappingCharge] = frozenset()
    """The charges of mappings that had none when the month was closed."""
    inputs: Mapping[MappingCharge, str] = field(default_factory=dict)
    """By settled charge: the digest of what it is rated by, without its usage."""
    without_figure: frozenset[MappingCharge] = frozenset()
    """The charges of which the samples give no figure, although their source can be read."""

    @property
    def of_open(self) -> ChargedMonth:
        """Return the month with the charges whose additions follow their usage."""
        return replace(
            self, charges=tuple(each for each in self.charges if (each.mapping, each.name) not in self.settled)
        )


def charge_month(
    month: EndedMonth,
    at: MeteringContext,
    histories_of: HistoriesOf,
    since: Mapping[tuple[str, str], datetime],
) -> ChargedMonth:
    """Return the charges of an ended month. One without a known figure is held.

    `since` has the end of expired exclusions, by source and customer id.
    """
    charges: list[Charge] = []
    unknown: dict[MappingCharge, str] = {}
    without_figure = set()
    for name, terms in month.terms.items():
        rule = terms.rule
        history, other = histories_of(rule)
        charge = _charge(rule, history, other, since.get((rule.source, rule.customer_id)), at)
        if charge.state != "held":
            charges.append(charge)
            continue
        if name in month.expected:
            unknown[name] = charge.detail
        if history is not None:
            without_figure.add(name)
    return ChargedMonth(
        month.period,
        month.terms,
        tuple(charges),
        unknown,
        month.settled,
        month.new,
        month.inputs,
        frozenset(without_figure),
    )


def _charge(
    rule: Rule, history: History | None, other: History | None, since: datetime | None, at: MeteringContext
) -> Charge:
    period, zone = at.period, at.settings.timezone
    begins = period.start if rule.start is None else day_start(rule.start, zone)
    start = max(each for each in (period.start, begins, since) if each is not None)
    until = period.end if rule.end is None else min(period.end, day_start(rule.end + timedelta(days=1), zone))
    held = Charge(
        mapping=rule.name,
        source=rule.source,
        customer_id=rule.customer_id,
        state="held",
        detail=f"no figure of {period} is known",
        name=rule.charge,
        unit=rule.unit,
        period=str(period),
    )
    if history is None or start >= until:
        return held
    current = history.customer_now(rule.customer_id)
    if not current.listed and history.last_sample(rule.customer_id) is None:
        measured = no_usage(history, start)
    else:
        known = measure(rule, history, current, start, until, other)
        if known is None:
            return held
        measured = known
    first = history.source.first_whole_at
    covers = first is not None and (first < until if rule.measure == "last" else first < start + timedelta(hours=1))
    try:
        rated = rate(rule, measured, at.settings.currency)
    except RatingError as error:
        return replace(held, detail=error.what)
    return replace(
        held,
        customer_name=names(history.source, rule, period)[0],
        state="billed",
        detail=f"for {period}, which is over",
        lines=rated.lines,
        other_products=rated.other_products,
        trace=rated.trace,
        measured=measured,
        covers_period=covers,
        may_lower=covers,
    )
