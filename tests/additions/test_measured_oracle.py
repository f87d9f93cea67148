"""Compare hourly totals and measures of random histories with an oracle that follows the text of BILLING.md.

The oracle keeps the whole history as plain rows, and applies the rules of the text to each hour and device. It shares
no code with the product. Its numbers are fractions.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.additions.charges import ChargeInputs, charge_usage
from reconciler.kinds.billing_rules import BillingSettings, Rounding, Rule
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.metering.loading import load_snapshots
from tests.metering.builders import rule

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MAX_AGE, GRACE, AHEAD = timedelta(hours=3), timedelta(hours=4), timedelta(minutes=5)
MEASURES = ("last", "peak", "mean", "p95")
CUSTOMERS = ("1", "2")
GB = 10**9


class Seen(NamedTuple):
    """One sample of a pull. `size` is None without a figure."""

    customer: str
    device: str
    at: datetime
    size: int | None


class Read(NamedTuple):
    """One pull with its samples."""

    at: datetime
    failed: bool
    seen: tuple[Seen, ...]


class Oracle:
    """The results that BILLING.md asks for, for a history at the time of its last pull."""

    def __init__(self, reads: Sequence[Read], period: tuple[datetime, datetime]) -> None:
        self.start, self.end = period
        self.now = reads[-1].at
        # "absent from a failed pull is unknown", so failed pulls are left out.
        self.reads = [read for read in reads if not read.failed]
        self.known_now = not reads[-1].failed

    # ── figures ─────────────────────────────────────────────────────────────────────────────────────────

    def readings(self) -> list[tuple[datetime, int, Seen]]:
        """Return each figure with its moment and the number of its pull. Skip figures that are dated after the run."""
        return [
            (seen.at, number, seen)
            for number, read in enumerate(self.reads)
            for seen in read.seen
            if seen.size is not None and seen.at <= read.at + AHEAD
        ]

    def last_figure(self, customer: str, device: str, before: datetime, number: int) -> tuple[datetime, int] | None:
        """Return the last figure of a device, under this customer or one that no longer lists it.

        "A move … takes the last figure along".
        """
        listed = {(seen.customer, seen.device) for seen in self.reads[number].seen}
        found = [
            (at, order, seen.size or 0)
            for at, order, seen in self.readings()
            if seen.device == device
            and at < before
            and (seen.customer == customer or (seen.customer, device) not in listed)
        ]
        own_first = sorted(found)
        return None if not own_first else (own_first[-1][0], own_first[-1][2])

    # ── one hour ────────────────────────────────────────────────────────────────────────────────────────

    def moment(self, read: Read, seen: Seen) -> datetime:
        """Return the moment that a sample counts for: its own, or that of the pull if it is dated ahead."""
        return read.at if seen.at > read.at + AHEAD else seen.at

    def since(self, customer: str, device: str) -> datetime:
        """Return the moment of the device's first sample under the customer.

        "A move works from the hour of the first sample under the new one; earlier hours stay where they were".
        """
        return min(
            self.moment(read, seen)
            for read in self.reads
            for seen in read.seen
            if (seen.customer, seen.device) == (customer, device)
        )

    def had(self, customer: str, begin: datetime, number: int) -> set[str]:
        """Return the devices that a customer had through an hour without a pull, by the pulls around the hour.

        "One that is absent from a whole pull is gone and counts 0 from that hour": so one that the next pull lists was
        there, unless it came only after the hour. Without a next pull, the one of this number shows them.
        """
        end = begin + HOUR
        before = max((read for read in self.reads if read.at < begin), default=None, key=lambda read: read.at)
        after = min(
            (read for read in self.reads if read.at >= end), default=self.reads[number], key=lambda read: read.at
        )
        listed = {seen.device for seen in after.seen if seen.customer == customer}
        if before is None:
            return {each for each in listed if self.since(customer, each) < end}
        there = {seen.device for seen in before.seen if seen.customer == customer}
        there |= {
            seen.device
            for read in self.reads
            for seen in read.seen
            if seen.customer == customer and before.at < self.moment(read, seen) < end
        }
        return listed & there

    def hour(self, customer: str, begin: datetime) -> Fraction | None:
        """Return the customer's total in the hour that starts at `begin`. None if it is not known."""
        end = begin + HOUR
        within = [number for number, read in enumerate(self.reads) if begin <= read.at < end]
        samples_in_hour = [
            (number, self.moment(read, seen), seen)
            for number, read in enumerate(self.reads)
            for seen in read.seen
            if seen.customer == customer and begin <= self.moment(read, seen) < end
        ]
        if within:
            source_pull = within[-1]
            at = self.reads[source_pull].at
        elif samples_in_hour:
            source_pull = min(number for number, _, _ in samples_in_hour)
            at = max(when for _, when, _ in samples_in_hour)
        else:
            return None
        listed = {seen.device for seen in self.reads[source_pull].seen if seen.customer == customer}
        if not within:
            listed = {seen.device for _, _, seen in samples_in_hour} | self.had(customer, begin, source_pull)
        unlisted_before = [
            seen.device
            for _, when, seen in samples_in_hour
            if seen.size is not None
            and not any(
                (customer, seen.device) == (other.customer, other.device)
                for read in self.reads[:source_pull]
                for other in read.seen
            )
        ]
        if not listed and not unlisted_before:
            # "held for graceHours, then its hours count as 0"; "before the customer's first sample ever": left out.
            earlier = [
                self.moment(read, seen)
                for read in self.reads
                for seen in read.seen
                if seen.customer == customer and self.moment(read, seen) < at
            ]
            return Fraction(0) if earlier and at - max(earlier) >= GRACE else None
        if not samples_in_hour:
            return None  # none of its samples is about this hour
        total = Fraction(0)
        here = {seen.device for _, _, seen in samples_in_hour}
        for device in {*listed, *here}:
            own = [
                (when, order, seen.size)
                for when, order, seen in self.readings()
                if seen.customer == customer and seen.device == device and begin <= when < end
            ]
            if own:
                when, _, size = max(own)
                before = [
                    number
                    for number in range(source_pull)
                    if (customer, device) in {(seen.customer, seen.device) for seen in self.reads[number].seen}
                ]
                # "unless a later whole pull of that hour no longer lists it"
                if not (within and device not in listed and at > when and before):
                    total += size or 0
            elif device in listed and (within or self.since(customer, device) < end):
                figure = self.last_figure(customer, device, end, source_pull)
                if figure is not None and at - figure[0] > MAX_AGE:
                    return None  # "then its customer is held"
                total += 0 if figure is None else figure[1]
        return total

    # ── the measure ─────────────────────────────────────────────────────────────────────────────────────

    def charge(self, customer: str, measure: str) -> Fraction | str | None:
        """Return the measure in bytes, `held` or `never`. None if there is no hour to measure."""
        if not self.known_now or not self.reads:
            return "held"
        newest = len(self.reads) - 1
        read = self.reads[newest]
        mine = [seen for seen in read.seen if seen.customer == customer]
        samples = [self.moment(each, seen) for each in self.reads for seen in each.seen if seen.customer == customer]
        if max((self.moment(read, seen) for seen in read.seen), default=read.at) < self.now - MAX_AGE:
            return "held"  # the source's newest data is stale
        if not mine:
            if not samples:
                return "never"
            if self.now - max(samples) < GRACE:
                return "held"
        figures = {seen.device: self.last_figure(customer, seen.device, self.end, newest) for seen in mine}
        if any(figure is not None and self.now - figure[0] > MAX_AGE for figure in figures.values()):
            return "held"
        if measure == "last":
            newest_moment = max((self.moment(read, seen) for seen in mine), default=read.at)
            if not self.start <= newest_moment < self.end:
                return None
            return Fraction(sum(figure[1] for figure in figures.values() if figure is not None))
        return self.of_hours(customer, measure)

    def of_hours(self, customer: str, measure: str) -> Fraction | None:
        """Return a measure over the known hours. None without any."""
        first = min(self.moment(read, seen) for read in self.reads for seen in read.seen)
        begins = (self.start + number * HOUR for number in range(31 * 24))
        hours = [
            total
            for begin in begins
            if first - HOUR <= begin <= self.now + HOUR and (total := self.hour(customer, begin)) is not None
        ]
        if not hours:
            return None
        if measure == "peak":
            return max(hours)
        if measure == "mean":
            return sum(hours, Fraction(0)) / len(hours)
        ranked = sorted(hours)
        return next(value for value in ranked if 100 * sum(other <= value for other in ranked) >= 95 * len(ranked))


