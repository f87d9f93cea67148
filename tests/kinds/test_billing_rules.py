"""Billing rules, exclusions and settings as plain values."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.billing_rules import (
    Allowance,
    BillingSettings,
    Exclusion,
    Range,
    Rounding,
    RuleError,
    exclusion_of,
    product_label,
    rule_of,
    settings_of,
)
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.dated_prices import UnitPrice
from reconciler.kinds.exclusion import ExclusionSpec
from reconciler.kinds.fields import ById, ByIdentifier
from reconciler.kinds.workspace import Billing

BASE = {
    "customer": {"source": "cove", "id": "42", "name": "Acme"},
    "company": "acme",
    "agreement": "acme-backup",
    "solution": "Cove",
    "managedId": "42",
}


NOVEMBER = date(2026, 11, 1)


def mapping(**more: Any) -> CustomerMappingSpec:
    return CustomerMappingSpec.model_validate({**BASE, **more})


def test_a_product_becomes_one_open_range_with_the_products_price() -> None:
    rule = rule_of(
        "acme",
        mapping(product="backup-gb"),
        "GB",
        lambda product: UnitPrice(Decimal(3), Decimal(1)),
        first_day=NOVEMBER,
    )
    assert rule.ranges == (Range("backup-gb", None, Decimal(3), Decimal(1)),)
    assert (rule.name, rule.source, rule.customer_id, rule.customer_name) == ("acme", "cove", "42", "Acme")
    assert (rule.tiering, rule.measure, rule.rounding, rule.minimum) == ("volume", "last", Rounding(), None)


def test_the_price_of_a_range_overrides_the_products_price_even_if_it_is_zero() -> None:
    ranges = [{"upTo": 10, "product": "a", "price": 0}, {"product": {"identifier": "B"}}]
    rule = rule_of(
        "acme", mapping(ranges=ranges, tiering="graduated"), "GiB", lambda _: UnitPrice(Decimal(7)), first_day=NOVEMBER
    )
    assert rule.ranges == (
        Range("a", Decimal(10), Decimal(0), own_price=True),
        Range(ByIdentifier(identifier="B"), None, Decimal(7)),
    )


def test_a_range_without_any_price_has_no_price() -> None:
    assert rule_of("acme", mapping(product="backup-gb"), "GB", first_day=NOVEMBER).ranges[0].price is None


def test_a_rule_has_every_setting_of_its_mapping() -> None:
    rule = rule_of(
        "acme",
        mapping(
            product="p",
            measure="p95",
            included={"amount": 5, "per": "device"},
            minimum=20,
            rounding={"mode": "nearest", "step": Decimal("0.5")},
            adopt=True,
            start="2025-11-15",
        ),
        "GB",
        first_day=NOVEMBER,
    )
    assert rule.allowance == Allowance(Decimal(5), "device")
    assert rule.rounding == Rounding("nearest", Decimal("0.5"))
    assert (rule.measure, rule.minimum, rule.adopt, rule.lines) == ("p95", 20, True, "rolling")
    assert rule.start == date(2025, 11, 15)


def test_a_mapping_without_product_or_ranges_is_an_error() -> None:
    without = mapping(product="p").model_copy(update={"product": None})
    with pytest.raises(RuleError, match="neither product nor ranges"):
        rule_of("acme", without, "GB", first_day=NOVEMBER)


def test_an_exclusion_keeps_its_reason_and_its_last_day() -> None:
    spec = ExclusionSpec.model_validate(
        {"customer": {"source": "cove", "id": "7"}, "reason": "our own", "until": "2025-12-31"}
    )
    assert exclusion_of("own", spec) == Exclusion("own", "cove", "7", "our own", date(2025, 12, 31))


def test_the_hours_of_a_workspace_become_time_spans() -> None:
    billing = Billing.model_validate({"timezone": "Europe/Berlin", "graceHours": 48, "maxAge": 3, "unmapped": "warn"})
    assert settings_of(billing) == BillingSettings("Europe/Berlin", timedelta(hours=48), timedelta(hours=3), "warn")


def test_a_product_reference_has_a_label() -> None:
    assert [product_label(each) for each in ("p", ByIdentifier(identifier="P-1"), ById(id=4))] == ["p", "P-1", "#4"]
