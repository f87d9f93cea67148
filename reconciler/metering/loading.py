"""Load from the ledger what metering needs to know about each source at one moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from reconciler.kinds.billing_rules import BillingSettings, Exclusion, Rule
from reconciler.kinds.meters import STORAGE, Meter, Unit
from reconciler.ledger import pulls
from reconciler.ledger.late_samples import pulls_about
from reconciler.ledger.records import LastValues, PullRecord, Sample
from reconciler.ledger.store import Ledger
from reconciler.ledger.totals import CustomerTotal, CustomerTotals, Wanted, plain_totals
from reconciler.metering.collect import Collected
from reconciler.metering.earlier_devices import EarlierDevices, gaps_of
from reconciler.metering.metered import counted_by, has_columns, total_in
from reconciler.metering.monthly_report import report_of
from reconciler.metering.period import Period, local_date, period_of
from reconciler.metering.retention import longest_look_back
from reconciler.metering.snapshot import Samples, SourceSnapshot, WholePull


@dataclass(frozen=True, slots=True)
class _Request:
    """The data to load for one source."""

    ledger: Ledger
    source: str
    unit: Unit
    customers: frozenset[str]
    """The customers that a rule bills."""
    measured: frozenset[str]
    """The customers that are measured by hour."""
    since: datetime
    """The start of the pulls that they need: before the period, by the longer of `maxAge` and `graceHours`."""
    now: datetime
    meters: frozenset[Meter]
    """What is counted of the customers that a rule bills."""
    summed: Mapping[Meter, frozenset[str]]
    """Those of `measured` whose totals are enough, by each meter of their rules."""
    ended_at: datetime | None = None
    """The end of an ended month: of later pulls, only those with late samples are needed. None for a running one."""

    @property
    def columns(self) -> frozenset[str]:
        """Return the columns that the meters need beside used storage."""
        return frozenset[str]().union(*(each.columns for each in self.meters))


def load_snapshots(
    ledger: Ledger,
    units: Mapping[str, Unit],
    rules: Sequence[Rule],
    settings: BillingSettings,
    now: datetime,
    fresh: Sequence[Collected] = (),
    since: datetime | None = None,
    *,
    by_hour: Collection[tuple[str, str]] = (),
    exclusions: Sequence[Exclusion] | None = None,
    ended: Period | None = None,
) -> dict[str, SourceSnapshot]:
    """Return the snapshot of each source in `units` at `now`, by the source's name.

    `ended` is an ended period to measure, in place of the running one. Late pulls of it count too.

    `fresh` are pulls that this run made. Their samples are taken from memory. All other samples come from the ledger,
    so a past hour can be computed again. With `since`, earlier pulls are not loaded: for rules that need only the
    newest figures, and a `now` for which the ledger has later pulls. `by_hour` has customers whose hours are loaded
    although no rule needs them: (source, customer id). With the `exclusions` of devices, customers whose hourly totals
    are enough are loaded without their devices: see `SourceSnapshot.totals`.
    """
    in_memory = {each.pull_id: each.pull.samples for each in fresh}
    period, today = ended or period_of(now, settings.timezone), local_date(now, settings.timezone)
    since = since or period.start - longest_look_back(settings)

    def request(source: str, unit: Unit) -> _Request:
        of_source = [rule for rule in rules if rule.source == source]
        needed = (rule for rule in of_source if ended is not None or is_measured_by_hour(rule, period, today))
        measured = frozenset(rule.customer_id for rule in needed)
        measured |= {customer for of, customer in by_hour if of == source}
        billed = frozenset(rule.customer_id for rule in of_source)
        meters = frozenset(meter for rule in of_source for meter in rule.meters if not meter.reported)
        summed: Mapping[Meter, frozenset[str]] = {}
        if exclusions is not None:
            need_devices = {rule.customer_id for rule in of_source if not _needs_only_totals(rule)}
            need_devices |= {customer for of, customer in by_hour if of == source}
            need_devices |= {each.customer_id for each in exclusions if each.device_id is not None}
            summed = _by_meter(rule for rule in of_source if rule.customer_id in measured - need_devices)
        ended_at = None if ended is None else ended.end
        return _Request(ledger, source, unit, billed, measured, since, now, meters, summed, ended_at)

    def report_request(request: _Request) -> _Request | None:
        """Return the data to load for the monthly report of a source. None if no rule counts it."""
        of_source = (rule for rule in rules if rule.source == request.source)
        counted = [(rule.customer_id, meter) for rule in of_source for meter in rule.meters if meter.reported]
        if not counted:
            return None
        customers = frozenset(customer for customer, _ in counted)
        return replace(
            request,
            source=report_of(request.source),
            customers=customers,
            measured=request.measured & customers,
            meters=frozenset(meter for _, meter in counted),
            summed={},
        )

    def load(source: str, unit: Unit) -> SourceSnapshot:
        own = request(source, unit)
        report = report_request(own)
        found = _load(own, in_memory)
        return found if report is None else replace(found, report=_with_customers(_load(report, in_memory), found))

    return {source: load(source, unit) for source, unit in units.items()}


def _with_customers(report: SourceSnapshot, source: SourceSnapshot) -> SourceSnapshot:
    """Return a monthly report whose customers have the names, states and trials that the hourly pulls have shown."""
    known = {
        each: replace(source.known[each], first_seen_at=own.first_seen_at, last_seen_at=own.last_seen_at)
        if each in source.known
        else own
        for each, own in report.known.items()
    }
    return replace(report, known=known)


def is_measured_by_hour(rule: Rule, period: Period, today: date) -> bool:
    """Return whether a rule needs the hours of a period, and not only the newest pull.

    That is so for every measure but `last`, and for a customer that has left in the period.
    """
    return rule.measure != "last" or (rule.end is not None and period.first_day <= rule.end < today)


def _needs_only_totals(rule: Rule) -> bool:
    """Return whether a rule is rated by the hourly totals of its customer, so that the devices do not matter."""
    per_device = rule.allowance is not None and rule.allowance.per == "device"
    return not per_device and all(meter.reported or counted_by(meter) is not None for meter in rule.meters)


def _by_meter(rules: Iterable[Rule]) -> dict[Meter, frozenset[str]]:
    """Return the customers of each meter of the rules, but for those of a monthly report."""
    found: dict[Meter, set[str]] = {}
    for rule in rules:
        for meter in (each for each in rule.meters if not each.reported):
            found.setdefault(STORAGE if meter.is_storage else meter, set()).add(rule.customer_id)
    return {meter: frozenset(customers) for meter, customers in found.items()}


def _load(request: _Request, in_memory: Mapping[int, tuple[Sample, ...]]) -> SourceSnapshot:
    ledger, source = request.ledger, request.source
    latest = pulls.latest_pull(ledger, source, before=request.now)
    record = pulls.latest_whole_pull(ledger, source, before=request.now)
    if record is None:
        return SourceSnapshot(source, request.unit, latest=latest)
    samples = in_memory.get(record.id)
    if samples is None:
        samples = tuple(pulls.samples_of_pull(ledger, record.id, request.columns))
    whole = WholePull(record, _by_customer(samples))
    measured = set(request.measured) | _without_values(whole, request)
    if _has_later(ledger, source, record):
        # The ledger keeps only the newest state of each device, which is later than `now`. Use the earlier pulls.
        gaps = {customer for customer, _ in gaps_of([whole])}
        measured |= gaps | {each for each in request.customers if each not in whole.samples}
    between = _between(request, record) if measured else []
    totals = _totals(request, between, whole, measured)
    summed = {customer for of_meter in totals.values() for customer in of_meter}
    earlier = _with_samples(request, between, measured - summed)
    devices = EarlierDevices(ledger, source, (*earlier, whole), request.customers, measured, summed)
    return SourceSnapshot(
        source,
        request.unit,
        latest=latest,
        whole=whole,
        earlier=_with_moved(request, earlier, devices.moved),
        totals=totals.get(STORAGE, {}),
        totals_of=totals,
        before=devices.before,
        values_before=_values_before(request, (*earlier, whole)[0].record, measured - summed),
        devices_since=devices.devices_since,
        known=pulls.customer_records(ledger, source),
        last_seen=devices.last_seen,
        first_seen=devices.first_seen,
        first_whole_at=pulls.first_whole_pull_at(ledger, source),
    )


def _has_later(ledger: Ledger, source: str, record: PullRecord) -> bool:
    newest = pulls.latest_whole_pull(ledger, source)
    return newest is not None and newest.started_at > record.started_at


def _between(request: _Request, newest: PullRecord) -> list[PullRecord]:
    """Return the believed pulls before the newest, oldest first."""
    end = newest.started_at + timedelta.resolution  # includes an earlier pull of the same moment
    between = pulls.whole_pulls_between(request.ledger, request.source, request.since, end)
    between = [record for record in between if record.id != newest.id]
    if request.ended_at is None:
        return between
    later = [record.id for record in between if record.started_at >= request.ended_at]
    # What the ledger has from before the first pull is loaded too. The first one after the month shows which devices
    # its last hours had.
    needed = {*(each.id for each in between[:1]), *later[:1], *pulls_about(request.ledger, later, request.ended_at)}
    return [record for record in between if record.started_at < request.ended_at or record.id in needed]


def _totals(
    request: _Request, earlier: Sequence[PullRecord], whole: WholePull, measured: Collection[str]
) -> dict[Meter, dict[str, CustomerTotals]]:
    """Return by meter the totals of the customers whose samples are not needed: one for each pull, `whole` the last.

    A customer with a meter whose totals are not enough has none.
    """
    last: dict[Meter, dict[str, CustomerTotal]] = {}
    for meter, customers in request.summed.items():
        found = ((each, total_in(whole, each, meter)) for each in customers.intersection(measured))
        last[meter] = {each: total for each, total in found if total is not None}
    wanted = {
        meter: Wanted(counted, [each.id for each in earlier if has_columns(each, meter)], of_meter.keys())
        for meter, of_meter in last.items()
        if (counted := counted_by(meter)) is not None
    }
    totals = dict(zip(wanted, plain_totals(request.ledger, request.source, [*wanted.values()]), strict=True))
    found_of = {
        meter: {each: _with_last(own, last[meter][each]) for each, own in of_meter.items()}
        for meter, of_meter in totals.items()
    }
    partly = {each for meter, customers in request.summed.items() for each in customers - totals[meter].keys()}
    return {
        meter: {each: own for each, own in of_meter.items() if each not in partly}
        for meter, of_meter in found_of.items()
    }


def _with_last(totals: CustomerTotals, last: CustomerTotal) -> CustomerTotals:
    columns = ((totals.pull_ids, last.pull_id), (totals.sizes, last.bytes), (totals.devices, last.devices))
    return CustomerTotals(*([*column, value] for column, value in columns))


def _with_samples(
    request: _Request, records: Sequence[PullRecord], customer_ids: Collection[str]
) -> tuple[WholePull, ...]:
    """Return pulls with the samples of these customers."""
    numbers = [record.id for record in records]
    samples = pulls.samples_of_pulls(request.ledger, numbers, customer_ids, columns=request.columns)
    return tuple(WholePull(record, _by_customer(samples[record.id])) for record in records)


def _without_values(whole: WholePull, request: _Request) -> set[str]:
    """Return the billed customers with a device that lacks a value, or whose value is about an earlier moment.

    Their earlier pulls have the last value.
    """
    columns = request.columns
    return {
        customer_id
        for customer_id in request.customers
        for sample in (whole.samples.get(customer_id, ()) if columns else ())
        if not columns <= sample.values.keys() or sample.observed_at != whole.record.started_at
    }


def _values_before(request: _Request, first: PullRecord, measured: Collection[str]) -> Sequence[LastValues]:
    if not request.columns or not measured:
        return ()
    return pulls.values_before(request.ledger, request.source, measured, first.id, request.columns)


def _with_moved(request: _Request, earlier: Sequence[WholePull], devices: Collection[str]) -> tuple[WholePull, ...]:
    """Add the samples that a moved device has under its other customers: it keeps its last figure when it moves."""
    if not earlier or not devices:
        return tuple(earlier)
    numbers = [pull.record.id for pull in earlier]
    samples = pulls.samples_of_pulls(request.ledger, numbers, device_ids=devices, columns=request.columns)
    return tuple(WholePull(pull.record, {**_by_customer(samples[pull.record.id]), **pull.samples}) for pull in earlier)


def _by_customer(samples: Sequence[Sample]) -> Samples:
    grouped: dict[str, list[Sample]] = {}
    for sample in samples:
        grouped.setdefault(sample.customer_id, []).append(sample)
    return {customer_id: tuple(of_customer) for customer_id, of_customer in grouped.items()}
