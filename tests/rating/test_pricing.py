"""Tests of where a unit price comes from."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.billing_rules import Range, Rule, RuleError, Unit
from reconciler.kinds.fields import ById, ByIdentifier
from reconciler.kinds.live_state import LiveObject
from reconciler.manifests.documents import Document
from reconciler.rating.pricing import default_rule, rules
from tests.additions.scene import DECLARED, LIVING, live_product, live_state_of, manifests_of
from tests.planning.builders import mapping, product

D = Decimal
UNITS: dict[str, Unit] = {"cove": "GB"}


def rules_of(*changed: Document, objects: Iterable[LiveObject] = LIVING, without: str = "") -> list[Rule]:
    """Return the rules of the declared documents, with changes."""
    by_address = {each.address: each for each in (*DECLARED, *changed)}
    found = manifests_of(each for address, each in by_address.items() if address != without)
    return rules(found, UNITS, live_state_of(found, objects))


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
        Range("gb", D(100), D(0)),
        Range(ByIdentifier(identifier="BACKUP-GB"), None, D("0.25")),
    )


@pytest.mark.parametrize("price", [D("0.11"), D(0)])
def test_the_price_of_a_mapping_is_used_before_the_price_of_the_product(price: D) -> None:
    assert price_of(mapping(price=price)) == price


def test_a_reference_that_is_not_resolved_has_no_price() -> None:
    found = manifests_of(DECLARED)
    (rule,) = rules(found, UNITS, live_state_of(manifests_of(()), ()))
    assert rule.ranges[0].price is None


def test_ranges_with_conflicting_prices_are_an_error() -> None:
    ranges = [{"upTo": D(100), "product": "gb", "price": D(1)}, {"product": "gb"}]
    with pytest.raises(RuleError, match="two prices"):
        rules_of(mapping(product=None, ranges=ranges, tiering="graduated"))


# The default rule for unmapped customers


def default(fallback: dict[str, Any], *changed: Document, units: dict[str, Unit] | None = None) -> Rule | None:
    """Return the default rule for these defaults."""
    documents = {each.address: each for each in (*DECLARED, *changed)}
    return default_rule(manifests_of(documents.values(), fallback=fallback), UNITS if units is None else units)


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
        {"product": "gb", "lines": "perPeriod"},
        {"ranges": [{"upTo": D(9), "product": "gb", "price": D(1)}, {"product": "gb"}], "tiering": "graduated"},
    ],
)
def test_incomplete_defaults_give_no_default_rule(fallback: dict[str, Any]) -> None:
    assert default(fallback) is None


def test_without_a_usage_source_there_is_no_default_rule() -> None:
    assert default({"product": "gb"}, units={}) is None
