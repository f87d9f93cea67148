"""What every mapping bills now, and the table that accounts for everything: the end of the metering side.

Pure: the moment, the rules and the facts come in; bills, coverage and warnings go out. The same input gives the
same result on another day, so that any billed quantity can be computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from reconciler.kinds.customer_mapping import ProductReference
from reconciler.ledger.records import Sample
from reconciler.usage import judgement
from reconciler.usage.coverage import Coverage, MarkedAddition, Row, in_order, nearest, orphans
from reconciler.usage.errors import UsageError
from reconciler.usage.facts import SourceFacts
from reconciler.usage.judgement import Verdict
from reconciler.usage.mark import mark_of
from reconciler.usage.measure import Measured, Observation, hourly_totals, take
from reconciler.usage.period import Period, day_start, local_date, period_of
from reconciler.usage.rating import Line, Rated, Trail, rate
from reconciler.usage.rules import BYTES_OF, BillingSettings, Exclusion, Rule

_ZERO = Decimal(0)


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


@dataclass(frozen=True, slots=True)
class UsageResult:
    period: Period
    bills: tuple[Bill, ...]
    coverage: Coverage
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Moment:
    """What every judgement of this run shares."""

    now: datetime
    settings: BillingSettings
    period: Period


def desired(
    now: datetime,
    settings: BillingSettings,
    rules: Sequence[Rule],
    exclusions: Sequence[Exclusion],
    facts: Mapping[str, SourceFacts],
    *,
    additions: Iterable[MarkedAddition] = (),
    default_rule: Rule | None = None,
) -> UsageResult:
    """Bill every rule from what is known, and account for every customer.

    `additions` are the live additions with a mark of ours; `default_rule` prices what is unmapped. Raises
    UsageError when two mappings bill one customer.
    """
    at = _Moment(now, settings, period_of(now, settings.timezone))
    by_customer = _by_customer(rules)
    active, expired = _exclusions(exclusions, at)
    trouble = {name: judgement.trouble(source, now, settings.max_age) for name, source in facts.items()}
    warnings = [f"{name}: {what}; what it bills is held as it is" for name, what in trouble.items() if what is not None]
    warnings += [
        f"{name}: {note}"
        for name, source in facts.items()
        if source.whole is not None
        for note in source.whole.record.notes
    ]
    rows: list[Row] = []
    bills: list[Bill] = []
    for rule in rules:
        if (rule.source, rule.customer_id) in active:
            continue
        source = facts.get(rule.source)
        problem = trouble.get(rule.source, f"there is no usage source {rule.source} in this workspace")
        row, bill = _bill(rule, source, problem, at)
        rows.append(row)
        bills.append(bill)
    for exclusion in active.values():
        rows.append(_excluded(exclusion, by_customer, facts.get(exclusion.source), at))
    unseen = [row for row in rows if row.state == "vanished"]
    for source in facts.values():
        rows += _unmapped(source, by_customer, active, expired, unseen, default_rule, at)
    rows += orphans(additions, frozenset(mark_of(each.source, each.customer_id, each.name) for each in rules))
    warnings += [f"{row.mapping}: {row.detail}" for row in rows if row.state in ("vanished", "unknown")]
    failed = tuple(name for name, what in trouble.items() if what is not None)
    return UsageResult(at.period, tuple(bills), Coverage(in_order(rows), failed), tuple(dict.fromkeys(warnings)))


def _by_customer(rules: Sequence[Rule]) -> dict[tuple[str, str], Rule]:
    found: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        other = found.setdefault((rule.source, rule.customer_id), rule)
        if other is not rule:
            raise UsageError(
                f"customer {rule.customer_id} of {rule.source} is billed twice, "
                f"by CustomerMapping/{other.name} and CustomerMapping/{rule.name}",
                where="usage",
                advice="remove one of them",
            )
    return found


_Keyed = dict[tuple[str, str], Exclusion]


def _exclusions(exclusions: Sequence[Exclusion], at: _Moment) -> tuple[_Keyed, _Keyed]:
    """(in force, expired), by customer. `until` is the last day, in the billing zone."""
    today = local_date(at.now, at.settings.timezone)
    active: _Keyed = {}
    expired: _Keyed = {}
    for each in exclusions:
        over = each.until is not None and each.until < today
        (expired if over else active)[each.source, each.customer_id] = each
    return active, expired


def _bill(rule: Rule, source: SourceFacts | None, problem: str | None, at: _Moment) -> tuple[Row, Bill]:
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
        state="held" if verdict.effect in ("held", "none") else verdict.effect,
        mark=mark_of(rule.source, rule.customer_id, rule.name),
        detail=verdict.detail,
        lines=() if rated is None else rated.lines,
        other_products=() if rated is None else rated.other_products,
        trail=None if rated is None else rated.trail,
        measured=measured,
    )
    return row, bill


def _rate(
    rule: Rule, source: SourceFacts, verdict: Verdict, at: _Moment
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
    """A customer's measure over [start, end); None where no pull of that span gives a figure."""
    if source.whole is None:
        return None
    pulls = [source.whole] if rule.measure == "last" else [*source.earlier, source.whole]
    observations = [
        Observation(pull.record.id, pull.record.started_at, pull.samples.get(rule.customer_id, ())) for pull in pulls
    ]
    spoken = [each for each in observations if start <= each.observed_at < end]
    return take(rule.measure, hourly_totals(spoken, source.before.get(rule.customer_id, {})))


