"""Measure the commands of a month's end as whole programs, on an estate with a month of hourly usage in its ledger.

Each customer has 8 devices and two charges: its storage by ranges, and the number of its devices. Every command runs in
a new process. Its time is the processor time of that process. The floor is `reconciler validate`: every command loads
the same manifests first.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks import estates, measuring
from benchmarks.estates import FIRST_CUSTOMER_ID, RunningSandbox
from benchmarks.ledger import fill
from benchmarks.running import reconciler, run
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger, default_url

DEVICES: Final = 8
"""Of each customer."""
HOURS: Final = 770
"""How many hours the ledger has before the last one: the month, and what its first hours look back to."""
LAST_HOUR: Final = datetime.fromisoformat("2026-12-01T04:00:00+00:00")
"""In New York, the last hour of the month."""
AFTERWARDS: Final = LAST_HOUR + timedelta(hours=3)
MONTH: Final = "2026-11"
_SOURCE: Final = "files"


@dataclass(frozen=True, slots=True)
class Command:
    """One command, measured."""

    name: str
    processor: float
    """Seconds."""
    peak_mb: float
    requests: int


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """The commands of one estate."""

    customers: int
    measure: str
    floor: float
    """The processor time of `validate`, in seconds."""
    commands: Sequence[Command]


def measure(folder: Path, customers: int, kind: str) -> MonthEnd:
    """Write an estate into `folder`, which must not exist yet, and measure its commands.

    `kind` is the measure of all charges, such as `peak`.
    """
    root = folder / "manifests"
    write_estate(root, customers, kind)
    _fill_ledger(root, customers)
    with estates.sandbox(0, clock=LAST_HOUR.isoformat()) as sandbox:
        env = measuring.environment_of(sandbox, folder)
        _apply(root, sandbox, env, LAST_HOUR, "apply", "--auto-approve")
        commands = [_apply(root, sandbox, env, AFTERWARDS, "apply", "--only", "usage", "--auto-approve")]
        sandbox.make_invoices(AFTERWARDS.date().isoformat())
        env["RECONCILER_NOW"] = AFTERWARDS.isoformat()
        floor = run(reconciler(root, "validate"), env).processor
        commands += [_measured(root, sandbox, env, *arguments) for arguments in _COMMANDS]
        _double_prices(root / "products.yaml")
        commands.append(_measured(root, sandbox, env, "plan", name="plan with other prices"))
    return MonthEnd(customers, kind, floor, commands)


_PERIOD: Final = ("--period", MONTH)
_COMMANDS: Final = (
    ("plan",),
    ("usage", "replay", *_PERIOD),
    ("usage", "replay", *_PERIOD, "--rules", "today"),
    ("usage", "explain", f"{_SOURCE}/{FIRST_CUSTOMER_ID}", *_PERIOD),
    ("usage", "report", *_PERIOD, "--format", "html"),
    ("usage", "export", *_PERIOD, "--out", "focus.csv"),
    ("usage", "export", *_PERIOD, "--out", "focus.parquet"),
    ("usage", "reconcile", *_PERIOD),
    ("usage", "preview"),
    ("ledger", "check"),
    ("usage", "close", *_PERIOD),
)


def show(console: Console, found: Sequence[MonthEnd]) -> None:
    """Print the commands of estates of one measure as a table, with how their times grow with the customers."""
    largest = found[-1]
    table = Table(title=f"The end of a month: {DEVICES} devices a customer, {largest.measure}", title_justify="left")
    table.add_column("command")
    sizes = [f"{each.customers:,} customers, s" for each in found]
    for name in (*sizes, "grows by", "ratio to validate", "peak MB", "requests"):
        table.add_column(name, justify="right")
    floors = [each.floor for each in found]
    table.add_row("validate", *(f"{each:.2f}" for each in floors), _growth(found, floors), "1.0", "", "")
    for place, command in enumerate(largest.commands):
        times = [each.commands[place].processor for each in found]
        ratio = f"{command.processor / largest.floor:.1f}"
        more = (_growth(found, times), ratio, f"{command.peak_mb:.0f}", f"{command.requests:,}")
        table.add_row(command.name, *(f"{each:.2f}" for each in times), *more)
    console.print(table)


def _growth(found: Sequence[MonthEnd], times: Sequence[float]) -> str:
    """Return the power of the number of customers by which times grow: 1 is linear. Empty for one estate."""
    sizes = [each.customers for each in found]
    return f"n^{log(times[-1] / times[0]) / log(sizes[-1] / sizes[0]):.2f}" if len(found) > 1 else ""


def _apply(root: Path, sandbox: RunningSandbox, env: dict[str, str], at: datetime, *arguments: str) -> Command:
    """Move the time to `at`, write the usage of this hour, and run a command."""
    sandbox.move_clock(at.isoformat())
    env["RECONCILER_NOW"] = at.isoformat()
    customers = len([*(root / "customers").iterdir()])
    with (root / "usage.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("customer_id", "customer_name", "device_id", "used", "unit", "as_of"))
        for each in _samples(customers, at):
            rows.writerow((each.customer_id, each.customer_id, each.device_id, each.bytes, "B", at.isoformat()))
    return _measured(root, sandbox, env, *arguments)


def _measured(root: Path, sandbox: RunningSandbox, env: Mapping[str, str], *arguments: str, name: str = "") -> Command:
    sandbox.forget_requests()
    done = run(reconciler(root, *arguments), env, cwd=root.parent)
    requests = sandbox.state()["requests"]["total"]
    return Command(name or " ".join(arguments), done.processor, done.peak_mb, requests)


def _samples(customers: int, at: datetime) -> list[Sample]:
    return [
        Sample(_SOURCE, str(FIRST_CUSTOMER_ID + each), f"{each}-{device}", at, 10**11 + each * DEVICES + device)
        for each in range(customers)
        for device in range(DEVICES)
    ]


def _fill_ledger(root: Path, customers: int) -> None:
    first = LAST_HOUR - timedelta(hours=HOURS)
    (root.parent / ".reconciler").mkdir()
    with Ledger.open(default_url(root), now=first) as ledger:
        listed = tuple(
            Customer(_SOURCE, number, number) for number in (str(FIRST_CUSTOMER_ID + each) for each in range(customers))
        )
        record_pull(ledger, Pull(_SOURCE, first, first, "whole", listed, tuple(_samples(customers, first))))
        for hour in range(1, HOURS):
            fill(ledger, _SOURCE, first + timedelta(hours=hour), hour)


def write_estate(root: Path, customers: int, kind: str) -> None:
    """Write the manifests of an estate whose customers have several charges with the measure `kind`."""
    estates.write_estate(root, customers)
    workspace = root / "workspace.yaml"
    text = workspace.read_text(encoding="utf-8")
    begin, end = text.index("    - name: cove"), text.index("  billing:")
    workspace.write_text(text[:begin] + _USAGE + text[end:], encoding="utf-8")
    with (root / "products.yaml").open("a", encoding="utf-8") as products:
        products.write(_PRODUCTS)
    defaults = root / "defaults.yaml"
    text = defaults.read_text(encoding="utf-8").replace("    product: backup-gb\n", "")
    defaults.write_text(text, encoding="utf-8")
    for path in (root / "customers").iterdir():
        text = path.read_text(encoding="utf-8").replace("source: cove", f"source: {_SOURCE}")
        path.write_text(text + _CHARGES.format(measure=kind), encoding="utf-8")


def _double_prices(products: Path) -> None:
    text = products.read_text(encoding="utf-8")
    products.write_text(text.replace("price: 0.15", "price: 0.30").replace("price: 0.12", "price: 0.24"))


_USAGE: Final = f"""\
    - name: {_SOURCE}
      type: csv
      path: usage.csv
      unit: GB
"""
_PRODUCTS: Final = """\
---
apiVersion: reconciler/v1
kind: Product
metadata:
  name: backup-large
spec:
  identifier: BACKUP-LARGE
  description: Managed backup, per GB of large customers
  customerDescription: Managed backup storage, per gigabyte and month
  price: 0.12
  cost: 0.05
---
apiVersion: reconciler/v1
kind: Product
metadata:
  name: backup-device
spec:
  identifier: BACKUP-DEVICE
  description: Managed backup, per device
  customerDescription: Managed backup, per device and month
  price: 3
  cost: 1
"""
_CHARGES: Final = """\
  charges:
    - name: storage
      measure: {measure}
      ranges:
        - {{upTo: 500, product: backup-gb}}
        - {{product: backup-large}}
    - name: devices
      meter: devices
      measure: {measure}
      product: backup-device
"""
