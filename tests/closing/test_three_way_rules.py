"""The three-way check rates a month by the rules that billed it, and an invoice by the rules of its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from reconciler.closing.rule_version import RuleVersion
from reconciler.closing.three_way_rules import MonthRules, Recorded, rule_at, rules_of_month
from reconciler.kinds.billing_rules import BillingSettings, Exclusion, Range, Rule
from tests.closing.checking import NOVEMBER

SETTINGS = BillingSettings("Europe/Berlin", currency="USD")


def rule(
    name: str = "acme", customer: str = "77", price: int = 1, product: str = "gb", charge: str = "storage"
) -> Rule:
    ranges = (Range("gb", None, Decimal(price), Decimal(0)),)
    return Rule(name, "cove", customer, "GB", ranges, charge=charge)


def recorded(
    of: Rule, used: int = 1, billed: int = 30, settings: BillingSettings = SETTINGS, *exclusions: Exclusion
) -> Recorded:
    """Return a version that was first used and last billed on these days of November."""
    key = (of.source, of.customer_id, of.charge)
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in (billed, used)]
    return Recorded(key, *days, RuleVersion((of,), settings, exclusions))


def today(*rules: Rule, exclusions: tuple[Exclusion, ...] = ()) -> MonthRules:
    return MonthRules(rules, SETTINGS, exclusions)


def excluded(customer: str, device: str | None = None) -> Exclusion:
    return Exclusion(f"free-{customer}", "cove", customer, "free", device_id=device)


def test_without_a_bill_the_rules_of_today_count() -> None:
    assert rules_of_month(today(rule()), []) == replace(today(rule()), unrecorded=1)


def test_the_rule_that_billed_a_charge_counts_and_not_that_of_today() -> None:
    found = rules_of_month(today(rule(price=9)), [recorded(rule(price=1))])
    assert (found.rules, found.unrecorded) == ([rule(price=1)], 0)


def test_a_mapping_that_is_gone_keeps_its_rule_and_a_renamed_one_has_the_name_of_today() -> None:
    assert rules_of_month(today(), [recorded(rule("old"))]).rules == [rule("old")]
    assert rules_of_month(today(rule("new")), [recorded(rule("old"))]).rules == [rule("new")]


def test_a_customer_without_a_bill_in_the_month_has_the_rule_of_today_and_a_later_charge_is_left_out() -> None:
    later, other = rule(charge="servers"), rule("bolt", "78")
    found = rules_of_month(today(rule(), later, other), [recorded(rule())])
    assert (found.rules, found.unrecorded) == ([rule(), other], 1)


def test_a_customer_whose_first_bill_came_later_has_the_rule_and_not_the_settings_of_that_bill() -> None:
    later = recorded(rule("bolt", "78", price=2), 1, 30, replace(SETTINGS, vanished="warn"))
    now = today(rule(), rule("bolt", "78", price=9))
    found = rules_of_month(now, [recorded(rule(), billed=20)], [later])
    assert (found.rules, found.settings, found.unrecorded) == ([rule(), rule("bolt", "78", price=2)], SETTINGS, 0)
    assert rules_of_month(now, [], [later]).settings.vanished == "warn"


def test_the_settings_of_the_last_bill_count_in_the_time_zone_of_today() -> None:
    was = replace(SETTINGS, vanished="warn", timezone="UTC")
    every = [recorded(rule(), 1, 20, was), recorded(rule("bolt", "78"), 1, 10)]
    assert rules_of_month(today(), every).settings == replace(was, timezone="Europe/Berlin")


def test_a_customer_has_the_exclusions_of_its_bill_and_every_other_one_those_of_today() -> None:
    device = excluded("77", "5")
    found = rules_of_month(
        today(exclusions=(excluded("77"), excluded("79"))),
        [recorded(rule(), 1, 30, SETTINGS, device), recorded(rule(charge="more"), 1, 30, SETTINGS, device)],
    )
    assert found.exclusions == [device, excluded("79")]


def test_an_invoice_inside_its_month_has_rule_and_price_of_its_day() -> None:
    made = datetime(2026, 11, 5, tzinfo=UTC)
    versions = [recorded(rule(price=3), used=10), recorded(rule("old", price=2), used=1)]
    assert rule_at(rule(price=3), versions, made, NOVEMBER) == rule(price=2)


def test_an_invoice_before_its_month_has_the_price_of_the_month_where_the_product_is_the_same() -> None:
    made = datetime(2026, 10, 20, tzinfo=UTC)
    was = replace(rule(price=2), ranges=(*rule(price=2).ranges, Range("tb", None, Decimal(5), Decimal(1))))
    version = replace(recorded(was), first_used_at=datetime(2026, 9, 1, tzinfo=UTC))
    found = rule_at(rule(price=3), [recorded(rule(price=3)), version], made, NOVEMBER)
    assert [(each.product, each.price) for each in found.ranges] == [("gb", 3), ("tb", 5)]


def test_without_a_version_of_that_day_the_rule_of_the_month_counts() -> None:
    made = datetime(2026, 11, 5, tzinfo=UTC)
    assert rule_at(rule(price=3), [recorded(rule(), used=10)], made, NOVEMBER) == rule(price=3)