def _excluded(
    exclusion: Exclusion, by_customer: Mapping[tuple[str, str], Rule], source: SourceFacts | None, at: _Moment
) -> Row:
    until = f" until {exclusion.until}" if exclusion.until is not None else ""
    detail = f"excluded{until}: {exclusion.reason}"
    rule = by_customer.get((exclusion.source, exclusion.customer_id))
    if rule is not None:
        detail += f"; CustomerMapping/{rule.name} bills nothing meanwhile, and its additions stay as they are"
    known = None if source is None else source.known.get(exclusion.customer_id)
    return Row(
        source=exclusion.source,
        customer_id=exclusion.customer_id,
        name=exclusion.customer_id if known is None else known.customer.name,
        state="excluded",
        effect="none",
        detail=detail,
        mapping=None if rule is None else rule.name,
        quantity=None if source is None else _used(source, exclusion.customer_id, at),
        unit=None if source is None else source.unit,
    )


def _unmapped(
    source: SourceFacts,
    by_customer: Mapping[tuple[str, str], Rule],
    active: _Keyed,
    expired: _Keyed,
    unseen: Sequence[Row],
    default_rule: Rule | None,
    at: _Moment,
) -> Iterable[Row]:
    """Customers of the newest whole pull that nothing maps or excludes."""
    if source.whole is None:
        return
    suggestions = {row.mapping or "": row.name for row in unseen if row.source == source.source}
    for customer_id in source.whole.samples:
        key = (source.source, customer_id)
        if key in by_customer or key in active:
            continue
        known = source.known.get(customer_id)
        name = customer_id if known is None else known.customer.name
        attributed = known is None or known.customer.attributed
        details = ["nothing bills this customer"]
        if not attributed:
            details = ["usage above end-customer level: map it or exclude it"]
        if key in expired:
            details.append(f"its exclusion ({expired[key].reason}) ended on {expired[key].until}")
        near = nearest(name, suggestions)
        if near is not None:
            details.append(f"did you mean it by CustomerMapping/{near}, whose customer is not in this source?")
        rated = None if default_rule is None else _price(source, customer_id, default_rule, at)
        yield Row(
            source=source.source,
            customer_id=customer_id,
            name=name,
            state="unmapped" if attributed else "unattributed",
            effect="none",
            detail="; ".join(details),
            quantity=_used(source, customer_id, at),
            unit=source.unit,
            money=None if rated is None else rated.amount,
        )


def _price(source: SourceFacts, customer_id: str, default_rule: Rule, at: _Moment) -> Rated | None:
    """What the default rule would bill for a customer; None where it cannot tell."""
    measured = measure(_as_last(default_rule, source, customer_id), source, at.period.start, at.period.end)
    if measured is None:
        return None
    try:
        return rate(_as_last(default_rule, source, customer_id), measured)
    except UsageError:
        return None


def _as_last(rule: Rule, source: SourceFacts, customer_id: str) -> Rule:
    """The rule for another customer, measured by the newest pull, which alone is loaded for it."""
    return Rule(
        name=rule.name,
        source=source.source,
        customer_id=customer_id,
        unit=source.unit,
        ranges=rule.ranges,
        tiering=rule.tiering,
        allowance=rule.allowance,
        rounding=rule.rounding,
        minimum=rule.minimum,
    )


def _used(source: SourceFacts, customer_id: str, at: _Moment) -> Decimal | None:
    """What a customer used by the newest whole pull, in the source's unit and to three decimals; None: unknown."""
    samples: tuple[Sample, ...] = () if source.whole is None else source.whole.samples.get(customer_id, ())
    known = [sample.bytes for sample in samples if sample.bytes is not None]
    if not known:
        return None
    return (Decimal(sum(known)) / BYTES_OF[source.unit]).quantize(Decimal("0.001"))
