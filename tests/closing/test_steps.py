"""Each step of the rating has its figure, its unit and a sentence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.additions.charges import charge_usage
from reconciler.closing.steps import steps_of
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from tests.additions.scene import Scene, live_product
from tests.planning.builders import NOW, mapping, product

from .explaining import at, inputs_of


def steps(scene: Scene) -> list[tuple[str, str, str, str]]:
    inputs = inputs_of(scene)
    (charge,), (rule,) = charge_usage(inputs).charges, inputs.rules
    return [(each.step, each.value, each.unit, each.text) for each in steps_of(charge, rule, "USD")]


def texts(scene: Scene) -> dict[str, Any]:
    return {step: (value, text) for step, value, _, text in steps(scene)}


def test_the_newest_hour_is_rated_from_bytes_to_an_amount(scene: Scene) -> None:
    scene.uses({"77": "119.4"})

    assert steps(scene) == [
        ("measure", "119400000000", "bytes", "the newest hour: 2026-11-10 12:00 UTC"),
        ("unit", "119.4", "GB", "bytes divided by 1,000,000,000, the bytes of one GB"),
        ("rounding", "120", "GB", "rounded up to a multiple of 1 GB"),
        ("product", "120", "GB", "the whole quantity on product gb"),
        ("price", "0.25", "USD", "for one GB of product gb"),
        ("amount", "30", "USD", "120 GB × 0.25 USD, rounded half up to 0.01"),
    ]


def test_an_allowance_and_a_minimum_are_steps_of_their_own(scene: Scene) -> None:
    scene.declare(mapping(included={"amount": 100, "per": "customer"}, minimum=50, rounding={"mode": "none"}))
    scene.uses({"77": "119.4"})
    found = texts(scene)
    assert found["included"] == ("19.4", "less the allowance of 100 GB for all, and never below 0")
    assert found["rounding"] == ("19.4", "six decimals kept")
    assert found["minimum"] == ("50", "raised to the minimum of 50 GB")

    scene.declare(mapping(included={"amount": 10, "per": "device"}, minimum=50, rounding={"mode": "nearest"}))
    found = texts(scene)
    assert found["included"] == ("109.4", "less the allowance of 10 GB for each device, and never below 0")
    assert found["rounding"] == ("109", "rounded half up to the nearest multiple of 1 GB")
    assert found["minimum"] == ("109", "at least the minimum of 50 GB")


def test_ranges_give_a_line_for_each_product_and_a_total(scene: Scene) -> None:
    ranges = [{"upTo": 100, "product": "gb"}, {"product": "tb", "price": 0.2}]
    scene.declare(product("tb", identifier="TB"), mapping(product=None, ranges=ranges, tiering="graduated"))
    scene.uses({"77": "119.4"})

    lines = [each for each in steps(scene) if each[0] in ("product", "amount", "total")]
    assert lines == [
        ("product", "100", "GB", "the slice up to 100 GB, on product gb"),
        ("amount", "25", "USD", "100 GB × 0.25 USD, rounded half up to 0.01"),
        ("product", "20", "GB", "the slice above 100 GB, on product tb"),
        ("amount", "4", "USD", "20 GB × 0.20 USD, rounded half up to 0.01"),
        ("total", "29", "USD", "the sum of 2 rounded lines"),
    ]


def test_a_line_says_which_ranges_it_is_of(scene: Scene) -> None:
    three = [{"upTo": 50, "product": "gb"}, {"upTo": 110, "product": "tb", "price": 0.2}, {"product": "gb"}]
    scene.declare(product("tb", identifier="TB"), mapping(product=None, ranges=three, tiering="graduated"))
    scene.uses({"77": "119.4"})
    first, second = [each[3] for each in steps(scene) if each[0] == "product"]
    assert first == "the slices up to 50 GB and above 110 GB, on product gb"
    assert second == "the slice above 50 up to 110 GB, on product tb"
    scene.declare(mapping(product=None, ranges=three, rounding={"mode": "down", "step": 100}))
    assert texts(scene)["product"][1] == "the whole quantity, in the range above 50 up to 110 GB, on product tb"
    scene.declare(mapping(product=None, ranges=[{"product": "gb"}, {"product": "tb", "price": 0.2}][:1]))
    assert texts(scene)["product"][1] == "the whole quantity on product gb"


def test_an_allowance_of_each_device_names_what_each_has_above_it(scene: Scene) -> None:
    scene.declare(mapping(included={"amount": 50, "per": "device"}))
    samples = tuple(Sample("cove", "77", each, NOW, size * 10**9) for each, size in (("d1", 120), ("d2", 30)))
    record_pull(scene.ledger, Pull("cove", NOW, NOW, "whole", (Customer("cove", "77", "Acme"),), samples, None))
    assert texts(scene)["included"] == (
        "70",
        "less the allowance of 50 GB for each device, and never below 0: d1 70 GB, d2 0 GB",
    )


def test_the_measure_says_which_hours_it_chose_of_how_many(scene: Scene) -> None:
    scene.uses({"77": "100"}, at=at(10, 9))
    scene.uses({"77": "201"}, at=at(10, 10))
    scene.uses({"77": "100"}, at=at(10, 12))

    def measured(measure: str) -> str:
        scene.declare(mapping(measure=measure))
        text: str = texts(scene)["measure"][1]
        return text

    assert measured("peak") == "the highest hour of 3 with a known figure: 2026-11-10 10:00 UTC"
    assert measured("p95") == "the hour of the 95th percentile, rank 3 of 3 with a known figure: 2026-11-10 10:00 UTC"
    assert measured("mean") == "the mean of 3 hours: 401,000,000,000 bytes in all, divided by 3"
    assert texts(scene)["measure"][0] == "133666666666.666667"


def test_a_customer_that_was_never_listed_has_only_its_minimum(scene: Scene) -> None:
    scene.declare(mapping(minimum=50))
    scene.uses({"78": "1"})
    assert texts(scene)["measure"] == ("0", "no hour has a figure of the customer")
    assert Decimal(texts(scene)["amount"][0]) == Decimal("12.5")


def test_an_unknown_price_is_named_and_gives_no_amount(scene: Scene) -> None:
    document = product()
    scene.declare(document.__class__(**{**vars(document), "declared": document.declared - {"price"}}))
    scene.live(live_product(price=None))
    scene.uses({"77": "119.4"})
    assert texts(scene)["price"] == ("unknown", "product gb has no price")
    assert "amount" not in texts(scene)


def test_a_held_charge_has_no_steps(scene: Scene) -> None:
    scene.uses({"77": "119.4"}, failed=True)
    assert steps(scene) == []