# ── random histories ─────────────────────────────────────────────────────────────────────────────────────

DEVICES = ("a", "b", "c")
PLACES = st.sampled_from([None, "1", "1", "2", "both"])
SIZES = st.one_of(st.none(), st.integers(0, 9).map(lambda size: size * GB))
LATE = st.sampled_from([0, 0, 0, 0, 10, 50, 130, 200, -4, -30])


@st.composite
def histories(draw: st.DrawFn) -> list[Read]:
    """Draw pulls around the start of a month, up to five hours apart. Each device is under any customer, and has
    figures or none."""
    at = START - draw(st.integers(0, 7)) * HOUR - draw(st.integers(0, 59)) * MINUTE
    reads: list[Read] = []
    for _ in range(draw(st.integers(1, 12))):
        seen: list[Seen] = []
        failed = draw(st.integers(0, 7)) == 0
        for device in DEVICES:
            place = draw(PLACES)
            places = CUSTOMERS if place == "both" else () if place is None else (place,)
            for late in draw(st.lists(LATE, min_size=1, max_size=3, unique=True)):
                size = draw(SIZES)
                seen += [Seen(customer, device, at - late * MINUTE, size) for customer in places]
        if not seen:  # an empty pull is never believed, so add a device of another customer
            seen.append(Seen("9", "z", at, GB))
        reads.append(Read(at, failed, tuple(seen)))
        at += draw(st.sampled_from([20, 60, 60, 60, 90, 150, 300])) * MINUTE
    return reads


