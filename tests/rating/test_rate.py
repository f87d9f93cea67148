"""Tests of each step from measured usage to the lines of a charge."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.billing_rules import Allowance, Range, Rounding, Rule, RuleError
from reconciler.metering.measures import DeviceReading, HourTotal, choose_hours
from reconciler.rating.errors import RatingError
from reconciler.rating.rate import ChargeLine, rate, round_quantity
from tests.metering.builders import GB, NOON, measured, rule

D = Decimal
RANGES = (
    Range("small", D(100), D("0.20")),
    Range("middle", D(500), D("0.15")),
    Range("large", None, D("0.10")),
)
QUANTITIES = st.decimals(0, 10**6, places=4)
STEPS = st.sampled_from([D(1), D("0.5"), D("0.3"), D(7), D("0.01"), D(100)])
BYTES = st.integers(0, 2**52)


def quantity_of(size: int, **more: Any) -> Decimal:
    """Return the billed quantity of a customer with one device."""
    return rate(rule(**more), measured(size)).trace.quantity


def lines_of(size: int, **more: Any) -> list[tuple[Any, Decimal]]:
    """Return product and quantity of each line."""
    return [(line.product, line.quantity) for line in rate(rule(**more), measured(size)).lines]


def test_a_gb_has_10_to_the_9_bytes_and_a_gib_2_to_the_30() -> None:
    assert quantity_of(2**30, unit="GiB") == 1
    assert quantity_of(2**30, unit="GB") == 2
    assert quantity_of(GB, unit="GB") == 1


def test_an_allowance_is_subtracted_before_rounding_and_never_below_zero() -> None:
    allowance = Allowance(D("0.5"), "customer")
    assert quantity_of(2 * GB, allowance=allowance) == 2
    assert quantity_of(GB // 4, allowance=allowance) == 0


def test_an_allowance_per_device_is_not_pooled() -> None:
    per_device = rule(allowance=Allowance(D(10), "device"))
    per_customer = rule(allowance=Allowance(D(20), "customer"))
    used = measured(5 * GB, 25 * GB)
    assert rate(per_device, used).trace.quantity == 15
    assert rate(per_customer, used).trace.quantity == 10


def test_an_allowance_per_device_is_subtracted_from_its_mean_over_the_chosen_hours() -> None:
    thirds = measured(GB // 3 + GB, GB // 3 * 2 + GB + 1, hours=3)
    rated = rate(rule(allowance=Allowance(D(1), "device"), measure="mean"), thirds)
    assert rated.trace.after_allowance == 1
    assert rated.trace.quantity == 1


def test_an_allowance_per_device_needs_devices() -> None:
    whole_customer = choose_hours("last", [HourTotal(NOON, 1, NOON, (DeviceReading(None, GB, NOON, held=False),), ())])
    assert whole_customer is not None
    with pytest.raises(RatingError, match="without devices"):
        rate(rule(allowance=Allowance(D(1), "device")), whole_customer)


@pytest.mark.parametrize(
    ("mode", "step", "quantity", "rounded"),
    [
        ("up", "1", "2.1", "3"),
        ("up", "1", "2", "2"),
        ("nearest", "1", "2.5", "3"),
        ("nearest", "1", "2.4999", "2"),
        ("down", "1", "2.9", "2"),
        ("none", "1", "2.9", "2.9"),
        ("up", "50", "101", "150"),
        ("up", "0.25", "1.26", "1.5"),
        ("nearest", "0.5", "1.25", "1.5"),
    ],
)
def test_rounding_goes_to_multiples_of_the_step(mode: Any, step: str, quantity: str, rounded: str) -> None:
    assert round_quantity(D(quantity), Rounding(mode, D(step))) == D(rounded)


def test_the_minimum_is_billed_for_less_usage_and_for_none() -> None:
    assert quantity_of(0, minimum=D(50)) == 50
    assert quantity_of(60 * GB, minimum=D(50)) == 60


def test_the_trace_shows_each_step_in_order() -> None:
    allowance, rounding = Allowance(D("0.5"), "customer"), Rounding("up", D(2))
    trace = rate(rule(allowance=allowance, rounding=rounding, minimum=D(8)), measured(3 * GB)).trace
    assert (trace.bytes, trace.in_unit, trace.after_allowance) == (3 * GB, 3, D("2.5"))
    assert (trace.rounded, trace.quantity) == (4, 8)


def test_volume_bills_the_whole_quantity_on_one_range_and_up_to_is_inclusive() -> None:
    assert lines_of(100 * GB, ranges=RANGES) == [("small", 100)]
    assert lines_of(101 * GB, ranges=RANGES) == [("middle", 101)]
    assert lines_of(501 * GB, ranges=RANGES) == [("large", 501)]


def test_volume_lists_the_products_that_have_no_quantity() -> None:
    assert rate(rule(ranges=RANGES), measured(101 * GB)).other_products == ("small", "large")


def test_ranges_with_the_same_product_change_only_its_price() -> None:
    ranges = (Range("backup", D(10), D(3)), Range("backup", None, D(2)))
    rated = rate(rule(ranges=ranges), measured(11 * GB))
    assert rated.lines == (ChargeLine("backup", D(11), D(2)),)
    assert rated.other_products == ()


def test_graduated_bills_each_slice_on_its_own_product() -> None:
    lines = rate(rule(ranges=RANGES, tiering="graduated"), measured(600 * GB)).lines
    assert [(line.product, line.quantity, line.amount) for line in lines] == [
        ("small", 100, 20),
        ("middle", 400, 60),
        ("large", 100, 10),
    ]


def test_graduated_applies_the_minimum_to_the_total_before_slicing() -> None:
    rated = rate(rule(ranges=RANGES, tiering="graduated", minimum=D(150)), measured(0))
    assert [(line.product, line.quantity) for line in rated.lines] == [("small", 100), ("middle", 50)]
    assert rated.other_products == ("large",)


def test_graduated_keeps_a_line_with_0_for_the_first_product() -> None:
    rated = rate(rule(ranges=RANGES, tiering="graduated"), measured(0))
    assert [(line.product, line.quantity) for line in rated.lines] == [("small", 0)]
    assert rated.other_products == ("middle", "large")


def test_graduated_slices_of_one_product_at_one_price_are_one_line() -> None:
    ranges = (Range("a", D(10), D(1)), Range("b", D(20), D(2)), Range("a", None, D(1)))
    assert lines_of(25 * GB, ranges=ranges, tiering="graduated") == [("a", 15), ("b", 10)]


def test_graduated_prices_of_one_product_must_agree() -> None:
    with pytest.raises(RuleError, match="two prices"):
        rule(ranges=(Range("a", D(10), D(1)), Range("a", None, D(2))), tiering="graduated")


@pytest.mark.parametrize("tiering", ["volume", "graduated"])
def test_a_quantity_above_the_last_range_is_an_error_and_not_the_last_price(tiering: Any) -> None:
    with pytest.raises(RatingError, match="no range contains"):
        quantity_of(11 * GB, ranges=(Range("a", D(10), D(1)),), tiering=tiering)


def test_an_unset_price_is_unknown_and_an_explicit_zero_is_free() -> None:
    assert rate(rule(ranges=(Range("a"),)), measured(GB)).amount is None
    assert rate(rule(ranges=(Range("a", None, D(0)),)), measured(GB)).amount == 0
    assert rate(rule(), measured(3 * GB)).amount == 6


def test_a_negative_quantity_is_always_an_error() -> None:
    with pytest.raises(RatingError, match="negative"):
        rate(rule(), measured(-5 * GB))


@given(QUANTITIES, STEPS)
def test_rounding_up_never_bills_less_and_never_a_whole_step_more(quantity: Decimal, step: Decimal) -> None:
    rounded = round_quantity(quantity, Rounding("up", step))
    assert quantity <= rounded < quantity + step
    assert rounded % step == 0


@given(QUANTITIES, STEPS)
def test_rounding_down_and_nearest_stay_within_their_step(quantity: Decimal, step: Decimal) -> None:
    assert quantity - step < round_quantity(quantity, Rounding("down", step)) <= quantity
    assert abs(round_quantity(quantity, Rounding("nearest", step)) - quantity) * 2 <= step


@given(QUANTITIES, STEPS, st.sampled_from(["up", "nearest", "down", "none"]))
def test_rounding_twice_changes_nothing(quantity: Decimal, step: Decimal, mode: Any) -> None:
    once = round_quantity(quantity, Rounding(mode, step))
    assert round_quantity(once, Rounding(mode, step)) == once


def ranged(tops: list[int], tiering: Any, **more: Any) -> Rule:
    """Return a rule with ranges up to each of `tops` and one above."""
    ends: list[int | None] = [*sorted(set(tops)), None]
    ranges = tuple(Range(f"p{index}", None if top is None else D(top), D(1)) for index, top in enumerate(ends))
    return rule(ranges=ranges, tiering=tiering, **more)


TOPS = st.lists(st.integers(1, 10**6), max_size=6)


@given(TOPS, BYTES, STEPS)
def test_graduated_slices_add_up_to_the_quantity(tops: list[int], size: int, step: Decimal) -> None:
    rated = rate(ranged(tops, "graduated", rounding=Rounding("up", step)), measured(size))
    assert sum(line.quantity for line in rated.lines) == rated.trace.quantity
    assert all(line.quantity >= 0 for line in rated.lines)


@given(TOPS, BYTES)
def test_every_product_is_either_billed_or_listed_without_a_quantity(tops: list[int], size: int) -> None:
    for tiering in ("volume", "graduated"):
        each = ranged(tops, tiering)
        rated = rate(each, measured(size))
        products = [line.product for line in rated.lines] + list(rated.other_products)
        assert sorted(map(str, products)) == sorted(str(item.product) for item in each.ranges)


@given(TOPS, BYTES)
def test_volume_picks_exactly_one_range_that_contains_the_quantity(tops: list[int], size: int) -> None:
    each = ranged(tops, "volume")
    rated = rate(each, measured(size))
    (line,) = rated.lines
    index = int(str(line.product)[1:])
    top = each.ranges[index].up_to
    assert top is None or line.quantity <= top
    assert index == 0 or line.quantity > (each.ranges[index - 1].up_to or 0)


@given(BYTES, BYTES, STEPS, st.sampled_from(["up", "nearest", "down", "none"]))
def test_more_bytes_never_bill_less(one: int, other: int, step: Decimal, mode: Any) -> None:
    more: dict[str, Any] = {"rounding": Rounding(mode, step), "allowance": Allowance(D(10), "customer")}
    low, high = sorted((one, other))
    assert quantity_of(low, **more) <= quantity_of(high, **more)


@given(st.lists(BYTES, min_size=1, max_size=5), st.integers(1, 700))
def test_every_number_is_a_decimal_and_equal_hours_give_the_same_quantity(devices: list[int], hours: int) -> None:
    allowance = Allowance(D("1.5"), "device")
    one = rate(rule(unit="GiB", allowance=allowance), measured(*devices))
    many = rate(rule(unit="GiB", allowance=allowance, measure="mean"), measured(*devices, hours=hours))
    assert one.trace.quantity == many.trace.quantity
    values = [one.trace.bytes, one.trace.in_unit, one.trace.after_allowance, one.trace.rounded, one.trace.quantity]
    assert all(type(value) is Decimal for value in values)
    assert all(type(line.quantity) is Decimal for line in one.lines)


@given(BYTES)
def test_bytes_to_gib_is_exact(size: int) -> None:
    rated = rate(rule(unit="GiB", rounding=Rounding("none")), measured(size))
    with localcontext(prec=100):
        assert rated.trace.in_unit * 2**30 == size


def test_without_rounding_six_decimals_are_kept() -> None:
    assert rate(rule(unit="GiB", rounding=Rounding("none")), measured(10**9)).trace.quantity == D("0.931323")


@pytest.mark.parametrize(
    ("gigabytes", "lines"),
    [
        ("99.9", [("small", D(100))]),
        ("100", [("small", D(100))]),
        ("100.01", [("middle", D("100.5"))]),
        ("500.5", [("large", D("500.5"))]),
    ],
)
def test_a_boundary_belongs_to_the_lower_range_with_fractional_steps_too(gigabytes: str, lines: list[Any]) -> None:
    more: dict[str, Any] = {"ranges": RANGES, "rounding": Rounding("up", D("0.5"))}
    assert lines_of(int(D(gigabytes) * GB), **more) == lines


def test_graduated_slices_end_at_fractional_boundaries_exactly() -> None:
    ranges = (Range("a", D("0.25")), Range("b", D("0.75")), Range("c"))
    more: dict[str, Any] = {"ranges": ranges, "tiering": "graduated", "rounding": Rounding("none")}
    assert lines_of(GB // 4, **more) == [("a", D("0.25"))]
    assert lines_of(GB, **more) == [("a", D("0.25")), ("b", D("0.5")), ("c", D("0.25"))]


@given(
    st.lists(BYTES, min_size=1, max_size=4),
    st.integers(1, 30),
    st.sampled_from(["GB", "GiB"]),
    st.none() | st.tuples(st.decimals(0, 1000, places=3), st.sampled_from(["customer", "device"])),
    st.sampled_from(["up", "nearest", "down", "none"]),
    STEPS,
    st.none() | st.decimals(0, 1000, places=2),
)
def test_a_quantity_equals_the_same_computation_with_fractions(
    devices: list[int], hours: int, unit: Any, included: Any, mode: Any, step: Decimal, minimum: Decimal | None
) -> None:
    """Compute the pipeline with fractions, which no division rounds."""
    allowance = None if included is None else Allowance(*included)
    each = rule(unit=unit, allowance=allowance, rounding=Rounding(mode, step), minimum=minimum, measure="mean")
    rated = rate(each, measured(*devices, hours=hours)).trace

    used = [Fraction(size, 10**9 if unit == "GB" else 2**30) for size in devices]
    if allowance is None:
        left = sum(used)
    elif allowance.per == "device":
        left = sum(max(Fraction(0), one - Fraction(allowance.amount)) for one in used)
    else:
        left = max(Fraction(0), sum(used) - Fraction(allowance.amount))
    steps = left / Fraction(step)
    half = Fraction(1, 2)
    rounded = {
        "up": ceil(steps) * Fraction(step),
        "down": floor(steps) * Fraction(step),
        "nearest": floor(steps + half) * Fraction(step),
        "none": Fraction(floor(left * 10**6 + half), 10**6),
    }[mode]
    assert Fraction(rated.quantity) == max(rounded, Fraction(minimum or 0))
