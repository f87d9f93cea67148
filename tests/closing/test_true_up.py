"""The console's own count of a month is compared with our samples, device by device."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from reconciler.additions.month_terms import MonthTerms
from reconciler.closing.true_up import Price, SourceReport, prices_of, true_up
from reconciler.kinds.billing_rules import Range, Rule
from reconciler.kinds.meters import Meter
from reconciler.kinds.values import Link
from reconciler.metering.sources.device_month import DeviceMonth

D = Decimal
GB = 10**9
Ours = Mapping[tuple[str, str], int | None]


def device(number: str, used: str | None, customer: str = "77") -> DeviceMonth:
    return DeviceMonth(customer, "Acme", number, None if used is None else D(used), 0, 0)


def compared(*devices: DeviceMonth, ours: Ours, prices: Mapping[str, Price] | None = None) -> dict[str, Any]:
    return true_up(SourceReport("cove", devices), ours, prices or {}, "USD")


def test_equal_figures_are_no_difference() -> None:
    found = compared(device("a", "12.5"), ours={("77", "a"): 12_500_000_000})
    assert (found["state"], found["customers"], found["difference"], found["money"]) == ("compared", [], "0", "0")
    assert (found["devices"], found["ours"], found["console"]) == (1, "12.5", "12.5")


@pytest.mark.parametrize(
    ("console", "differs"), [("12.51", False), ("12.49", False), ("12.511", True), ("12.48", True)]
)
def test_a_device_may_differ_by_a_hundredth_of_a_gb(console: str, differs: bool) -> None:
    found = compared(device("a", console), ours={("77", "a"): 12_500_000_000})
    assert bool(found["customers"]) is differs


def test_the_difference_of_a_customer_is_that_of_its_devices_with_what_it_is_worth() -> None:
    prices = {"77": Price(D("0.25"), GB)}
    ours: Ours = {("77", "a"): 10 * GB, ("77", "b"): 5 * GB, ("77", "c"): GB}
    found = compared(device("a", "20"), device("b", "3"), device("c", "1"), ours=ours, prices=prices)
    (customer,) = found["customers"]
    assert (customer["customer"], customer["name"], customer["difference"], customer["money"]) == (
        "cove/77",
        "Acme",
        "8",
        "2",
    )
    assert [(each["device"], each["ours"], each["console"]) for each in customer["devices"]] == [
        ("a", "10", "20"),
        ("b", "5", "3"),
    ]
    assert (found["difference"], found["money"], found["unknown_money"]) == ("8", "2", 0)


def test_a_price_per_gib_is_for_gib() -> None:
    found = compared(device("a", "1.073741824"), ours={}, prices={"77": Price(D(3), 2**30)})
    assert found["money"] == "3"


def test_money_without_a_known_price_is_unknown_and_not_0() -> None:
    found = compared(device("a", "20"), ours={})
    assert (found["customers"][0]["money"], found["money"], found["unknown_money"]) == (None, "0", 1)


def test_a_side_without_the_device_is_missing_and_not_0() -> None:
    found = compared(device("a", "20"), device("c", "2"), ours={("77", "b"): 5 * GB, ("77", "c"): None})
    devices = found["customers"][0]["devices"]
    assert [(each["device"], each["ours"], each["console"]) for each in devices] == [
        ("a", None, "20"),
        ("b", "5", None),
        ("c", None, "2"),
    ]
    assert found["customers"][0]["difference"] == "17"


def test_a_device_to_which_the_report_gives_no_figure_is_not_compared() -> None:
    found = compared(device("a", None), ours={("77", "a"): 5 * GB})
    assert (found["customers"], found["without_figure"]) == ([], 1)


def test_a_device_that_moved_is_compared_once_for_the_customer_of_the_report() -> None:
    found = compared(device("a", "9", "78"), ours={("77", "a"): 8 * GB, ("78", "a"): 3 * GB, ("79", "a"): None})
    assert [(each["customer"], each["difference"]) for each in found["customers"]] == [("cove/78", "1")]


def test_the_largest_differences_come_first() -> None:
    found = compared(device("a", "1", "77"), device("b", "9", "78"), ours={("79", "c"): 5 * GB})
    assert [each["customer"] for each in found["customers"]] == ["cove/78", "cove/79", "cove/77"]


def test_no_report_and_an_empty_one_have_no_figures() -> None:
    empty = compared(ours={("77", "a"): GB})
    missing = true_up(SourceReport("cove", problem="no network"), {("77", "a"): GB}, {}, "USD")
    assert empty == {"source": "cove", "state": "empty", "why": None, "customers": []}
    assert missing == {"source": "cove", "state": "unavailable", "why": "no network", "customers": []}


# ── prices ───────────────────────────────────────────────────────────────────────────────────────────────

RULE = Rule("acme", "cove", "77", "GB", (Range("gb", D(100), D("0.25")), Range("tb", None, D("0.20"))))


def charge(quantity: str | None = "100", rule: Rule | None = RULE, customer: str = "cove/77") -> dict[str, Any]:
    terms = None if rule is None else MonthTerms(rule, Link("backup", 9), {}).to_json()
    return {"customer": customer, "mapping": "CustomerMapping/acme", "terms": terms, "quantity": quantity}


def test_the_price_is_that_of_the_range_of_the_quantity() -> None:
    assert prices_of([charge()], "cove") == {"77": Price(D("0.25"), GB)}
    assert prices_of([charge("101")], "cove") == {"77": Price(D("0.20"), GB)}


@pytest.mark.parametrize(
    "charges",
    [
        [charge(None)],
        [charge(rule=None)],
        [charge(customer="files/77")],
        [charge(), charge()],
        [charge(rule=Rule("acme", "cove", "77", "GB", (Range("gb"),)))],
        [charge(rule=Rule("acme", "cove", "77", None, RULE.ranges, meter=Meter("devices", "count")))],
    ],
)
def test_a_price_that_is_not_known_is_left_out(charges: list[dict[str, Any]]) -> None:
    assert prices_of(charges, "cove") == {}
