"""What the last month would have cost by other prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from reconciler.additions.charges import charge_usage
from reconciler.closing.price_change import (
    Month,
    PriceChange,
    Prices,
    compared_month,
    effect_note,
    price_changes,
    price_effects,
    standing_prices,
)
from reconciler.kinds.billing_rules import Range, Rule
from reconciler.kinds.dated_prices import UnitPrice
from reconciler.ledger.additions import load_snapshot
from reconciler.ledger.store import Ledger
from reconciler.metering.period import period_of
from reconciler.planning.plan import Money, PriceEffect
from tests.additions.scene import TENANT, Scene
from tests.planning.builders import mapping, product

D = Decimal


def rule(name: str = "acme", price: str | None = "0.25", cost: str | None = None, **more: Any) -> Rule:
    unit_cost = None if cost is None else D(cost)
    one = Range("gb", None, None if price is None else D(price), unit_cost)
    return Rule(name, "cove", f"id-{name}", "GB", **{"ranges": (one,), **more})


def changes(*stages: Prices, at: UnitPrice | None = None) -> list[PriceChange]:
    return price_changes(stages, lambda _rule, _place: at)


def effect(change: PriceChange, **quantities: str) -> PriceEffect:
    """Return the effect on a month with these quantities."""
    (found,) = price_effects(
        Month("2026-10", False, [Used(name, D(each)) for name, each in quantities.items()]), [change], "USD"
    )
    return found


class Used:
    """A charge with a quantity."""

    def __init__(self, name: str, quantity: D) -> None:
        self.mapping = name
        self.name = "storage"
        self.trace = self
        self.quantity = quantity


NOW = Prices(None, [rule(price="0.30")])


def test_prices_as_they_stand_are_compared_with_those_of_the_manifests() -> None:
    (change,) = changes(NOW, at=UnitPrice(D("0.25")))
    found = effect(change, acme="120")
    assert (found.period, found.closed, found.first_day) == ("2026-10", False, None)
    assert (found.money.before, found.money.after, found.money.cost_after) == (30, 36, None)
    assert [(each.mapping, each.customer, each.quantity) for each in found.customers] == [
        ("CustomerMapping/acme", "cove/id-acme", 120)
    ]
    assert effect_note(found).message == (
        "by these prices, 2026-10 (the last month that has ended, not closed) would have cost "
        "30.00 → 36.00 USD (+6.00): acme 30.00 → 36.00"
    )


def test_a_charge_of_several_is_named() -> None:
    several = replace(rule(price="0.30"), place=("charges", 1), charge="servers")
    (change,) = changes(Prices(None, [several]), at=UnitPrice(D("0.25")))
    found = effect_note(effect(change)).message
    assert found.endswith("the ledger has no usage of it for the customer whose prices change")
    (customer,) = effect(change).customers
    assert customer.charge == "servers"
    known = customer.model_copy(update={"money": Money(before=D(1), after=D(2), currency="USD")})
    assert "acme.servers 1.00 → 2.00" in effect_note(effect(change).model_copy(update={"customers": (known,)})).message


def test_the_same_prices_and_those_of_a_new_customer_are_no_change() -> None:
    assert changes(NOW, at=UnitPrice(D("0.30"))) == []
    assert changes(NOW) == []
    assert changes(Prices(None, [rule(price="0.30", proposed=True)]), at=UnitPrice(D("0.25"))) == []


def test_a_cost_that_becomes_known_is_no_change_of_a_price() -> None:
    with_cost = Prices(None, [rule(price="0.30", cost="0.1")])
    assert changes(with_cost, at=UnitPrice(D("0.30"))) == []
    (change,) = changes(with_cost, at=UnitPrice(D("0.30"), D("0.2")))
    money = effect(change, acme="100").money
    assert (money.cost_before, money.cost_after, money.margin_before, money.margin_after) == (20, 10, 10, 20)
    assert ", cost 20.00 → 10.00: acme 30.00" in effect_note(effect(change, acme="100")).message


def test_each_later_day_is_compared_with_the_prices_before_it() -> None:
    later = [
        Prices(date(2027, 1, 1), [rule(price="0.40")]),
        Prices(date(2027, 2, 1), [rule(price="0.40"), rule("new")]),
    ]
    (change,) = changes(NOW, *later)
    found = effect(change, acme="10")
    assert (found.first_day, found.money.before, found.money.after) == (date(2027, 1, 1), 3, 4)
    assert effect_note(found).message.startswith("by the prices from 2027-01-01 on, 2026-10")


def test_a_price_that_falls_across_ranges_is_priced_by_the_whole_rule() -> None:
    def tiers(*prices: str) -> Rule:
        return rule(ranges=(Range("a", D(10), D(prices[0])), Range("b", None, D(prices[1]))), tiering="graduated")

    (change,) = changes(Prices(None, [tiers("1", "0.5")]), Prices(date(2027, 1, 1), [tiers("1", "0.4")]))
    assert (effect(change, acme="30").money.before, effect(change, acme="30").money.after) == (20, 18)
    assert "(-2.00)" in effect_note(effect(change, acme="30")).message


def test_a_customer_without_known_usage_or_price_is_counted_and_has_no_amounts() -> None:
    names = [f"c{number}" for number in range(8)]
    before = Prices(None, [rule(name, "1") for name in names])
    after = [rule(name, None if name == "c7" else "2") for name in names]
    (change,) = changes(before, Prices(date(2027, 1, 1), after))
    found = effect(change, **{name: str(index + 1) for index, name in enumerate(names) if name != "c0"})
    assert [each.mapping for each in found.customers if each.money is None] == [
        "CustomerMapping/c0",
        "CustomerMapping/c7",
    ]
    assert effect_note(found).message.endswith(
        "would have cost 27.00 → 54.00 USD (+27.00): c6 7.00 → 14.00; c5 6.00 → 12.00; c4 5.00 → 10.00; "
        "c3 4.00 → 8.00; c2 3.00 → 6.00; and 1 more, which --json lists; 2 more had no known usage or price then"
    )
    assert "is unknown: the ledger has no usage of it for the 8 customers" in effect_note(effect(change)).message


def test_a_quantity_that_no_range_holds_has_no_amount() -> None:
    open_ended = rule(ranges=(Range("a", D(10), D(1)),))
    (change,) = changes(Prices(None, [open_ended]), Prices(date(2027, 1, 1), [rule(ranges=(Range("a", D(10), D(2)),))]))
    assert effect(change, acme="11").customers[0].money is None


def test_a_closed_month_is_named_so() -> None:
    (change,) = changes(NOW, at=UnitPrice(D("0.25")))
    (found,) = price_effects(Month("2026-10", True, [Used("acme", D(1))]), [change], None)
    assert effect_note(found).message.startswith(
        "by these prices, 2026-10 (the last closed month) would have cost 0.25 → 0.30 (+0.05)"
    )


def test_the_additions_stand_at_the_prices_of_our_last_write(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.declare(product(cost=D("0.1")))
    scene.hour({"77": "120"})
    (line,) = scene.additions
    line.raw["unitPrice"] = D("9")
    scene.declare(product(price=D("0.30"), cost=D("0.1")), mapping("new", customer={"source": "cove", "id": "78"}))
    found = standing_prices(scene.live_state, load_snapshot(ledger, "test", TENANT, str(scene.period)))
    rules = scene.to_charge().rules
    assert [found(each, 0) for each in rules] == [UnitPrice(D("0.25"), D("0.1")), None]
    unlinked = Rule("gone", "cove", "5", "GB", (Range("gb"),))
    assert found(unlinked, 0) is None
    line.raw["unitPrice"] = None
    without = standing_prices(scene.live_state, load_snapshot(ledger, "other", TENANT, str(scene.period)))
    assert without(rules[0], 0) is None


def test_the_month_is_measured_by_the_samples_of_the_ledger(ledger: Ledger) -> None:
    """The plan of November prices October by the last figure of October."""
    scene = Scene(ledger)
    scene.hour({"77": "100"}, at=datetime(2026, 10, 31, 20, tzinfo=UTC))
    scene.hour({"77": "200"}, at=datetime(2026, 11, 2, 20, tzinfo=UTC))
    scene.now = datetime(2026, 10, 31, 22, 59, tzinfo=UTC)
    october = charge_usage(scene.to_charge())
    assert str(october.period) == "2026-10"
    (change,) = changes(Prices(None, [rule(price="0.30")]), at=UnitPrice(D("0.25")))
    (found,) = price_effects(Month("2026-10", False, october.charges), [change], "USD")
    assert (found.money.before, found.money.after) == (25, 30)


@pytest.mark.parametrize(
    ("closed", "sealed", "found"),
    [
        (set(), None, ("2026-10", False)),
        ({"2026-10", "2026-09"}, None, ("2026-10", True)),
        ({"2026-09", "2026-08"}, None, ("2026-09", True)),
        ({"2026-09", "2026-08"}, "2026-08", ("2026-09", True)),
        ({"2026-08"}, "2026-08", ("2026-10", False)),
    ],
)
def test_the_month_is_the_last_closed_one_with_usage_or_else_the_last_one_that_has_ended(
    closed: set[str], sealed: str | None, found: tuple[str, bool]
) -> None:
    running = period_of(datetime(2026, 11, 10, tzinfo=UTC), "Europe/Berlin")
    month, is_closed = compared_month(running, "Europe/Berlin", closed, sealed)
    assert (str(month), is_closed) == found