ZONE = "Asia/Kathmandu"
START = datetime(2026, 10, 31, 18, 15, tzinfo=UTC)
"""Midnight of 1 November in a time zone whose hours start 15 minutes after those of UTC."""
END = datetime(2026, 11, 30, 18, 15, tzinfo=UTC)
SETTINGS = BillingSettings(ZONE, grace=GRACE, max_age=MAX_AGE)
RULES: tuple[Rule, ...] = tuple(
    rule(customer, f"{customer}-{measure}", measure=measure, rounding=Rounding("none"))
    for customer in CUSTOMERS
    for measure in MEASURES
)


def billed(ledger: Ledger, reads: Sequence[Read]) -> dict[str, Fraction | str | None]:
    """Return the product's result by mapping. Each measure is computed alone, because a customer has one mapping."""
    for read in reads:
        customers = tuple(Customer("cove", each, each) for each in {seen.customer for seen in read.seen})
        samples = tuple(Sample("cove", seen.customer, seen.device, seen.at, seen.size) for seen in read.seen)
        state: Any = "failed" if read.failed else "whole"
        record_pull(ledger, Pull("cove", read.at, read.at, state, customers, samples))
    found: dict[str, Fraction | str | None] = {}
    for measure in MEASURES:
        rules = [each for each in RULES if each.measure == measure]
        snapshots = load_snapshots(ledger, {"cove": "GB"}, rules, SETTINGS, reads[-1].at)
        usage = charge_usage(ChargeInputs(reads[-1].at, SETTINGS, rules, [], snapshots))
        for row, charge in zip(rules, usage.charges, strict=True):
            if charge.measured is not None:
                found[row.name] = Fraction(charge.measured.total, charge.measured.hours)
            else:
                found[row.name] = "held"
    return found


def _minutes_before_midnight(number: int) -> datetime:
    return START - number * MINUTE


NEWEST_FIGURE_OF_THE_FIRST_PULL = [
    Read(_minutes_before_midnight(360), False, (Seen("1", "c", _minutes_before_midnight(360), 0),)),
    Read(
        _minutes_before_midnight(-90),
        False,
        (Seen("1", "b", _minutes_before_midnight(-40), None), Seen("1", "c", _minutes_before_midnight(-90), GB)),
    ),
]
"""The first pull of the month holds the newest figure of device c, which is not one from before that pull."""


A_SAMPLE_DATED_AHEAD_AFTER_ONE_THAT_IS_NOT = [
    Read(START, False, (Seen("1", "c", START + 4 * MINUTE, None), Seen("1", "c", START + 30 * MINUTE, None))),
    Read(START + GRACE, False, (Seen("9", "z", START + GRACE, GB),)),
]
"""The second sample counts for the start of its pull, so the first one is the last sample of customer 1."""


A_CORRECTION_OF_THE_LAST_FIGURE = [
    Read(START, False, (Seen("1", "c", START, GB),)),
    Read(START + 130 * MINUTE, False, (Seen("1", "c", START + 130 * MINUTE, None), Seen("1", "c", START, 0))),
    Read(START + 150 * MINUTE, False, (Seen("1", "c", START + 150 * MINUTE, None),)),
]
"""The second pull corrects the figure of the first one, and the device has no later figure."""


@example(reads=A_CORRECTION_OF_THE_LAST_FIGURE)
@example(reads=A_SAMPLE_DATED_AHEAD_AFTER_ONE_THAT_IS_NOT)
@example(reads=NEWEST_FIGURE_OF_THE_FIRST_PULL)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(reads=histories())
def test_every_measure_agrees_with_the_oracle(empty_ledger: Path, reads: list[Read]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(empty_ledger, Path(folder) / "ledger.sqlite")
        with Ledger.open(str(path), now=START) as ledger:
            found = billed(ledger, reads)
    oracle = Oracle(reads, (START, END) if reads[-1].at >= START else (START - timedelta(days=31), START))
    for each in RULES:
        expected = oracle.charge(each.customer_id, each.measure)
        if expected == "never":
            assert found[each.name] in ("held", Fraction(0))
        else:
            assert found[each.name] == ("held" if expected is None else expected), each.name
