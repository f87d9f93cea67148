"""What the plan says about prices that begin to work in a later month."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from reconciler.ledger.store import Ledger
from tests.additions.scene import Scene
from tests.planning.builders import mapping, product

D = Decimal
PRICES = [{"from": "2026-01-01", "price": D("0.25")}, {"from": "2026-12-15", "price": D("0.30")}]


def notes(scene: Scene) -> list[str]:
    return [note.message for note in scene.plan().notes if note.message.startswith("prices change")]


def test_a_later_price_is_shown_with_its_day_its_customers_and_the_money(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.declare(product(prices=PRICES))
    scene.hour({"77": "120"})
    assert notes(scene) == [
        "prices change on 2027-01-01 (gb 0.25 → 0.3): 1 customer (acme), 30.00 → 36.00 USD a month (+6.00) "
        "at the quantities of now"
    ]


def test_the_price_changes_in_its_month_and_trips_no_guardrail(ledger: Ledger) -> None:
    scene = Scene(ledger, guardrails={"customers": {"percent": 1, "amount": 0, "share": 1, "atLeast": 1}})
    scene.declare(product(prices=PRICES))
    scene.hour({"77": "120"})
    assert scene.money() == 30
    scene.hour({"77": "120"}, at=datetime(2026, 12, 31, 22, tzinfo=UTC))
    assert scene.money() == 30
    (action,) = scene.hour({"77": "120"}, at=datetime(2026, 12, 31, 23, tzinfo=UTC))
    assert [(each.path, each.before, each.after) for each in action.changes] == [("unitPrice", "0.25", "0.3")]
    assert scene.money() == 36
    part = scene.plan()
    assert (part.tripped, notes(scene)) == ((), [])


def test_each_later_month_is_compared_with_the_one_before_it(ledger: Ledger) -> None:
    scene = Scene(ledger)
    first = {"from": "2026-01-01", "price": D(1), "cost": D("0.5")}
    scene.declare(
        mapping(prices=[first, {"from": "2027-01-01", "price": D(2)}, {"from": "2027-02-01", "price": D(1)}]),
    )
    scene.hour({"77": "10"})
    assert [each.partition(":")[0] for each in notes(scene)] == [
        "prices change on 2027-01-01 (gb 1 → 2, cost 0.5 → unknown)",
        "prices change on 2027-02-01 (gb 2 → 1)",
    ]
    assert notes(scene)[1].endswith("20.00 → 10.00 USD a month (-10.00) at the quantities of now")


def test_of_ranges_only_those_whose_price_changes_are_named(ledger: Ledger) -> None:
    scene = Scene(ledger)
    one = {"upTo": D(100), "product": "gb", "price": D(1)}
    scene.declare(mapping(product=None, ranges=[one, {"product": {"id": 4}, "prices": PRICES}]))
    scene.hour({"77": "10"})
    assert [each.partition(":")[0] for each in notes(scene)] == ["prices change on 2027-01-01 (#4 0.25 → 0.3)"]


def test_a_customer_without_a_known_quantity_is_counted_apart(ledger: Ledger) -> None:
    scene = Scene(ledger)
    names = [f"customer-{number}" for number in range(7)]
    scene.declare(product(prices=PRICES))
    scene.documents.pop("CustomerMapping/acme")
    scene.declare(*(mapping(name, customer={"source": "cove", "id": name}) for name in names))
    scene.uses({}, failed=True)
    assert notes(scene) == [
        "prices change on 2027-01-01 (gb 0.25 → 0.3): 7 customers (customer-0, customer-1, customer-2, customer-3, "
        "customer-4 and 2 more), 0.00 → 0.00 USD a month (+0.00) at the quantities of now; of 7 of them, the quantity "
        "or the price is unknown"
    ]


def test_a_mapping_that_ends_before_and_a_proposed_one_are_not_counted(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.declare(product(prices=PRICES), mapping(end="2026-12-31"))
    scene.hour({"77": "120"})
    assert notes(scene) == []
    scene.declare(mapping(metadata={"proposed": True}))
    assert notes(scene) == []
