"""Tests of where a unit price comes from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.billing_rules import Range, Rule, RuleError, Unit
from reconciler.kinds.fields import ById, ByIdentifier
from reconciler.kinds.live_state import LiveObject
from reconciler.manifests.documents import Document
from reconciler.rating.pricing import days_of_new_prices, default_rules, rules
from tests.additions.scene import DECLARED, LIVING, live_product, live_state_of, manifests_of
from tests.planning.builders import mapping, product

D = Decimal
NOVEMBER = date(2026, 11, 1)
UNITS: dict[str, Unit] = {"cove": "GB"}


def rules_of(
    *changed: Document, objects: Iterable[LiveObject] = LIVING, without: str = "", first_day: date = NOVEMBER
) -> list[Rule]:
    """Return the rules of the declared documents, with changes."""
    by_address = {each.address: each for each in (*DECLARED, *changed)}
    found = manifests_of(each for address, each in by_address.items() if address != without)
    return rules(found, UNITS, live_state_of(found, objects), first_day)


def price_of(*changed: Document, **more: Any) -> Decimal | None:
    """Return the price of the only rule."""
    (rule,) = rules_of(*changed, **more)
    return rule.ranges[0].price


def with_live(**raw: Any) -> list[LiveObject]:
    """Return the live objects with another product."""
    return [*(obj for obj in LIVING if obj.kind != "Product"), live_product(**raw)]


UNPRICED = product()
UNPRICED = Document(UNPRICED.kind, UNPRICED.metadata, UNPRICED.spec, UNPRICED.declared - {"price"}, UNPRICED.origin, {})
BY_IDENTIFIER = mapping(product={"identifier": "BACKUP-GB"})
BY_ID = mapping(product={"id": 4})


def test_a_declared_price_is_used_before_the_price_in_connectwise() -> None:
    assert price_of(product(price=D("0.30"))) == D("0.30")


def test_without_a_declared_price_the_price_in_connectwise_is_used() -> None:
    assert price_of(UNPRICED, objects=with_live(price=D("0.19"))) == D("0.19")
    assert price_of(BY_IDENTIFIER, without="Product/gb") == D("0.25")
    assert price_of(BY_ID, without="Product/gb") == D("0.25")


@pytest.mark.parametrize("reference", [BY_IDENTIFIER, BY_ID])
def test_a_declared_price_is_used_for_every_form_of_reference(reference: Document) -> None:
    assert price_of(reference, product(price=D("0.30"))) == D("0.30")


def test_a_declared_0_is_a_price_and_a_live_0_is_not() -> None:
    assert price_of(product(price=D(0))) == 0
    for live in (0, D("0.00"), None):
        assert price_of(UNPRICED, objects=with_live(price=live)) is None


def test_a_declared_null_means_no_price_also_if_connectwise_has_one() -> None:
    assert price_of(product(price=None)) is None


def test_a_product_that_does_not_exist_yet_has_the_declared_price_or_none() -> None:
    assert price_of(objects=[]) == D("0.25")
    assert price_of(UNPRICED, objects=[]) is None


def test_the_price_of_a_range_is_used_before_the_price_of_the_product() -> None:
    ranges = [{"upTo": D(100), "product": "gb", "price": D(0)}, {"product": {"identifier": "BACKUP-GB"}}]
    (rule,) = rules_of(mapping(product=None, ranges=ranges))
    assert rule.ranges == (
        Range("gb", D(100), D(0), own_price=True),
        Range(ByIdentifier(identifier="BACKUP-GB"), None, D("0.25")),
    )


@pytest.mark.parametrize("price", [D("0.11"), D(0)])
def test_the_price_of_a_mapping_is_used_before_the_price_of_the_product(price: D) -> None:
    assert price_of(mapping(price=price)) == price


def test_a_reference_that_is_not_resolved_has_no_price() -> None:
    found = manifests_of(DECLARED)
    (rule,) = rules(found, UNITS, live_state_of(manifests_of(()), ()), NOVEMBER)
    assert rule.ranges[0].price is None


def test_ranges_with_conflicting_prices_are_an_error() -> None:
    ranges = [{"upTo": D(100), "product": "gb", "price": D(1)}, {"product": "gb"}]
    with pytest.raises(RuleError, match="two prices"):
        rules_of(mapping(product=None, ranges=ranges, tiering="graduated"))


# The default rule for unmapped customers


def default(fallback: dict[str, Any], *changed: Document, units: dict[str, Unit] | None = None) -> Rule | None:
    """Return the default rule for these defaults."""
    found = defaults(fallback, *changed, units=units)
    assert len(found) <= 1
    return found[0] if found else None


def defaults(fallback: dict[str, Any], *changed: Document, units: dict[str, Unit] | None = None) -> tuple[Rule, ...]:
    documents = {each.address: each for each in (*DECLARED, *changed)}
    return default_rules(
        manifests_of(documents.values(), fallback=fallback), UNITS if units is None else units, NOVEMBER
    )


def test_each_charge_of_the_defaults_prices_unmapped_customers() -> None:
    charges = [{"product": "gb"}, {"meter": "devices", "product": "gb", "price": D(4)}]
    found = defaults({"charges": charges})
    assert [(each.charge, each.ranges[0].price) for each in found] == [("storage", D("0.25")), ("devices", 4)]
    assert defaults({"charges": [{"meter": "nowhere", "product": "gb"}]}) == ()


def test_the_default_product_prices_unmapped_customers() -> None:
    found = default({"product": "gb", "solution": "Cove"})
    assert found is not None
    assert (found.ranges, found.unit) == ((Range("gb", None, D("0.25")),), "GB")


def test_default_ranges_price_unmapped_customers_too() -> None:
    found = default({"ranges": [{"upTo": D(9), "product": "gb"}, {"product": "tb", "price": D(1)}]})
    assert found is not None
    assert [each.price for each in found.ranges] == [D("0.25"), 1]


@pytest.mark.parametrize("reference", ["nowhere", {"id": 4}])
def test_a_default_product_that_no_manifest_declares_has_no_price(reference: Any) -> None:
    found = default({"product": reference})
    assert found is not None
    assert found.ranges[0].price is None
    assert found.ranges[0].product in ("nowhere", ById(id=4))


def test_a_default_product_without_a_price_has_none() -> None:
    found = default({"product": "gb"}, product(price=None))
    assert found is not None
    assert found.ranges[0].price is None


@pytest.mark.parametrize(
    "fallback",
    [
        {},
        {"solution": "Cove"},
        {"product": "gb", "ranges": [{"product": "gb"}]},
        {"ranges": [{"upTo": D(9), "product": "gb", "price": D(1)}, {"product": "gb"}], "tiering": "graduated"},
    ],
)
def test_incomplete_defaults_give_no_default_rule(fallback: dict[str, Any]) -> None:
    assert default(fallback) is None


def test_without_a_usage_source_there_is_no_default_rule() -> None:
    assert default({"product": "gb"}, units={}) is None


# Prices with a date

DATED = [{"from": "2026-01-01", "price": D("0.30"), "cost": D("0.10")}, {"from": "2027-01-01", "price": D("0.40")}]


def at(first_day: date, *changed: Document, **more: Any) -> Range:
    """Return the only range of the only rule in a month."""
    (rule,) = rules_of(*changed, first_day=first_day, **more)
    return rule.ranges[0]


def test_the_price_in_force_on_the_first_day_of_the_month_counts() -> None:
    dated = product(prices=DATED, cost=D("0.05"))
    assert [at(date(2026, 12, 1), dated).price, at(date(2027, 1, 1), dated).price] == [D("0.30"), D("0.40")]
    assert [at(date(2026, 12, 1), dated).cost, at(date(2027, 1, 1), dated).cost] == [D("0.10"), D("0.05")]


def test_the_dated_price_of_a_mapping_or_a_range_is_used_before_that_of_the_product() -> None:
    own = [{"from": "2026-11-01", "price": D(1), "cost": D("0.5")}, {"from": "2026-12-01", "price": D(2)}]
    with_cost = product(cost=D("0.05"))
    assert at(NOVEMBER, mapping(prices=own), with_cost) == Range("gb", None, D(1), D("0.5"), own_price=True)
    assert at(date(2026, 12, 1), mapping(prices=own), with_cost) == Range("gb", None, D(2), own_price=True)
    assert at(NOVEMBER, mapping(product=None, ranges=[{"product": "gb", "prices": own}])).price == 1


def test_a_price_of_the_mapping_never_has_the_cost_of_the_product() -> None:
    """The cost comes from where the price is: a server at its own price does not cost what a gigabyte costs."""
    with_cost = product(cost=D("0.06"))
    assert at(NOVEMBER, mapping(), with_cost).cost == D("0.06")
    assert at(NOVEMBER, mapping(price=D(40)), with_cost).cost is None
    assert at(NOVEMBER, mapping(product=None, ranges=[{"product": "gb", "price": D(40)}]), with_cost).cost is None
    assert at(NOVEMBER, mapping(prices=[{"from": "2026-12-01", "price": D(1)}]), with_cost).cost is None


def test_a_mapping_whose_dated_prices_all_begin_later_has_no_price() -> None:
    assert at(NOVEMBER, mapping(prices=[{"from": "2026-12-01", "price": D(1)}])).price is None


def test_a_cost_that_no_manifest_declares_is_unknown() -> None:
    assert at(NOVEMBER, objects=with_live(price=D(1), cost=D("0.5"))).cost is None


def test_the_days_of_new_prices_come_from_products_mappings_and_ranges() -> None:
    own = [{"from": "2026-01-01", "price": D(1)}, {"from": "2026-12-15", "price": D(2)}]
    flat = mapping(prices=[{"from": "2026-11-01", "price": D(1)}, {"from": "2026-12-01", "price": D(2)}])
    tiered = mapping("other", product=None, ranges=[{"upTo": D(9), "product": "gb", "prices": own}, {"product": "tb"}])
    found = manifests_of([product(prices=DATED), flat, tiered])
    assert days_of_new_prices(found, NOVEMBER) == [date(2026, 12, 1), date(2027, 1, 1)]


def test_graduated_ranges_with_two_costs_for_one_product_are_an_error() -> None:
    first = [{"from": "2026-01-01", "price": D(1), "cost": D(1)}]
    second = [{"from": "2026-01-01", "price": D(1), "cost": D(2)}]
    ranges = [{"upTo": D(9), "product": "gb", "prices": first}, {"product": "gb", "prices": second}]
    with pytest.raises(RuleError, match="two costs"):
        rules_of(mapping(product=None, ranges=ranges, tiering="graduated"))
