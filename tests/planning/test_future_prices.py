"""The catalog has the price of this month, and the plan names those of later months."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from reconciler.kinds.live_state import LiveState
from reconciler.manifests.documents import Document
from reconciler.manifests.on_day import on_day
from reconciler.planning.action import Change
from reconciler.planning.future_prices import future_prices
from reconciler.planning.part import Part
from reconciler.planning.retire import Terms
from reconciler.planning.setup import clearing_documents, plan_setup
from tests.planning.builders import TABLES, live, manifests, product

D = Decimal
PRICES = [
    {"from": "2026-01-01", "price": D("0.25"), "cost": D("0.1")},
    {"from": "2027-01-01", "price": D("0.3"), "cost": D("0.2")},
]
LIVE = live("Product", 4, {"identifier": "BACKUP-GB", "price": D("0.25"), "cost": D("0.1")})


def without_price(**spec: object) -> Document:
    """Return a product that declares its identifier and dated prices only."""
    found = product(**{"price": None, **spec})
    return Document(found.kind, found.metadata, found.spec, frozenset({"identifier", "prices"}), found.origin, {})


def planned(document: Document, month: date) -> Part:
    (found,) = on_day(manifests(document), month).documents
    live_state = LiveState(matches={found.address: LIVE}, tables=TABLES)
    assert clearing_documents([found], live_state) == []
    return plan_setup([found], live_state, terms=Terms("2026-11-30"))


def test_the_catalog_gets_the_price_and_the_cost_of_the_month() -> None:
    document = without_price(prices=PRICES)
    assert planned(document, date(2026, 12, 1)).actions == ()
    (action,) = planned(document, date(2027, 1, 1)).actions
    assert action.changes == (
        Change(path="price", before="0.25", after="0.3", number=True),
        Change(path="cost", before="0.1", after="0.2", number=True),
    )
    assert action.precondition is not None
    assert action.precondition.fields["price"] == "0.25"


def test_a_cost_that_no_entry_gives_is_not_managed() -> None:
    document = without_price(prices=[{"from": "2027-01-01", "price": D("0.3")}])
    (action,) = planned(document, date(2027, 1, 1)).actions
    assert [each.path for each in action.changes] == ["price"]


def test_the_plan_names_each_later_price_of_a_product() -> None:
    later = [*PRICES, {"from": "2027-02-01", "price": D("0.4")}]
    found = future_prices(
        manifests(product(prices=later), product("retired", metadata={"ensure": "retired"})), date(2026, 11, 1)
    )
    assert [(each.address, each.message) for each in found] == [
        ("Product/gb", "from 2027-01-01 on: price 0.3, cost 0.2; until then price 0.25, cost 0.1"),
        ("Product/gb", "from 2027-02-01 on: price 0.4; until then price 0.3, cost 0.2"),
    ]
    (only,) = future_prices(manifests(product(price=None, prices=PRICES[1:])), date(2026, 11, 1))
    assert only.message == "from 2027-01-01 on: price 0.3, cost 0.2; until then no price"
