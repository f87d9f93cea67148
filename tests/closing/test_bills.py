"""A bill has the lines of a charge, and the version of the rule that gave them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from reconciler.additions.charges import charge_usage
from reconciler.closing.bills import bills_of
from reconciler.closing.rule_version import version_from, version_of
from reconciler.closing.what_if import links_of, with_known_prices
from reconciler.kinds.billing_rules import Exclusion, Rule
from reconciler.kinds.live_state import LiveState
from reconciler.rating import pricing
from tests.additions.scene import Scene, live_product
from tests.planning.builders import MAPPING, document, mapping, product

from .explaining import inputs_of

SEVERAL = [
    {"product": "gb", "measure": "peak", "included": {"amount": 10, "per": "physical-servers"}},
    {
        "name": "machines",
        "meter": "devices",
        "ranges": [{"upTo": 5, "product": {"identifier": "X"}}, {"product": "gb"}],
    },
]
SEVERAL_CHARGES = document(
    "CustomerMapping",
    "acme",
    {**{name: value for name, value in MAPPING.items() if name != "product"}, "charges": SEVERAL},
)


def test_a_billed_charge_has_its_lines_with_exact_figures(scene: Scene) -> None:
    scene.uses({"77": "129.5"})
    inputs = inputs_of(scene)
    (bill,) = bills_of(charge_usage(inputs).charges, inputs)
    assert bill.lines == [{"product": "gb", "quantity": "130", "unit_price": "0.25", "amount": "32.5"}]
    assert bill.version.rules == tuple(inputs.rules)


def test_a_version_has_the_exclusions_of_its_customer_only(scene: Scene) -> None:
    scene.uses({"77": "129.5"})
    device = Exclusion("lab", "cove", "77", "a laboratory", device_id="d1")
    other = Exclusion("other", "cove", "78", "not ours")
    inputs = replace(inputs_of(scene), exclusions=[device, other])
    (bill,) = bills_of(charge_usage(inputs).charges, inputs)
    assert bill.version.exclusions == (device,)


def test_a_held_charge_has_no_bill(scene: Scene) -> None:
    scene.uses({"77": "129.5"}, failed=True)
    inputs = inputs_of(scene)
    assert [*bills_of(charge_usage(inputs).charges, inputs)] == []


def test_each_of_several_charges_has_a_version_that_is_read_back(scene: Scene) -> None:
    scene.declare(SEVERAL_CHARGES)
    scene.live(live_product(5, "X"))
    inputs = inputs_of(scene)
    assert [rule.charge for rule in inputs.rules] == ["storage", "machines"]
    for rule in inputs.rules:
        version = version_of([rule], inputs.settings, ())
        after = version_from(json.loads(json.dumps(version.to_json())))
        assert (after, after.digest) == (version, version.digest)


def test_rules_of_manifests_have_their_prices_without_connectwise(scene: Scene) -> None:
    scene.declare(product(price=Decimal("0.3")), SEVERAL_CHARGES)
    live_state = LiveState(links=links_of(scene.manifests))
    rules = pricing.rules(scene.manifests, {"cove": "GB"}, live_state, scene.period.first_day)
    assert prices(rules) == [[Decimal("0.3")], [None, Decimal("0.3")]]
    (storage, machines) = rules
    first, *others = machines.ranges
    billed = replace(machines, ranges=(replace(first, price=Decimal(7)), *others))
    assert prices(with_known_prices(rules, [storage, billed])) == [[Decimal("0.3")], [Decimal(7), Decimal("0.3")]]


def test_a_look_up_is_the_declared_product_with_that_identifier(scene: Scene) -> None:
    scene.declare(mapping(product={"identifier": "BACKUP-GB"}))
    assert links_of(scene.manifests)["CustomerMapping/acme"]["product",].address == "Product/gb"


def prices(rules: Iterable[Rule]) -> list[list[Decimal | None]]:
    return [[each.price for each in rule.ranges] for rule in rules]
