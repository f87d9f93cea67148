"""Measure what ended months cost each hour: a run whose customers have 0, 1 or 12 ended months with lines of their own.

Each hour is planned as a run of `apply --only usage` does it between reading and writing: usage is loaded from the
ledger, charged and planned. The invoices of the ended months are made, and nothing of them has changed. ConnectWise is
not read. The times are those of the processor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.ledger import END, HOUR, Size, fill, pull_of
from reconciler.additions.charges import ChargedUsage, charge_usage
from reconciler.additions.desired import BillingContext
from reconciler.additions.month_terms import new_terms
from reconciler.additions.plan import UsageInputs, UsagePart, plan_usage
from reconciler.additions.tag import tag_of
from reconciler.cli.ended_months import LoadedMonths, with_ended_months
from reconciler.cli.loading import load_usage
from reconciler.cli.startup import prepare
from reconciler.kinds.base import Metadata
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.ledger.additions import load_snapshot, record_observed_additions
from reconciler.ledger.month_ratings import record_month_ratings
from reconciler.ledger.month_terms import record_month_terms
from reconciler.ledger.recording import record_pull
from reconciler.ledger.snapshot import Snapshot
from reconciler.ledger.store import Ledger
from reconciler.manifests.documents import Document, Manifests, Origin
from reconciler.metering.period import Period, local_date, month_before, period_of

MONTHS = (0, 1, 12)
QUICK = Size(100, 1, 9500)
FULL = Size(1000, 1, 9500)
_TENANT = "https://bench.example bench"
_TIMES = 3


@dataclass(frozen=True, slots=True)
class EndedHours:
    """The seconds of the processor for an hour, by the number of ended months with lines of their own."""

    size: Size
    first: Mapping[int, float]
    """Of the first run, which rates every month."""
    next: Mapping[int, float]
    """Of the runs after it, the median."""
    due: int
    """How many adjustments these runs found. 0, since nothing has changed."""


def measure(folder: Path, size: Size, numbers: Sequence[int] = MONTHS) -> EndedHours:
    """Fill a ledger, and measure the hour after it for each of these numbers of ended months."""
    prepare()
    first: dict[int, float] = {}
    after: dict[int, float] = {}
    due = 0
    with Ledger.open(str(folder / "ended.sqlite"), now=END) as ledger:
        record_pull(ledger, pull_of(size, 0))
        for hour in range(1, size.hours):
            fill(ledger, "cove", END - (size.hours - hour) * HOUR, hour)
        for months in numbers:
            estate = _Estate(ledger, size, months)
            first[months], part = _timed(estate)
            due += len(part.part.held)
            times = []
            for _ in range(_TIMES):
                seconds, part = _timed(estate)
                times.append(seconds)
                due += len(part.part.held)
            after[months] = median(times)
    return EndedHours(size, first, after, due)


def show(console: Console, found: EndedHours) -> None:
    """Print what an hour costs as a table."""
    size = found.size
    table = Table(
        title=f"An hour after ended months: {size.customers:,} customers with `peak`, hourly", title_justify="left"
    )
    for name in ("ended months", "first run", "every other run", "ratio to no ended month"):
        table.add_column(name, justify="right")
    for months in found.next:
        ratio = f"{found.next[months] / found.next[0]:.2f}"
        table.add_row(str(months), f"{found.first[months]:.2f} s", f"{found.next[months]:.2f} s", ratio)
    console.print(table)
    console.print(f"Times are those of the processor. {found.due} adjustments were found.")


def _timed(estate: _Estate) -> tuple[float, UsagePart]:
    began = process_time()
    found = estate.hour()
    return process_time() - began, found


class _Estate:
    """Customers whose mappings began some months ago. The invoices of all ended months are made."""

    def __init__(self, ledger: Ledger, size: Size, months: int) -> None:
        self._ledger, self._size = ledger, size
        self._now = END - HOUR
        self._workspace = f"bench-{months}"
        running = period_of(self._now, "UTC")
        ended = [running]
        for _ in range(months):
            ended.append(month_before(ended[-1], "UTC"))
        self._manifests = _manifests(self._workspace, size, ended[-1])
        self._additions: dict[int, list[LiveObject]] = {}
        self._next_invoice = ended[-1].first_day.isoformat()
        self._record_terms(ended[1:])
        self._bill(ended)
        self._next_invoice = running.first_day.isoformat()

    def _record_terms(self, months: list[Period]) -> None:
        rules = load_usage(self._manifests, self._live_state(), self._ledger, self._now).rules
        for month in months:
            terms = new_terms(rules, self._manifests, self._live_state(), month, {})
            record_month_terms(self._ledger, self._workspace, _TENANT, terms, self._now)

    def _bill(self, months: list[Period]) -> None:
        """Make the additions of all months, as the hourly runs of each have left them."""
        _, usage, _, _ = self._charged()
        days = {str(each): each for each in months}
        charges = [charge for month in usage.ended_months for charge in month.charges]
        for number, charge in enumerate([*charges, *usage.charges], start=1000):
            agreement, (line,) = int(charge.customer_id) + 1, charge.lines
            month = days[str(charge.period)]
            raw = {
                "product": {"id": 4, "identifier": "gb"},
                "quantity": line.quantity,
                "unitPrice": line.unit_price,
                "lessIncluded": Decimal(0),
                "billCustomer": "Billable",
                "serialNumber": tag_of("cove", charge.customer_id, charge.mapping, period=str(month)),
                "effectiveDate": f"{month.first_day}T00:00:00Z",
                "cancelledDate": f"{month.last_day}T00:00:00Z",
            }
            self._additions.setdefault(agreement, []).append(LiveObject("Addition", number, raw, agreement))

    def _charged(self) -> tuple[Snapshot, ChargedUsage, LoadedMonths, LiveState]:
        live_state, period = self._live_state(), period_of(self._now, "UTC")
        snapshot = load_snapshot(self._ledger, self._workspace, _TENANT, str(period), edits_since=self._now)
        to_charge = load_usage(self._manifests, live_state, self._ledger, self._now)
        loaded = with_ended_months(to_charge, self._manifests, live_state, snapshot, self._ledger, _TENANT)
        return snapshot, charge_usage(loaded.to_charge), loaded, live_state

    def hour(self) -> UsagePart:
        """Do what an hourly run does between reading ConnectWise and writing to it."""
        snapshot, usage, loaded, live_state = self._charged()
        today = local_date(self._now, "UTC")
        context = BillingContext(self._manifests, live_state, usage.period, today, "USD", setup=False, cycles={})
        found = plan_usage(
            UsageInputs(
                usage,
                loaded.to_charge.rules,
                snapshot,
                context,
                self._manifests.workspace.spec,
                terms=loaded.terms,
                ratings=loaded.ratings.known,
            )
        )
        records, name = found.records, self._workspace
        record_observed_additions(self._ledger, name, _TENANT, records.observed_additions, self._now)
        record_month_ratings(self._ledger, name, _TENANT, records.ratings, loaded.ratings.pulls, self._now)
        return found

    def _live_state(self) -> LiveState:
        customers = range(self._size.customers)
        objects: dict[tuple[str, int], LiveObject] = {
            ("Product", 4): LiveObject("Product", 4, {"identifier": "gb", "price": Decimal("0.25")})
        }
        links: dict[str, Mapping[tuple[str | int, ...], Link]] = {}
        company, product = Link("acme", 5), Link("gb", 4, "Product/gb")
        for number in (each + 1 for each in customers):
            raw = {
                "name": f"a{number}",
                "company": {"id": 5, "identifier": "acme"},
                "startDate": "2020-01-01T00:00:00Z",
                "noEndingDateFlag": True,
                "agreementStatus": "Active",
                "currency": {"currencyCode": "USD"},
                "nextInvoiceDate": f"{self._next_invoice}T00:00:00Z",
            }
            objects["Agreement", number] = LiveObject("Agreement", number, raw)
            agreement = Link(f"a{number}", number, f"Agreement/a{number}")
            links[f"CustomerMapping/m{number}"] = {
                ("agreement",): agreement,
                ("company",): company,
                ("product",): product,
            }
        solution = {"managementSolution": {"id": 1, "name": "s"}, "groupIdentifier": "1"}
        return LiveState(
            matches={"Product/gb": objects["Product", 4]},
            links=links,
            objects=objects,
            additions=self._additions,
            solutions={5: [LiveObject("ManagementSolution", 1, solution, 5)]},
        )


def _manifests(workspace: str, size: Size, first: Period) -> Manifests:
    secret = {"env": "X"}
    spec = {
        "connectwise": {"site": "x", "company": "x", "clientId": "x", "publicKey": "x", "privateKey": secret},
        "usage": [
            {"name": "cove", "type": "cove", "unit": "GB", "partner": "x", "username": "x", "password": secret},
        ],
        "billing": {"timezone": "UTC", "currency": "USD"},
    }
    return Manifests(
        Path("bench"), _document("Workspace", workspace, spec), tuple(_documents(size, first)), "sha256:bench", {}
    )


def _documents(size: Size, first: Period) -> Iterator[Document]:
    product = {"identifier": "gb", "description": "Backup, per GB", "subcategory": "Backup", "type": "Agreement"}
    yield _document("Product", "gb", {**product, "customerDescription": "Backup", "price": Decimal("0.25")})
    for each in range(size.customers):
        name = f"a{each + 1}"
        fields = {"name": name, "company": {"identifier": "acme"}, "contact": {"id": 7}, "type": "Managed Service"}
        yield _document("Agreement", name, {**fields, "startDate": "2020-01-01", "invoiced": "arrears"})
        mapping = {
            "customer": {"source": "cove", "id": str(each)},
            "company": {"identifier": "acme"},
            "agreement": name,
            "solution": "s",
            "managedId": "1",
            "product": "gb",
            "measure": "peak",
            "start": first.first_day.isoformat(),
        }
        yield _document("CustomerMapping", f"m{each + 1}", mapping)


def _document(of: str, name: str, spec: Mapping[str, Any]) -> Document:
    found = kind(of)
    metadata = Metadata.model_validate({"name": name})
    return Document(found, metadata, found.spec.model_validate(spec), frozenset(spec), Origin("bench.yaml", 0), {})
