"""What each surface of the product says that the customers of an estate are billed."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from reconciler.cli import explaining
from reconciler.cli.context import Context
from reconciler.cli.previewing import preview_invoices
from reconciler.cli.reconciling import check_period
from reconciler.cli.replaying import replay_month
from reconciler.cli.report_reading import Wanted, read_report
from reconciler.cli.session import Session, open_session
from reconciler.metering.period import Period, period_of
from reconciler.rendering.report.focus import focus_csv, focus_rows
from tests.money_grid.estate import Estate
from tests.money_grid.oracle import cents
from tests.money_grid.terms import months_after

T = TypeVar("T")
Json = Mapping[str, Any]


class Seen(NamedTuple):
    """A line as a surface has it. None for what the surface does not say."""

    charge: str
    product: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    agreement: str | None = None


Billed = Mapping[int, list[Seen]]
"""By the number of the customer. A customer without a line is left out."""

SURFACES = {
    "plan": "the additions after the plan of the last run: `plan --json`",
    "coverage": "the money of each customer in the coverage of this plan, as `usage coverage` lists it",
    "addition": "the additions in ConnectWise after the last run, and when the month is over",
    "preview": "the lines of the next invoices that `usage preview` shows",
    "invoice": "the lines of the invoices that ConnectWise makes of the month",
    "report": "what `usage report` says is billed, and its total, in the month and when it is over",
    "report of usage": "what `usage report` says that usage gives, and its total",
    "export": "the rows of `usage export`",
    "explain": "the lines of `usage explain`, for each customer",
    "replay": "the lines of `usage replay`, by the rules that billed the month",
    "close": "the additions and the amounts that `usage close` freezes, but for customers with an uncounted device",
    "reconcile": "the sums that `usage reconcile` finds for each agreement, without a difference",
}
"""The surfaces that are compared with the oracle, and what is compared."""
NO_MONEY = {"pull": "reads usage, and bills nothing"}
"""The commands of `usage` that say nothing of money."""


def expected(estate: Estate) -> dict[int, list[Seen]]:
    """Return what the oracle expects."""
    names = {each.number: each.agreement for each in estate.terms}
    return {
        number: [
            Seen(each.charge, each.product, each.quantity, each.price, each.amount, names[number]) for each in lines
        ]
        for number, lines in estate.expected().items()
    }


# ── ConnectWise ──────────────────────────────────────────────────────────────────────────────────────────


def _rows(estate: Estate) -> dict[int, dict[str, Any]]:
    """Return the additions of the tenant, by id."""
    tables = estate.shop.tenant.tables
    products = {number: row.data["identifier"] for number, row in tables["catalogItem"].rows.items()}
    agreements = {number: row.data["name"] for number, row in tables["agreement"].rows.items()}
    return {
        number: {**row.data, "product": products[row.data["product"]["id"]], "agreement": agreements[row.parent]}
        for number, row in tables["addition"].rows.items()
    }


def _billed(estate: Estate, rows: Iterable[Json]) -> Billed:
    """Return the additions that bill the month."""
    first, last = estate.phase.month.isoformat(), (months_after(estate.phase.month, 1) - timedelta(days=1)).isoformat()
    found: dict[int, list[Seen]] = defaultdict(list)
    for row in rows:
        _, number, _, charge, *period = str(row["serialNumber"]).split("/")
        begins, ends = str(row["effectiveDate"])[:10], str(row.get("cancelledDate") or "9999")[:10]
        if Decimal(row["quantity"]) and (period == [first[:7]] or (not period and begins <= last and ends >= first)):
            found[int(number)].append(_line(charge, row, row["agreement"]))
    return found


def _line(charge: str, row: Json, agreement: str) -> Seen:
    """Return a line of an addition or of an invoice."""
    quantity, price = Decimal(str(row["quantity"])), Decimal(str(row["unitPrice"]))
    return Seen(charge, str(row["product"]).lower(), quantity, price, cents(quantity * price), agreement)


def additions(estate: Estate) -> Billed:
    """Return what ConnectWise has."""
    return _billed(estate, _rows(estate).values())


def plan(estate: Estate, planned: Json) -> Billed:
    """Return what ConnectWise will have after a plan."""
    rows: dict[Any, dict[str, Any]] = dict(_rows(estate))
    for action in planned["actions"]:
        if action["kind"] != "Addition":  # a dated price of a product that comes into force
            continue
        row = rows.setdefault(action["id"] or action["address"], {})
        for change in action["changes"]:
            after = change["after"]
            row[change["path"]] = after["name"] if isinstance(after, Mapping) else after
    return _billed(estate, rows.values())


def invoice_lines(estate: Estate) -> Billed:
    """Return the lines of the invoices that bill the month."""
    month, found = f"{estate.phase.month:%Y-%m}", defaultdict[int, list[Seen]](list)
    agreements = {number: row.data["name"] for number, row in estate.shop.tenant.tables["agreement"].rows.items()}
    for invoice, of in estate.invoices.items():
        row = estate.shop.tenant.tables["invoice"].rows[invoice]
        for line in row.secrets["lines"]:
            _, number, _, charge, *period = str(line["serialNumber"]).split("/")
            if Decimal(line["quantity"]) and (period or [f"{of:%Y-%m}"]) == [month]:
                found[int(number)].append(_line(charge, line, agreements[row.data["agreement"]["id"]]))
    return found


# ── the product's own views ─────────────────────────────────────────────────────────────────────────────


def coverage(estate: Estate, planned: Json) -> Mapping[int, Decimal]:
    """Return the money of each customer in the coverage of a plan."""
    numbers = {each.number for each in estate.terms}
    found: dict[int, Decimal] = defaultdict(Decimal)
    for row in planned["coverage"]:
        if row["address"] and int(row["customer"]) in numbers:
            found[int(row["customer"])] += Decimal(row["money"] or 0)
    return found


@dataclass
class Views:
    """The commands of the product that only read, in one session."""

    estate: Estate
    session: Session
    period: Period

    async def preview(self) -> Billed:
        """Return the lines of the next invoices."""
        said = await preview_invoices(self.session, None)
        found: dict[int, list[Seen]] = defaultdict(list)
        for agreement in said["agreements"]:
            for line in agreement["lines"]:
                now, address = line["stands"], str(line["address"]).partition("@")[0]
                mapping, charge, _ = re.split(r"[.:]", address.removeprefix("Addition/"), maxsplit=2)
                if now is not None and Decimal(now["quantity"]):
                    found[_number(mapping)].append(
                        Seen(charge, line["product"].lower(), Decimal(now["quantity"]), Decimal(now["unit_price"]),
                             Decimal(now["amount"]), agreement["name"])
                    )  # fmt: skip
        return found

    async def reported(self) -> AsyncIterator[tuple[str, Billed]]:
        """Return what the report says, by surface: of what is billed, of usage, and as the rows of the export."""
        read = await read_report(self.session, Wanted(str(self.period), None, plots=0))
        content = read.model_dump(mode="json")
        yield "report", _report(content, rated=False)
        yield "report of usage", _report(content, rated=True)
        yield "export", _export(focus_csv(focus_rows(content, "grid")))

    async def explain(self) -> Billed:
        """Return what the explanation of each customer says."""
        found: dict[int, list[Seen]] = {}
        planned = await explaining.plan_from_ledger(self.session)

        async def known(_: Session) -> Any:
            return planned

        with self.estate.shop.patch.context() as patch:
            patch.setattr(explaining, "plan_from_ledger", known)
            for each in self.estate.terms:
                customer = f"{each.source}/{each.customer}"
                said = await explaining.explain_address(self.session, customer, str(self.period))
                found[each.number] = [
                    line for charge in said["charges"] for line in _seen(charge["charge"], charge["lines"])
                ]
        return found

    def replay(self) -> Billed:
        """Return the lines that the month has, rated again by its own rules."""
        said = replay_month(self.session, self.period, None)
        found: dict[int, list[Seen]] = defaultdict(list)
        for customer in said["customers"]:
            for charge in customer["charges"]:
                assert charge["same"], charge
                found[int(customer["customer"].partition("/")[2])] += _seen(charge["charge"], charge["rated"])
        return found

    async def reconcile(self) -> Json:
        """Return the check of the month."""
        return await check_period(self.session, self.period)


def closed(estate: Estate) -> tuple[Billed, set[int]]:
    """Close the month, and return what is frozen, and the customers that are left open: those that it names."""
    said = estate.shop("--json", "usage", "close", "--period", f"{estate.phase.month:%Y-%m}")
    assert said.code == 3, said.out
    unknown = {each["address"]: each["what"] for each in said.json["error"]["unknown"]}
    left = {address for address in unknown if "/" in address}
    assert all(unknown[each].startswith(("uncounted", "unmapped")) for each in left), unknown
    accepted = [f"--accept={address}=known" for address in unknown]
    said = estate.shop("--json", "usage", "close", "--period", f"{estate.phase.month:%Y-%m}", *accepted)
    assert said.code == (5 if left else 0), said.err
    assert {each["address"] for each in said.json["left_open"]} == left
    found: dict[int, list[Seen]] = defaultdict(list)
    for charge in said.json["charges"]:
        lines = _seen(charge["charge"], charge["additions"])
        assert Decimal(charge["amount"]) == sum((each.amount for each in lines), Decimal(0)), charge
        found[int(charge["customer"].partition("/")[2])] += lines
    return found, {int(each.partition("/")[2]) for each in left}


def views(estate: Estate, see: Callable[[Views], Awaitable[T]]) -> T:
    """Return what a function sees in a session of the estate."""
    shop = estate.shop
    context = Context(shop.folder, None, json=True, color=False, verbose=False, now=shop.time, environ=os.environ)

    async def opened() -> T:
        async with open_session(context) as session:
            zone = session.workspace.billing.timezone
            return await see(Views(estate, session, period_of(estate.moments[-1], zone)))

    return asyncio.run(opened())


def _number(mapping: str) -> int:
    return int(mapping.strip("mr"))


def _report(content: Json, *, rated: bool) -> Billed:
    found: dict[int, list[Seen]] = defaultdict(list)
    for customer in content["customers"]:
        number = int(customer["address"].partition("/")[2])
        assert not customer["other"], customer
        for charge in customer["charges"]:
            lines = charge["rating"]["lines"] if rated else charge["billed"]
            found[number] += _seen(charge["name"], lines)
    total = sum((each.amount for lines in found.values() for each in lines), Decimal(0))
    assert total == Decimal(content["totals"]["by_usage" if rated else "billed"])
    return found


def _seen(charge: str, lines: Iterable[Json]) -> list[Seen]:
    return [
        Seen(
            charge,
            line["product"],
            Decimal(line["quantity"]),
            Decimal(line["unit_price"]),
            Decimal(line["amount"]),
            line.get("agreement"),
        )
        for line in lines
        if Decimal(line["quantity"])
    ]


def _export(text: str) -> Billed:
    found: dict[int, list[Seen]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(text)):
        found[int(row["x_Customer"].partition("/")[2])].append(
            Seen(
                json.loads(row["Tags"])["charge"],
                row["SkuId"],
                Decimal(row["PricingQuantity"]),
                Decimal(row["ContractedUnitPrice"]),
                Decimal(row["BilledCost"]),
                row["SubAccountName"],
            )
        )
    return found
