"""Compute from BILLING.md what one apply must do: the exit code, and the additions of each mapping."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.rating import ZERO, Hours, lines_of, quantity_of, used
from tests.simulation.readings import HOUR, Readings
from tests.simulation.terms import Terms

Row = dict[str, Any]


@dataclass
class Memory:
    """The values that the ledger must have of one charge."""

    billed: Decimal | None = None
    money: Decimal = ZERO
    """The amount per month that was billed last."""
    period: str = ""
    """The period in which it was billed last."""
    rule: str = ""
    """The rule by which it was billed last. Empty if unknown."""
    first_rule: str = ""
    """The rule by which it was billed first after the ledger was lost."""
    samples: str = ""
    """The period for which few samples are approved."""
    floor: Decimal = ZERO
    floor_period: str = ""


@dataclass
class Verdict:
    """The expected result of one mapping."""

    reason: str
    accounted: bool = True
    held: bool = False
    trips: set[str] = field(default_factory=set)
    quantity: Decimal = ZERO
    lines: dict[str, Decimal] = field(default_factory=dict)
    begins: str = ""
    """The first day of a new addition."""
    vanished: bool = False


@dataclass
class Limits:
    """The guardrails and settings of the workspace."""

    zone: ZoneInfo
    grace: timedelta
    quantity: Decimal
    customers: int
    money: Decimal | None
    vanished: str = "error"
    unmapped: str = "error"


@dataclass
class Period:
    """The running month at one moment."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def first(self) -> date:
        return self.today.replace(day=1)

    @property
    def last(self) -> date:
        return (self.first + timedelta(days=32)).replace(day=1) - timedelta(days=1)

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    def moment(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def live(row: Row, today: date) -> bool:
    return not row.get("cancelledDate") or row["cancelledDate"][:10] > today.isoformat()


def amount(row: Row) -> Decimal:
    return (Decimal(row["quantity"]) * Decimal(row["unitPrice"])).quantize(Decimal("0.01"), ROUND_HALF_UP)


class Oracle:
    """Computes the expected result of each run from the readings and the results of earlier runs."""

    def __init__(self, limits: Limits, readings: Readings) -> None:
        self.limits, self.readings = limits, readings
        self.memory: dict[int, Memory] = {}

    def lose(self) -> None:
        """Delete all values, because the ledger was lost."""
        self.readings.pulls.clear()
        self.readings.attempts.clear()
        self.readings.newest_believed, self.readings.first_whole = False, None
        self.memory.clear()

    def measured(self, terms: Terms, period: Period, without: frozenset[int]) -> tuple[Hours, tuple[int, int]]:
        start = period.moment(period.first)
        since = max(start, period.moment(terms.start)) if terms.start else start
        hours = self.readings.hours(terms.number, start, since, period.moment(period.last + timedelta(days=1)), without)
        first = self.readings.first_sample(terms.number)
        begins = max(since, first) if first else since
        return hours, (len(hours), (period.now - start) // HOUR - (begins - start) // HOUR + 1)

    def judge(
        self, terms: Terms, period: Period, rows: list[Row], without: frozenset[int], duplicates: bool
    ) -> Verdict:
        """Return the expected result of one mapping, before the guardrails of the run.

        `rows` has its live additions. `duplicates` says that two of them have the same tag.
        """
        memory = self.memory.setdefault(terms.number, Memory())
        live_quantity = sum((Decimal(row["quantity"]) for row in rows), ZERO)
        if memory.billed is None and memory.floor_period == "" and rows:
            memory.floor, memory.floor_period, memory.billed = live_quantity, period.name, live_quantity
            if terms.tiering == "volume":
                memory.floor = max(Decimal(row["quantity"]) for row in rows)
            memory.money = sum((amount(row) for row in rows), ZERO)
        memory.floor_period = memory.floor_period or "none"
        if terms.start and terms.start > period.today:
            return Verdict("waiting")
        if duplicates:
            return Verdict("two additions with one tag", accounted=False, held=True)
        state = self._state(terms, period, without)
        if state.held:
            return state
        hours, known = self.measured(terms, period, without)
        quantity = quantity_of(terms, hours)
        first = self.readings.first_whole
        begins = max(period.first, terms.start or period.first)
        knows = first is not None and first < period.moment(begins) + HOUR
        never = state.reason == "never seen"
        unread = not state.vanished and any(
            device not in without and device not in self.readings.pulls[-1].figures
            for device in self.readings.pulls[-1].listing[terms.number]
        )
        young = never and (first is None or period.now - first < self.readings.grace)
        unsure = terms.measure != "last" or unread
        if young or (unsure and not knows):
            floor = (
                memory.floor if memory.floor_period == period.name and memory.first_rule in ("", terms.rule) else ZERO
            )
            if quantity < floor:
                quantity, state.accounted, state.reason = floor, False, "held by a lost ledger"
        state.quantity, state.lines = quantity, lines_of(terms, quantity)
        state.trips = self._trips(terms, period, memory, state, used(terms.measure, hours), known)
        return state

    def _state(self, terms: Terms, period: Period, without: frozenset[int]) -> Verdict:
        readings, tolerated = self.readings, self.limits.vanished == "warn"
        if not readings.newest_believed:
            return Verdict("unknown source", accounted=False, held=True)
        newest = readings.pulls[-1]
        listed = newest.listing.get(terms.number)
        if listed:
            if any(readings.is_stale(newest, device) for device in listed if device not in without):
                return Verdict("stale", accounted=False, held=True)
            return Verdict("billed")
        seen = readings.last_sample(terms.number, period.now)
        if seen is None:
            young = readings.first_whole is None or period.now - readings.first_whole < readings.grace
            there = terms.number in newest.listing
            return Verdict("never seen", accounted=there and tolerated, held=young and terms.minimum is None,
                           vanished=True)  # fmt: skip
        held = period.now - seen < readings.grace
        return Verdict("vanished", accounted=tolerated, held=held, vanished=True)

    def _trips(
        self, terms: Terms, period: Period, memory: Memory, state: Verdict, bytes_used: int, known: tuple[int, int]
    ) -> set[str]:
        trips, before, after = set(), memory.billed or ZERO, state.quantity
        first = memory.period != period.name
        moved = abs(after - before)
        exempt = state.vanished or memory.rule not in ("", terms.rule) or (after < before and first)
        if before and not exempt and moved * 2 > before and moved > self.limits.quantity:
            trips.add("quantity")
        listed = {} if state.vanished else self.readings.pulls[-1].listing[terms.number]
        if listed and not bytes_used and before and after < before and any(
            device in self.readings.pulls[-1].figures for device in listed
        ):  # fmt: skip
            trips.add("zero")
        few = terms.measure in ("mean", "p95") and known[0] * 5 < known[1] * 4
        if few and self.readings.first_sample(terms.number) and memory.samples != period.name:
            trips.add("samples")
        return trips

    def run_trips(
        self, verdicts: dict[int, tuple[Terms, Verdict, list[Row]]], period: Period, prices: dict[str, Decimal]
    ) -> set[str]:
        """Return the guardrails that refuse the run. They count the mappings that are billed in it."""
        billed = {number: each for number, each in verdicts.items()
                  if not each[1].held and not each[1].trips and each[1].reason != "waiting"}  # fmt: skip
        changed = 0
        change = ZERO
        for number, (terms, verdict, _rows) in billed.items():
            memory = self.memory[number]
            before = memory.billed or ZERO
            moved = abs(verdict.quantity - before)
            if (
                before
                and memory.rule in ("", terms.rule)
                and memory.period == period.name
                and moved * 5 > before
                and moved > 50
            ):
                changed += 1
            if before or memory.money:
                change += self.money(verdict, prices) - memory.money
        trips = set()
        if changed >= self.limits.customers and changed * 2 > len(billed):
            trips.add("customers")
        if self.limits.money is not None and abs(change) > self.limits.money:
            trips.add("money")
        return trips

    def money(self, verdict: Verdict, prices: dict[str, Decimal]) -> Decimal:
        parts = ((quantity, prices[product.lower()]) for product, quantity in verdict.lines.items())
        return sum(((a * b).quantize(Decimal("0.01"), ROUND_HALF_UP) for a, b in parts), ZERO)

    def done(
        self, verdicts: dict[int, tuple[Terms, Verdict, list[Row]]], period: Period, prices: dict[str, Decimal]
    ) -> None:
        """Store the result of a run that was carried out."""
        for number, (terms, verdict, _rows) in verdicts.items():
            if verdict.held or verdict.trips or verdict.reason == "waiting":
                continue
            memory = self.memory[number]
            memory.first_rule = memory.first_rule or terms.rule
            memory.money = self.money(verdict, prices)
            memory.billed, memory.period, memory.rule = verdict.quantity, period.name, terms.rule
