"""Run hourly jobs with a real ledger in tests: pull, record, load, charge."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler.additions.charges import ChargedUsage, ChargeInputs, charge_usage
from reconciler.kinds.billing_rules import Rule
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.metering.collect import Collected, collect
from reconciler.metering.loading import load_snapshots
from reconciler.metering.sources.csv_file import CsvSettings

from .builders import SETTINGS, Used


def reading(used: Used, at: datetime, *, failed: bool = False) -> Pull:
    """Return a pull of the source cove. A failed pull has samples too, which must not count."""
    return Pull(
        "cove",
        at,
        at + timedelta(minutes=1),
        "failed" if failed else "whole",
        tuple(Customer("cove", each, f"Customer {each}") for each in used),
        tuple(Sample("cove", each, name, at, size) for each, devices in used.items() for name, size in devices.items()),
        "no network" if failed else None,
    )


class Hours:
    """An hourly run: pull, record, load, charge."""

    def __init__(self, ledger: Ledger, *rules: Rule) -> None:
        self.ledger = ledger
        self.rules = rules

    def run(self, used: Used, at: datetime, *, failed: bool = False) -> ChargedUsage:
        """Pull this usage, record it, and return the charges."""

        async def pull(_: Any, now: datetime) -> Pull:
            return reading(used, now, failed=failed)

        fresh = asyncio.run(collect(self.ledger, [CsvSettings("cove", Path())], at, pull=pull))
        return self.charge(at, fresh)

    def charge(self, at: datetime, fresh: tuple[Collected, ...] = ()) -> ChargedUsage:
        """Return the charges at a moment, from the ledger and from fresh pulls."""
        snapshots = load_snapshots(self.ledger, {"cove": "GB"}, self.rules, SETTINGS, at, fresh)
        return charge_usage(ChargeInputs(at, SETTINGS, self.rules, [], snapshots))


def quantities(result: ChargedUsage) -> list[Decimal | None]:
    """Return the quantity of each charge."""
    return [None if charge.trace is None else charge.trace.quantity for charge in result.charges]
