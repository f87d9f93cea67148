"""The usage of a case as the snapshots of its sources: the same values that a run loads from the ledger.

A source is read every hour, from the first day of the month or from its first entry, and at the moments of `at`. If all
figures of a source are given with `at`, it is read at these moments alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from reconciler.cases.errors import CaseError
from reconciler.cases.model import Usage
from reconciler.cases.moments import Moment, time_text
from reconciler.kinds.meters import Unit, canonical, cell_text
from reconciler.ledger.records import Customer, CustomerRecord, PullRecord, PullState, Sample
from reconciler.metering.period import Period
from reconciler.metering.snapshot import DeviceId, SourceSnapshot, WholePull

_HOUR = timedelta(hours=1)
MOST_PULLS = 20_000
"""The most pulls of a source in one case. Two years of hourly pulls are fewer."""
MOST_SAMPLES = 500_000
"""The most samples of a source in one case."""

_STATES: Mapping[str, PullState | None] = {"failed": "failed", "not believed": "disbelieved", "none": None}


class Entry(NamedTuple):
    """One entry of `usage` with its place in the list."""

    place: int
    usage: Usage
    source: str
    customer: str


@dataclass(frozen=True, slots=True)
class When:
    """The times that all sources of a case share."""

    period: Period
    now: datetime
    timezone: str


@dataclass(frozen=True, slots=True)
class Source:
    """One usage source of a case."""

    name: str
    unit: Unit
    type: str
    """Its type, such as `csv`."""
    columns: tuple[str, ...] = ()
    """The columns that its meters need. Every pull reads them."""


def snapshot_of(
    source: Source, entries: Sequence[Entry], names: Mapping[str, str], when: When, *, by_hour: bool
) -> SourceSnapshot:
    """Return the snapshot of one source at the moment of the run. `names` has names of customers by id.

    Without `by_hour`, no customer of the source is measured by the hour. Then only the first and the last of equal
    pulls are in the snapshot, because the newest figures decide. Raises `CaseError` for an entry that no pull reads,
    and for too many pulls or samples.
    """
    spans = [_span(entry, when) for entry in entries]
    moments = _moments(entries, spans, when)
    runs = _runs(entries, spans, moments, when)
    if sum(run.devices * len(run.pulls(by_hour=by_hour)) for run in runs) > MOST_SAMPLES:
        raise CaseError(("usage",), f"this is more than {MOST_SAMPLES:,} samples", "shorten the times")
    latest: PullRecord | None = None
    whole: list[WholePull] = []
    edges: list[WholePull] = []
    for run in runs:
        for index in run.pulls(by_hour=by_hour):
            at = moments[index]
            latest = PullRecord(index + 1, source.name, at, at, run.state, run.error, (), 0, 0, columns=source.columns)
            if run.state == "whole":
                whole.append(WholePull(latest, _samples(source, run, at, when.timezone)))
                edges += whole[-1:] if index in {run.first, run.end - 1} else ()
    if not whole:
        return SourceSnapshot(source.name, source.unit, latest=latest)
    since = _since(source.name, edges, names)
    return SourceSnapshot(source.name, source.unit, latest=latest, whole=whole[-1], earlier=tuple(whole[:-1]), **since)


class Run(NamedTuple):
    """Pulls that follow each other and list the same devices with the same figures."""

    first: int
    """The index of the first of them, and of the first one after them."""
    end: int
    state: PullState
    error: str | None
    listed: Mapping[str, Sequence[Usage]]
    """By customer: the entries of its devices."""

    @property
    def devices(self) -> int:
        """Return how many devices they list."""
        return sum(map(len, self.listed.values()))

    def pulls(self, *, by_hour: bool) -> Sequence[int]:
        """Return the indexes of all pulls, or of the first and the last one."""
        return range(self.first, self.end) if by_hour else sorted({self.first, self.end - 1})


def _runs(
    entries: Sequence[Entry], spans: Sequence[tuple[datetime, datetime]], moments: Sequence[datetime], when: When
) -> list[Run]:
    """Return the pulls that were made, oldest first. Raises `CaseError` for an entry that no pull reads."""
    begins: dict[int, list[Entry]] = defaultdict(list)
    ends: dict[int, list[Entry]] = defaultdict(list)
    for entry, (begin, after) in zip(entries, spans, strict=True):
        first, last = bisect_left(moments, begin), bisect_left(moments, after)
        if first >= last:
            raise CaseError(("usage", entry.place), _unread(begin, when), "correct the times")
        begins[first].append(entry)
        ends[last].append(entry)
    runs = []
    covering: dict[int, Entry] = {}
    for first, last in pairwise(sorted({0, len(moments), *begins, *ends})):
        for entry in ends[first]:
            del covering[entry.place]
        covering |= {entry.place: entry for entry in begins[first]}
        if (run := _run(first, last, [covering[place] for place in sorted(covering)])) is not None:
            runs.append(run)
    return runs


def _run(first: int, end: int, covering: Sequence[Entry]) -> Run | None:
    """Return the pulls that these entries are about, or None if they were not made. A later entry counts."""
    states = [entry.usage.pull for entry in covering if entry.usage.pull is not None]
    state = _STATES[states[-1]] if states else "whole"
    if state is None:
        return None
    devices = {(entry.customer, entry.usage.device): entry.usage for entry in covering if entry.usage.pull is None}
    listed: dict[str, list[Usage]] = defaultdict(list)
    for (customer, _device), usage in devices.items():
        listed[customer].append(usage)
    return Run(first, end, state, None if state == "whole" else "the case says so", listed)


def _span(entry: Entry, when: When) -> tuple[datetime, datetime]:
    """Return the first moment of an entry, and the first moment after it."""
    usage, place = entry.usage, entry.place
    if usage.at is not None:
        begin = _at(usage.at, ("usage", place, "at"), when)
        if usage.observed_at is not None:
            _at(usage.observed_at, ("usage", place, "observedAt"), when)
        return begin, begin + timedelta.resolution
    assert usage.from_ is not None  # noqa: S101 - the model has checked that one of the two is given
    begin = _at(usage.from_, ("usage", place, "from"), when)
    if usage.to is None:
        return begin, when.now + timedelta.resolution
    end = _at(usage.to, ("usage", place, "to"), when, end=True)
    if end <= begin:
        raise CaseError(("usage", place, "to"), f"{usage.to.text} is before {usage.from_.text}", "exchange the two")
    return begin, end


def _at(moment: Moment, path: tuple[str | int, ...], when: When, *, end: bool = False) -> datetime:
    try:
        return moment.ends(when.timezone) if end else moment.begins(when.timezone)
    except ValueError as error:
        raise CaseError(path, str(error), "write another time, or give it with its zone") from None


def _moments(entries: Sequence[Entry], spans: Sequence[tuple[datetime, datetime]], when: When) -> Sequence[datetime]:
    """Return the moments at which a source is read, oldest first."""
    figures = [entry.usage for entry in entries if entry.usage.pull is None]
    more = {begin for entry, (begin, _) in zip(entries, spans, strict=True) if entry.usage.at is not None}
    hours: Sequence[datetime] = ()
    if not figures or any(each.at is None for each in figures):
        hours = _hours(min([when.period.start, *(begin for begin, _ in spans)]), when.now, when.period)
        more.add(when.now)
    else:
        for entry, (begin, end) in zip(entries, spans, strict=True):
            if entry.usage.at is None:
                more |= {*_hours(begin, min(end - timedelta.resolution, when.now), when.period)}
    more = {each for each in more if each <= when.now}.difference(hours[-1:])
    return sorted({*hours, *more}) if more else hours


def _hours(begin: datetime, end: datetime, period: Period) -> Sequence[datetime]:
    """Return the first moments of the hours between two moments. Hours are counted from the start of the period."""
    first = -((period.start - begin) // _HOUR)
    last = (end - period.start) // _HOUR
    if last - first > MOST_PULLS:
        raise CaseError(("usage",), f"this is more than {MOST_PULLS:,} hourly pulls", "let the usage begin later")
    return _numbered(period.start, first, last)


@lru_cache(maxsize=64)
def _numbered(start: datetime, first: int, last: int) -> Sequence[datetime]:
    """Return the first moments of the hours with these numbers. Most cases of a month have the same hours."""
    return [start + number * _HOUR for number in range(first, last + 1)]


def _unread(begin: datetime, when: When) -> str:
    if begin > when.now:
        return f"no pull reads this entry: it begins after the run, which is at {time_text(when.now, when.timezone)}"
    return "no pull reads this entry: the source is read at full hours, and at the moments of at"


def _samples(source: Source, run: Run, moment: datetime, timezone: str) -> dict[str, tuple[Sample, ...]]:
    """Return the samples of one pull by customer."""
    return {
        customer: tuple(
            Sample(
                source.name,
                customer,
                usage.device,
                moment if usage.observed_at is None else usage.observed_at.begins(timezone),
                usage.used,
                {canonical(name, source.type): cell_text(value) for name, value in usage.columns.items()},
            )
            for usage in devices
        )
        for customer, devices in run.listed.items()
    }


def _since(source: str, pulls: Sequence[WholePull], names: Mapping[str, str]) -> dict[str, Any]:
    """Return since when the source has had each customer and device. No figure is older than the first pull.

    `pulls` has the first and the last of each row of equal pulls, because those between them add no other time.
    """
    seen: dict[str, tuple[datetime, datetime]] = {}
    devices: dict[str, dict[DeviceId, datetime]] = {}
    for pull in pulls:
        started = pull.record.started_at
        for customer, samples in pull.samples.items():
            seen[customer] = (seen[customer][0] if customer in seen else started, started)
            of_customer = devices.setdefault(customer, {})
            for sample in samples:
                moment = pull.moment_of(sample)
                if sample.device_id not in of_customer or moment < of_customer[sample.device_id]:
                    of_customer[sample.device_id] = moment
    return {
        "devices_since": devices,
        "known": {
            customer: CustomerRecord(Customer(source, customer, names.get(customer, customer)), None, None, *times)
            for customer, times in seen.items()
        },
        "first_seen": {customer: min(moments.values()) for customer, moments in devices.items()},
        "first_whole_at": pulls[0].record.started_at,
    }
