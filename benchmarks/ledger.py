"""Measure a ledger with hourly usage of many devices: its size, an hour's insert, a month's measure, and its check.

Each figure has a floor from the same run: the same rows by bare SQLite, without this program. The full size is a tenth
of the largest one that the ledger is made for: 1,000 customers of 8 devices, hourly for 13 months.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from reconciler.additions.charges import ChargeInputs, charge_usage
from reconciler.cli.startup import prepare
from reconciler.kinds.billing_rules import BillingSettings, Rule, rule_of
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.ledger import schema
from reconciler.ledger.chain import append
from reconciler.ledger.covered import PULLS
from reconciler.ledger.integrity import check_ledger
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.retention import seal
from reconciler.ledger.store import Ledger, inserted_id
from reconciler.metering.loading import load_snapshots
from reconciler.metering.period import period_of

END = datetime(2026, 12, 1, tzinfo=UTC)
"""The last pull is an hour before. The last month is that of 2026-11, with 720 hours."""
HOUR = timedelta(hours=1)
_SETTINGS = BillingSettings("UTC", currency="USD")
_TIMED = 24
"""How many of the last hours are stored by `record_pull`, and measured."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much usage a ledger has."""

    customers: int
    devices: int
    """Of each customer."""
    hours: int

    @property
    def readings(self) -> int:
        """Return the number of samples."""
        return self.customers * self.devices * self.hours


QUICK = Size(100, 8, 1440)
FULL = Size(1000, 8, 9500)


@dataclass(frozen=True, slots=True)
class Figure:
    """A time in seconds, and the floor for it."""

    name: str
    seconds: float
    floor: float
    of_floor: str
    """What the floor does."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a ledger."""

    size: Size
    bytes: int
    floor_bytes: int
    """The size of a table with nothing but the readings, as integers."""
    figures: tuple[Figure, ...]
    problems: int
    charged: int
    """How many customers were charged for the last month."""


def measure(folder: Path, size: Size) -> Measured:
    """Fill a ledger in a folder, and measure it. The garbage collector runs as rarely as in the program."""
    prepare()
    file = folder / "ledger.sqlite"
    with Ledger.open(str(file), now=END) as ledger:
        record_pull(ledger, pull_of(size, 0))
        for hour in range(1, size.hours - _TIMED):
            fill(ledger, "cove", _at(size, hour), hour)
        inserts = [_timed(record_pull, ledger, pull_of(size, size.hours - back))[0] for back in range(_TIMED, 0, -1)]
        month, charged = _timed(_charged, ledger, size)
        check, found = _timed(check_ledger, ledger)
        with closing(sqlite3.connect(file)) as bare:
            bare.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        used = file.stat().st_size
        insert_floor, floor_bytes = _insert_floor(folder / "floor.sqlite", size)
        month_floor, _ = _timed(_query, file, _SUMS)
        read_floor, _ = _timed(_query, file, "SELECT pull_id, device_key, observed_at, bytes FROM samples")
        sealing, _ = _timed(_seal_oldest, ledger)
    figures = (
        Figure("insert of an hour", median(inserts), insert_floor, "the same integers into one table"),
        Figure("a month's peak of all customers", month, month_floor, "its sums by customer and hour, in SQL"),
        Figure("ledger check", check, read_floor, "every sample read once"),
        Figure("seal the oldest month", sealing, read_floor, "every sample read once"),
    )
    return Measured(size, used, floor_bytes, figures, len(found.problems), charged)


def show(console: Console, found: Measured) -> None:
    """Print the figures of a ledger as a table."""
    size = found.size
    usage = f"{size.customers:,} customers of {size.devices} devices, {size.hours:,} hours, {size.readings:,} readings"
    table = Table(title=f"The ledger: {usage}", title_justify="left")
    for name in ("what", "time", "floor", "ratio", "the floor"):
        table.add_column(name, justify="right" if name in {"time", "floor", "ratio"} else "left")
    for each in found.figures:
        ratio = f"{each.seconds / each.floor:.1f}"
        table.add_row(each.name, f"{each.seconds:.3f} s", f"{each.floor:.3f} s", ratio, each.of_floor)
    whole, floor = (f"{each / 2**20:,.0f} MiB" for each in (found.bytes, found.floor_bytes))
    ratio = f"{found.bytes / found.floor_bytes:.1f}"
    table.add_row("size of the file", whole, floor, ratio, "the same integers in one table")
    console.print(table)
    a_reading = found.bytes / size.readings
    console.print(f"{a_reading:.1f} bytes a reading; {found.charged:,} customers charged; {found.problems} problems.")


