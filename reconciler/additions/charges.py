"""Charge every mapping, and account for every customer of every source.

Pure: the time, the rules and the snapshots of the sources come in; charges, coverage and warnings go out. The same
input gives the same result on any later day, so any billed quantity can be computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from reconciler.additions.charge import Charge, ChargedCustomer, charge_of
from reconciler.additions.ended_months import ChargedMonth, EndedMonth, charge_month
from reconciler.additions.future_prices import FuturePrices
from reconciler.additions.histories import Histories, end_of, histories_of
from reconciler.additions.moved_devices import billed_twice
from reconciler.additions.uncounted import uncounted_rows
from reconciler.kinds.billing_rules import BillingSettings, Exclusion, Rule
from reconciler.kinds.meters import STORAGE, Meter
from reconciler.metering.context import MeteringContext
from reconciler.metering.coverage import Coverage, CoverageRow, in_order
from reconciler.metering.coverage_rows import AmountAtRisk, excluded_row, unmapped_rows
from reconciler.metering.customer_measure import measure
from reconciler.metering.customer_status import source_problem
from reconciler.metering.device_warnings import device_warnings
from reconciler.metering.errors import UsageError
from reconciler.metering.history import History
from reconciler.metering.metered import meter_problem
from reconciler.metering.monthly_report import LIMIT, MAX_AGE, part_for, read_from
from reconciler.metering.period import Period, local_date, period_of
from reconciler.metering.snapshot import SourceSnapshot
from reconciler.metering.suggestions import with_suggestions
from reconciler.metering.unknown_values import unknown_values
from reconciler.rating.errors import RatingError
from reconciler.rating.rate import rate

_ByCustomer = dict[tuple[str, str], Exclusion]
_NO_SOURCE = "there is no usage source {} in this workspace"
_WARNED = ("vanished", "never seen", "refused", "unknown", "stale")
"""States that every run warns about, whether an addition changes or not."""


@dataclass(frozen=True, slots=True)
class ChargedUsage:
    """The usage of one billing period so far: a charge for each mapping, the coverage table, and warnings."""

    period: Period
    charges: tuple[Charge, ...]
    coverage: Coverage
    warnings: tuple[str, ...]
    now: datetime
    """The moment of the run."""
    ended_months: tuple[ChargedMonth, ...] = ()
    """The ended months whose additions can still change."""
    proposed: tuple[Charge, ...] = ()
    """The charges that proposed mappings would have. In `charges` they are held."""


@dataclass(frozen=True, slots=True)
class ChargeInputs:
    """Everything that charging needs. All of it was read before."""

    now: datetime
    settings: BillingSettings
    rules: Sequence[Rule]
    """The rules of all mappings, with prices."""
    exclusions: Sequence[Exclusion]
    snapshots: Mapping[str, SourceSnapshot]
    """By source name."""
    future: Sequence[FuturePrices] = ()
    """The rules with the prices of later months in which prices change, in the order of their days."""
    default_rules: Sequence[Rule] = ()
    """Price unmapped customers, a rule for each charge. Without any, their amount is unknown."""
    ended: Sequence[EndedMonth] = ()
    """The ended months whose additions can still change."""
    partial: bool = False
    """Whether the rules are only those of a partial plan. Then customers that no rule names are not reported."""


def charge_usage(inputs: ChargeInputs) -> ChargedUsage:
    """Return the charges of all rules, with a coverage row for every customer.

    Raises `UsageError` if two mappings bill the same customer.
    """
    now, settings, rules = inputs.now, inputs.settings, inputs.rules
    exclusions, snapshots = inputs.exclusions, inputs.snapshots
    at = MeteringContext(now, settings, period_of(now, settings.timezone))
    by_customer = _by_customer(rules)
    active, expired = _exclusions(exclusions, at)
    devices = [each for each in exclusions if each.device_id is not None]
    ended = [each for each in devices if _is_over(each, at)]
    found = histories_of(inputs.snapshots, inputs.exclusions, at)
    problems = {name: source_problem(source, now, settings.max_age) for name, source in snapshots.items()}
    reports = _reports(rules, snapshots)
    problems |= {name: source_problem(report, now, MAX_AGE, LIMIT) for name, report in reports.items()}
    failed = {name: problem for name, problem in problems.items() if problem is not None}
    held: dict[str, set[str]] = {name: set() for name in failed}
    histories = {name: found.of(name, STORAGE) for name in snapshots}
    rows: list[CoverageRow] = []
    told: set[tuple[str | None, str | None]] = set()
    customers: list[ChargedCustomer] = []
    for rule in rules:
        key = (rule.source, rule.customer_id)
        if key in active:
            continue
        needed = [read_from(rule.source, meter) for meter in rule.meters]
        unread = next((name for name in needed if problems.get(name, _NO_SOURCE) is not None), None)
        problem = found.problem(rule)
        if unread is not None:
            problem = problems.get(unread, _NO_SOURCE.format(rule.source))
        since = end_of(expired[key], at) if key in expired else None
        customer = charge_of(rule, *found.histories(rule, problem), problem, since, at)
        customers.append(customer)
        rows.append(_with_ended_exclusions(customer, ended, at))
        if unread in held and rows[-1].state == "unknown":
            held[unread].add(rule.customer_id)
            told.add((rule.name, rule.charge))
    failures = {name: f"{problem}; {_first_quantity(len(held[name]))}" for name, problem in failed.items()}
    rows += [excluded_row(each, by_customer, histories.get(each.source)) for each in active.values()]
    rows += [excluded_row(each, by_customer, histories.get(each.source)) for each in devices if each not in ended]
    amount = _amount_at_risk(inputs.default_rules, found, at)
    for history in () if inputs.partial else histories.values():
        rows += unmapped_rows(history, by_customer, active, expired, amount, accounted=settings.unmapped == "warn")
    billed = [rule for rule in rules if (rule.source, rule.customer_id) not in active]
    rows += uncounted_rows(zip(billed, customers, strict=True), histories)
    rows = with_suggestions(rows)
    warnings = [
        *(f"{name}: {failure}" for name, failure in failures.items()),
        *_notes({**snapshots, **reports}),
        *(
            f"{row.mapping}: {row.detail}"
            for row in rows
            if row.state in _WARNED and row.source not in failed and (row.mapping, row.charge) not in told
        ),
        *device_warnings([(each.row, each.current) for each in customers if each.current is not None]),
        *(
            text
            for name, each in snapshots.items()
            for part in (each, *([] if each.report is None else [each.report]))
            for text in unknown_values(part, _meters(inputs, name))
        ),
        *billed_twice(customers, snapshots, at.period),
    ]
    charges = tuple(customer.charge for customer in customers)

    def charged(month: EndedMonth) -> ChargedMonth:
        during = replace(at, period=month.period)
        then = inputs.exclusions if month.exclusions is None else month.exclusions
        _, over = _exclusions(then, at)
        ends = {key: day for key, each in over.items() if (day := end_of(each, at)) is not None}
        return charge_month(month, during, histories_of(month.snapshots, then, during).of_rule, ends)

    proposed = tuple(each.proposed for each in customers if each.proposed is not None)
    return ChargedUsage(
        at.period,
        charges,
        Coverage(in_order(rows), failures),
        tuple(dict.fromkeys(warnings)),
        now,
        ended_months=tuple(map(charged, inputs.ended)),
        proposed=proposed,
    )


def _meters(inputs: ChargeInputs, source: str) -> Iterator[Meter]:
    """Yield the meters that the rules of a source use. None for a partial plan, which does not load all devices."""
    for rule in () if inputs.partial else inputs.rules:
        if rule.source == source:
            yield rule.meter
            if rule.allowance is not None and rule.allowance.meter is not None:
                yield rule.allowance.meter


def history_of(
    inputs: ChargeInputs, source: str, meter: Meter = STORAGE, period: Period | None = None
) -> History | None:
    """Return the history of a source as `charge_usage` measures it with a meter, in the period of `now` or in another.

    None if no pull of the source is believed, and if the newest one lacks a column of the meter.
    """
    snapshot = inputs.snapshots.get(source)
    if snapshot is None:
        return None
    part = part_for(snapshot, meter)
    if part.whole is None or meter_problem(part, meter) is not None:
        return None
    at = MeteringContext(inputs.now, inputs.settings, period or period_of(inputs.now, inputs.settings.timezone))
    return histories_of(inputs.snapshots, inputs.exclusions, at).of(source, meter)


def _amount_at_risk(default_rules: Sequence[Rule], found: Histories, at: MeteringContext) -> AmountAtRisk:
    """How the default rules price an unmapped customer. If one of their charges is unknown, the amount is.

    They measure the newest pull only, because earlier pulls are not loaded for customers without a mapping.
    """

    def of_charge(default: Rule, history: History, customer_id: str) -> Decimal | None:
        source = history.source
        unit = default.meter.unit_in(source.unit)
        rule = replace(
            default, source=source.source, customer_id=customer_id, unit=unit, measure="last", start=None, end=None
        )
        if found.problem(rule) is not None:
            return None
        own, other = found.histories(rule, None)
        if own is None or (current := own.customer_now(customer_id)).bytes is None:
            return None
        measured = measure(rule, own, current, at.period.start, None, other)
        try:
            return None if measured is None else rate(rule, measured, at.settings.currency).amount
        except RatingError:  # the default rule does not fit this customer: its amount is unknown
            return None

    def amount(history: History, customer_id: str) -> Decimal | None:
        amounts = [of_charge(each, history, customer_id) for each in default_rules]
        return (
            sum((each for each in amounts if each is not None), Decimal(0)) if amounts and None not in amounts else None
        )

    return amount


def _with_ended_exclusions(customer: ChargedCustomer, ended: Sequence[Exclusion], at: MeteringContext) -> CoverageRow:
    """The mapping's row, with the devices that are billed again because their exclusion has ended.

    Such a device counts as unmapped until you remove the exclusion or extend its `until`.
    """
    row, current = customer.row, customer.current
    devices = () if current is None else [each.device_id for each in current.devices]
    reasons = [
        f"the exclusion of device {each.device_id} ({each.reason}) ended on {each.until}: the device is billed again"
        for each in ended
        if (each.source, each.customer_id) == (row.source, row.customer_id) and each.device_id in devices
    ]
    if not reasons:
        return row
    detail = "; ".join(filter(None, (row.detail, *reasons)))
    return replace(row, detail=detail, accounted=row.accounted and at.settings.unmapped == "warn")


def _reports(rules: Iterable[Rule], snapshots: Mapping[str, SourceSnapshot]) -> dict[str, SourceSnapshot]:
    """Return the monthly reports that the meters of rules count, by their names."""
    parts = (
        part_for(snapshots[rule.source], meter)
        for rule in rules
        for meter in rule.meters
        if meter.reported and rule.source in snapshots
    )
    return {part.source: part for part in parts}


def _notes(sources: Mapping[str, SourceSnapshot]) -> Iterator[str]:
    """Yield the notes of the newest believed pulls, each with the name of its source."""
    for name, source in sources.items():
        for note in () if source.whole is None else source.whole.record.notes:
            yield f"{name}: {note}"


def _first_quantity(customers: int) -> str:
    """How many customers a source without usable data holds, in words."""
    if customers == 1:
        return "1 mapped customer is held at its last quantity"
    return f"{customers} mapped customers are held at their last quantity"


def _by_customer(rules: Sequence[Rule]) -> dict[tuple[str, str], Rule]:
    found: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        other = found.setdefault((rule.source, rule.customer_id), rule)
        if other.name != rule.name:
            raise UsageError(
                f"customer {rule.customer_id} of {rule.source} is billed twice, "
                f"by CustomerMapping/{other.name} and CustomerMapping/{rule.name}",
                where="usage",
                advice="remove one of them",
            )
    return found


def _exclusions(exclusions: Sequence[Exclusion], at: MeteringContext) -> tuple[_ByCustomer, _ByCustomer]:
    """Exclusions of whole customers: (active, expired), by source and customer id."""
    active: _ByCustomer = {}
    expired: _ByCustomer = {}
    for each in exclusions:
        if each.device_id is None:
            (expired if _is_over(each, at) else active)[each.source, each.customer_id] = each
    return active, expired


def _is_over(exclusion: Exclusion, at: MeteringContext) -> bool:
    """Whether an exclusion has ended. `until` is its last day, in the billing time zone."""
    return exclusion.until is not None and exclusion.until < local_date(at.now, at.settings.timezone)
