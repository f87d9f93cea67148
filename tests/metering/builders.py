"""Build values for tests: a source called cove, in GB, around noon of 22 November 2025."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reconciler.kinds.billing_rules import BillingSettings, Range, Rule
from reconciler.ledger.records import Customer, CustomerRecord, LastSeen, PullRecord, Sample
from reconciler.metering.measures import DeviceReading, HourTotal, Measured
from reconciler.metering.snapshot import SourceSnapshot, WholePull

NOON = datetime(2025, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GB = 10**9
SETTINGS = BillingSettings("Europe/Berlin")

Used = Mapping[str, Mapping[str | None, int | None]]
"""The usage in bytes, by customer and device."""


def rule(customer_id: str = "1", name: str | None = None, **more: Any) -> Rule:
    """Return the rule `mapping-CUSTOMER` that bills backup at 2 per GB."""
    more.setdefault("ranges", (Range("backup", None, Decimal(2)),))
    return Rule(name or f"mapping-{customer_id}", "cove", customer_id, more.pop("unit", "GB"), **more)


def record(number: int = 1, at: datetime = NOON, state: Any = "whole", **more: Any) -> PullRecord:
    """Return the record of a pull."""
    values = {"error": None, "notes": (), "customers": 0, "samples": 0, **more}
    return PullRecord(number, "cove", at, at, state, **values)


def samples(used: Used, at: datetime = NOON) -> dict[str, tuple[Sample, ...]]:
    """Return the samples of a pull, by customer."""
    return {
        customer_id: tuple(Sample("cove", customer_id, device_id, at, size) for device_id, size in devices.items())
        for customer_id, devices in used.items()
    }


def whole(used: Used, at: datetime = NOON, number: int = 1, **more: Any) -> WholePull:
    """Return a believed pull."""
    return WholePull(record(number, at, **more), samples(used, at))


def known(
    customer_id: str, name: str, at: datetime = NOON, *, attributed: bool = True, state: str = "", **more: Any
) -> CustomerRecord:
    """Return the ledger's record of a customer."""
    values = {"previous_name": None, "renamed_at": None, **more}
    return CustomerRecord(
        Customer("cove", customer_id, name, attributed, state), first_seen_at=at, last_seen_at=at, **values
    )


def snapshot(used: Used, at: datetime = NOON, *, names: Mapping[str, str] | None = None, **more: Any) -> SourceSnapshot:
    """Return a source whose newest pull, at `at`, was whole."""
    pull = whole(used, at)
    listed = {customer_id: known(customer_id, name, at) for customer_id, name in (names or {}).items()}
    values: dict[str, Any] = {"latest": pull.record, "whole": pull, "known": listed, "first_whole_at": at, **more}
    return SourceSnapshot("cove", values.pop("unit", "GB"), **values)


def seen(customer_id: str, at: datetime, size: int | None = GB) -> dict[str, LastSeen]:
    """Return the last sample of a customer, as `SourceSnapshot.last_seen` has it."""
    return {customer_id: LastSeen(customer_id, at, size)}


def measured(*devices: int, hours: int = 1) -> Measured:
    """Return a measure of `hours` hours with the same devices in each."""
    readings = tuple(DeviceReading(str(number), size, NOON, held=False) for number, size in enumerate(devices))
    totals = tuple(HourTotal(NOON + HOUR * hour, hour, NOON + HOUR * hour, readings, ()) for hour in range(hours))
    return Measured("last" if hours == 1 else "mean", totals, hours)
