"""One mapping → its bill and its row of the coverage table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from reconciler.kinds.customer_mapping import ProductReference
from reconciler.usage import judgement
from reconciler.usage.coverage import Row
from reconciler.usage.errors import UsageError
from reconciler.usage.facts import SourceFacts
from reconciler.usage.judgement import Verdict
from reconciler.usage.mark import mark_of
from reconciler.usage.measure import Measured, Observation, hourly_totals, take
from reconciler.usage.period import Period, day_start
from reconciler.usage.rating import Line, Rated, Trail, rate
from reconciler.usage.rules import BillingSettings, Rule

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Moment:
    """What every judgement of this run shares."""

    now: datetime
    settings: BillingSettings
    period: Period


@dataclass(frozen=True, slots=True)
class Bill:
    """What one mapping asks of its additions.

    `billed` and `zero`: write `lines`, and 0 to our additions of `other_products`; `zero` says that the customer
    has vanished. `held`: leave every addition of the mark as it is; there are no lines.
    """

    mapping: str
    source: str
    customer_id: str
    state: Literal["billed", "held", "zero"]
    mark: str
    detail: str
    lines: tuple[Line, ...] = ()
    other_products: tuple[ProductReference, ...] = ()
    trail: Trail | None = None
    measured: Measured | None = None
    """The hours that were chosen, with their pulls and devices."""

    @property
    def amount(self) -> Decimal | None:
        """Money a month; None where it is held or a price is unknown."""
        amounts = [line.amount for line in self.lines]
        if not amounts or None in amounts:
            return None
        return sum((each for each in amounts if each is not None), _ZERO)


def bill_of(rule: Rule, source: SourceFacts | None, problem: str | None, at: Moment) -> tuple[Row, Bill]:
    if source is None or problem is not None:
        verdict = Verdict("unknown", "held", problem or "")
    else:
        verdict = judgement.judge(source, rule, at.now, at.settings.grace, at.settings.max_age)
    rated: Rated | None = None
    measured: Measured | None = None
    if source is not None and verdict.effect != "held":
        verdict, measured, rated = _rate(rule, source, verdict, at)
    name, renamed_from = judgement.names(source, rule, at.period)
    row = Row(
        source=rule.source,
        customer_id=rule.customer_id,
        name=name,
        state=verdict.state,
        effect=verdict.effect,
        detail=verdict.detail,
        mapping=rule.name,
        quantity=None if rated is None else rated.trail.quantity,
        unit=rule.unit,
        money=None if rated is None else rated.amount,
        renamed_from=renamed_from,
    )
    bill = Bill(
        mapping=rule.name,
        source=rule.source,
        customer_id=rule.customer_id,
        state="held" if verdict.effect == "none" else verdict.effect,
        mark=mark_of(rule.source, rule.customer_id, rule.name),
        detail=verdict.detail,
        lines=() if rated is None else rated.lines,
        other_products=() if rated is None else rated.other_products,
        trail=None if rated is None else rated.trail,
        measured=measured,
    )
    return row, bill


def _rate(
    rule: Rule, source: SourceFacts, verdict: Verdict, at: Moment
) -> tuple[Verdict, Measured | None, Rated | None]:
    """Measure and rate; a customer that cannot be measured is held, with the reason."""
    start = at.period.start
    if rule.start is not None:
        begins = day_start(rule.start, at.settings.timezone)
        if at.now < begins:
            return Verdict(verdict.state, "held", f"billing starts on {rule.start}"), None, None
        start = max(start, begins)
    measured = measure(rule, source, start, at.period.end)
    if measured is None:
        why = judgement.unmeasured(source, rule, start)
        return Verdict("unknown", "held", why), None, None
    try:
        rated = rate(rule, measured)
    except UsageError as error:
        return Verdict("unknown", "held", f"{error.what}; {error.advice}".rstrip("; ")), None, None
    return verdict.with_missing(measured.missing), measured, rated


def measure(rule: Rule, source: SourceFacts, start: datetime, end: datetime) -> Measured | None:
    """A customer's measure over [start, end); None where no pull of that span gives a figure.

    Pulls before `start` are not measured, but a device that is silent later counts with what it said in them.
    """
    if source.whole is None:
        return None
    pulls = [source.whole] if rule.measure == "last" else [*source.earlier, source.whole]
    observations = [
        Observation(pull.record.id, pull.record.started_at, pull.samples.get(rule.customer_id, ())) for pull in pulls
    ]
    told = [each for each in observations if each.observed_at < end]
    totals = hourly_totals(told, source.before.get(rule.customer_id, {}))
    return take(rule.measure, [hour for hour in totals if hour.observed_at >= start])
