"""One mapping → its bill and its row of the coverage table. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from reconciler.kinds.customer_mapping import ProductReference
from reconciler.usage import judgement
from reconciler.usage.coverage import Row
from reconciler.usage.errors import UsageError
from reconciler.usage.history import History, Span, Standing
from reconciler.usage.judgement import Verdict
from reconciler.usage.measure import LOOKING_BACK, HourTotal, Measured, take
from reconciler.usage.period import Period, day_start
from reconciler.usage.rating import Line, Rated, Trail, rate
from reconciler.usage.rules import BillingSettings, Rule

_ZERO = Decimal(0)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """What every judgement of this run shares."""

    now: datetime
    settings: BillingSettings
    period: Period

    @property
    def span(self) -> Span:
        return Span(self.period.start, self.period.end, self.now, self.settings.max_age, self.settings.grace)


@dataclass(frozen=True, slots=True)
class Bill:
    """What one mapping asks of its additions.

    `billed` and `zero`: write `lines`, and 0 to our additions of `other_products`; `zero` says that the customer
    has vanished or was never seen, and what is billed all the same is a minimum, or a peak of earlier hours. `held`:
    leave every addition of the charge as it is; there are no lines.
    """

    mapping: str
    source: str
    customer_id: str
    state: Literal["billed", "held", "zero"]
    detail: str
    lines: tuple[Line, ...] = ()
    other_products: tuple[ProductReference, ...] = ()
    trail: Trail | None = None
    measured: Measured | None = None
    """The hours that were chosen, with their pulls and devices."""
    history_from: datetime | None = None
    """The first believed pull of the source that the ledger holds. None where there is none, and where it is held."""
    knows_period: bool = True
    """Whether the ledger holds the period from its start, or from the mapping's. False after a lost ledger, and for a
    source that is read for the first time: a peak, a percentile or a mean may have been higher before."""
    may_lower: bool = True
    """False: additions may be made and raised, but none may go below what it holds now. The ledger cannot know better:
    it does not know the period for a `peak`, `mean` or `p95`; it has no figure of a device that may have had one before
    the ledger began; or a ledger that is younger than the grace has no sample of the customer."""

    @property
    def amount(self) -> Decimal | None:
        """Money a month, the sum of rounded lines; None where it is held or a price is unknown."""
        amounts = [line.amount for line in self.lines]
        if not amounts or None in amounts:
            return None
        return sum((each for each in amounts if each is not None), _ZERO)


@dataclass(frozen=True, slots=True)
class Account:
    """A mapping's row and bill, and how its customer stands by the newest pull; None where that is not asked."""

    row: Row
    bill: Bill
    standing: Standing | None
    measured: Measured | None = None
    """What the lines of the bill rest on; of a vanished customer that is held, what its lines stand for."""


def bill_of(rule: Rule, history: History | None, problem: str | None, since: datetime | None, at: Moment) -> Account:
    """`problem` is why nothing of the source is believed; `since` is when an exclusion of the customer ended."""
    verdict: Verdict
    standing: Standing | None = None
    measured: Measured | None = None
    rated: Rated | None = None
    stands_for: Measured | None = None
    start = _start(rule, since, at)
    if at.now < start:
        verdict = Verdict("waiting", "held", f"billing starts on {rule.start}")
    elif history is None or problem is not None:
        verdict = Verdict("unknown", "held", problem or "", accounted=False)
    else:
        standing = history.standing(rule.customer_id)
        verdict = judgement.judge(history, rule, standing, at.settings)
        if verdict.effect != "held":
            verdict, measured, rated = _rate(rule, history, standing, verdict, start, at)
        elif verdict.state == "vanished" and rule.measure in LOOKING_BACK:
            stands_for = measure(rule, history, standing, start)
    name, renamed_from = judgement.names(None if history is None else history.source, rule, at.period)
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
        accounted=verdict.accounted,
    )
    first = None if history is None or rated is None else history.source.first_whole_at
    knows_period = rated is None or (first is not None and first < start + _HOUR)
    bill = Bill(
        mapping=rule.name,
        source=rule.source,
        customer_id=rule.customer_id,
        state="held" if verdict.effect == "none" else verdict.effect,
        detail=verdict.detail,
        lines=() if rated is None else rated.lines,
        other_products=() if rated is None else rated.other_products,
        trail=None if rated is None else rated.trail,
        measured=measured,
        history_from=first,
        knows_period=knows_period,
        may_lower=rated is None or _may_lower(rule, measured, first, knows_period, at),
    )
    return Account(row, bill, standing, measured if stands_for is None else stands_for)


def _start(rule: Rule, since: datetime | None, at: Moment) -> datetime:
    """From when on a customer's usage counts."""
    begins = at.period.start if rule.start is None else day_start(rule.start, at.settings.timezone)
    return max(each for each in (at.period.start, begins, since) if each is not None)


def _may_lower(
    rule: Rule,
    measured: Measured | None,
    first: datetime | None,
    knows_period: bool,
    at: Moment,
) -> bool:
    if measured is not None and not measured.of_hours:
        old_enough = first is not None and at.now - first >= at.settings.grace
        return old_enough and (knows_period or rule.measure == "last")
    unread = measured is not None and bool(measured.missing)
    return knows_period or not (unread or rule.measure != "last")


def _rate(
    rule: Rule, history: History, standing: Standing, verdict: Verdict, start: datetime, at: Moment
) -> tuple[Verdict, Measured | None, Rated | None]:
    """Measure and rate; a customer that cannot be measured or rated is held, with the reason."""
    if not standing.listed and history.last_sample(rule.customer_id) is None:
        measured: Measured | None = _never_seen(history, start)
    else:
        measured = measure(rule, history, standing, start)
    if measured is None:
        why = judgement.unmeasured(standing, start)
        return Verdict("unknown", "held", why, accounted=False).saying(verdict.detail), None, None
    try:
        rated = rate(rule, measured, at.settings.currency)
    except UsageError as error:
        reason = f"{error.what}; {error.advice}".rstrip("; ")
        return Verdict("refused", "held", reason, accounted=False), None, None
    return verdict, measured, rated


def measure(rule: Rule, history: History, standing: Standing, start: datetime) -> Measured | None:
    """A customer's measure from `start` to now; None where no figure of that time is known.

    `last` is what the newest pull says. What was read before `start` is not measured, but a device that is silent
    later counts with it.
    """
    if rule.measure == "last":
        total = history.total_now(standing, start)
        return take("last", () if total is None else (total,))
    hours = history.hours(rule.customer_id, start)
    first = history.source.first_seen.get(rule.customer_id)
    begins = start if first is None else max(start, first)
    span = history.span
    return take(rule.measure, hours, so_far=span.hour_of(span.now) - span.hour_of(begins) + 1)


def _never_seen(history: History, start: datetime) -> Measured:
    """No usage at all, as a measure: what is billed of it is a minimum."""
    span = history.span
    hour = span.hour(span.hour_of(max(start, span.now)))
    return Measured("last", (HourTotal(hour, 0, span.now, (), ()),), 0)
