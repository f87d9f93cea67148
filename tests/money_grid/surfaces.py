"""What each surface of the product says that the customers of an estate are billed."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.cli import explaining
from reconciler.cli.context import Context
from reconciler.cli.session import Session, open_session
from reconciler.metering.period import period_of
from tests.money_grid.estate import Estate
from tests.money_grid.oracle import cents, month_of

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
    "addition": "the additions in ConnectWise after the last run",
    "report": "what `usage report` says is billed, and its total",
    "report of usage": "what `usage report` says that usage gives, and its total",
    "explain": "the lines of `usage explain`, for each customer",
    "export": "the rows of `usage export`",
}
"""The surfaces that are compared with the oracle, and what is compared."""
NO_MONEY = {"pull": "reads usage, and bills nothing"}
"""The commands of `usage` that say nothing of money."""
NOT_OBSERVED = ("close", "preview", "reconcile", "replay")
"""Surfaces of BILLING that are not compared yet."""


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
    first, _, end = month_of(estate.shop.time, estate.terms[0].zone)
    last = (end - timedelta(hours=12)).astimezone(estate.terms[0].zone).date()
    found: dict[int, list[Seen]] = defaultdict(list)
    for row in rows:
        _, number, _, charge, *period = str(row["serialNumber"]).split("/")
        begins, ends = str(row["effectiveDate"])[:10], str(row.get("cancelledDate") or "9999")[:10]
        quantity, price = Decimal(str(row["quantity"])), Decimal(str(row["unitPrice"]))
        if quantity and begins <= last.isoformat() and ends >= first.isoformat():
            assert period in ([], [f"{first:%Y-%m}"]), row
            seen = Seen(charge, str(row["product"]).lower(), quantity, price, cents(quantity * price), row["agreement"])
            found[int(number)].append(seen)
    return found


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


# ── the product's own views ─────────────────────────────────────────────────────────────────────────────


def coverage(estate: Estate, planned: Json) -> Mapping[int, Decimal]:
    """Return the money of each customer in the coverage of a plan."""
    numbers = {each.number for each in estate.terms}
    found: dict[int, Decimal] = defaultdict(Decimal)
    for row in planned["coverage"]:
        if row["address"] and int(row["customer"]) in numbers:
            found[int(row["customer"])] += Decimal(row["money"] or 0)
    return found


def report(estate: Estate, *, rated: bool) -> Billed:
    """Return what the report says is billed, or with `rated` what it says that usage gives."""
    said = estate.shop("usage", "report", "--format", "json", "--no-plots")
    assert said.code == 0, said.err
    found: dict[int, list[Seen]] = defaultdict(list)
    for customer in said.json["customers"]:
        number = int(customer["address"].partition("/")[2])
        assert not customer["other"], customer
        for charge in customer["charges"]:
            lines = charge["rating"]["lines"] if rated else charge["billed"]
            found[number] += _seen(charge["name"], lines)
    total = sum((each.amount for lines in found.values() for each in lines), Decimal(0))
    assert total == Decimal(said.json["totals"]["by_usage" if rated else "billed"])
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


def explanations(estate: Estate) -> Billed:
    """Return what the explanation of each customer says. All of them are made in one session."""
    shop = estate.shop
    context = Context(shop.folder, None, json=True, color=False, verbose=False, now=shop.time, environ=os.environ)
    known: dict[str, Any] = {}
    plan_once = explaining.plan_from_ledger

    async def planned(session: Session) -> Any:
        if not known:
            known["plan"] = await plan_once(session)
        return known["plan"]

    async def explain_all() -> dict[int, list[Seen]]:
        found: dict[int, list[Seen]] = {}
        async with open_session(context, usage=False) as session:
            period = period_of(estate.shop.time, session.workspace.billing.timezone)
            for each in estate.terms:
                said = await explaining.explain_address(session, f"{each.source}/{each.customer}", period)
                found[each.number] = [
                    line for charge in said["charges"] for line in _seen(charge["charge"], charge["lines"])
                ]
        return found

    with estate.shop.patch.context() as patch:
        patch.setattr(explaining, "plan_from_ledger", planned)
        return asyncio.run(explain_all())


def export(estate: Estate) -> Billed:
    """Return the rows of the FOCUS export."""
    path = Path(estate.shop.folder.parent) / "export.csv"
    said = estate.shop("usage", "export", "--out", str(path))
    assert said.code == 0, said.err
    found: dict[int, list[Seen]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))):
        number = int(row["x_Customer"].partition("/")[2])
        found[number].append(
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