def _timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    began = perf_counter()
    result = work(*arguments)
    return perf_counter() - began, result


def _at(size: Size, hour: int) -> datetime:
    return END - (size.hours - hour) * HOUR


def _bytes(device: int, hour: int) -> int:
    """Return the figure of a device, which changes once a day, as after a nightly backup."""
    return 10**11 + device * 1_000_003 + (hour + device) // 24 * 50_000_000


def pull_of(size: Size, hour: int) -> Pull:
    """Return an hour's pull as a source gives it. Device numbers begin with 1, as in the ledger."""
    at = _at(size, hour)
    customers = tuple(Customer("cove", str(each), f"Customer {each}") for each in range(size.customers))
    samples = (
        Sample("cove", str(each), f"{each}-{device}", at, _bytes(each * size.devices + device + 1, hour))
        for each in range(size.customers)
        for device in range(size.devices)
    )
    return Pull("cove", at, at, "whole", customers, tuple(samples))


def fill(ledger: Ledger, source: str, at: datetime, hour: int) -> None:
    """Store an hour as `record_pull` does, with its entry in the chain, but with samples that SQL makes.

    All devices of the ledger must be of this source.
    """
    with ledger.write() as connection:
        counted = {
            "customers": sa.select(sa.func.count()).select_from(schema.customers).scalar_subquery(),
            "samples": sa.select(sa.func.count()).select_from(schema.devices).scalar_subquery(),
        }
        pull = {"source": source, "started_at": at, "finished_at": at, "state": "whole", "notes": [], **counted}
        pull_id = inserted_id(connection.execute(sa.insert(schema.pulls).values(pull)))
        connection.execute(_SAMPLES, {"pull": pull_id, "hour": hour})
        append(connection, PULLS, [pull_id])


_SAMPLES = sa.text("""
INSERT INTO samples (pull_id, device_key, bytes)
SELECT :pull, id, 100000000000 + id * 1000003 + (:hour + id) / 24 * 50000000 FROM devices
""")


def _charged(ledger: Ledger, size: Size) -> int:
    """Charge all customers by their peak of the last month, and return their number."""
    now = END - HOUR
    first_day = period_of(now, _SETTINGS.timezone).first_day
    rules = [rule for each in range(size.customers) for rule in _rules(str(each), first_day)]
    snapshots = load_snapshots(ledger, {"cove": "GB"}, rules, _SETTINGS, now, exclusions=[])
    inputs = ChargeInputs(now=now, settings=_SETTINGS, rules=rules, exclusions=[], snapshots=snapshots)
    return len(charge_usage(inputs).charges)


def _rules(customer: str, first_day: date) -> Iterator[Rule]:
    fields = {"customer": {"source": "cove", "id": customer}, "company": "c", "agreement": "a", "solution": "s"}
    more = {"managedId": "1", "product": "gb", "price": 1, "measure": "peak", "start": "2020-01-01"}
    yield rule_of(f"m{customer}", CustomerMappingSpec.model_validate({**fields, **more}), "GB", first_day=first_day)


def _seal_oldest(ledger: Ledger) -> None:
    """Delete the samples of the first 720 hours."""
    with ledger.read() as connection:
        first = connection.execute(sa.select(sa.func.min(schema.pulls.c.started_at, type_=schema.UtcTime))).scalar_one()
    seal(ledger, "main", "2020-01", ["cove"], samples_before=first + 720 * HOUR, keep_months=13, now=END)


_SUMS = """
SELECT devices.customer_id, samples.pull_id, sum(samples.bytes)
FROM samples JOIN devices ON devices.id = samples.device_key
WHERE samples.pull_id > (SELECT max(id) - 720 FROM pulls)
GROUP BY devices.customer_id, samples.pull_id
"""


def _query(file: Path, query: str) -> None:
    with closing(sqlite3.connect(file)) as bare:
        for _ in bare.execute(query):
            pass


def _insert_floor(file: Path, size: Size) -> tuple[float, int]:
    """Return the median time of inserting an hour by bare SQLite, and the bytes that all hours would take."""
    devices = size.customers * size.devices
    with closing(sqlite3.connect(file)) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = NORMAL")
        bare.execute("CREATE TABLE readings (pull, device, bytes, PRIMARY KEY (pull, device)) WITHOUT ROWID")

        def insert(hour: int) -> None:
            with bare:
                rows = ((hour, device, 10**11 + device) for device in range(devices))
                bare.executemany("INSERT INTO readings VALUES (?, ?, ?)", rows)

        times = [_timed(insert, hour)[0] for hour in range(_TIMED)]
        bare.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return median(times), file.stat().st_size * size.hours // _TIMED
