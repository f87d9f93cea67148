"""The lines that the three-way check expects come from the charges of the month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from reconciler.additions.charges import charge_usage
from reconciler.additions.ownership import Owner
from reconciler.closing.three_way_model import AgreementFacts, ExpectedCharge, Standing
from reconciler.closing.three_way_usage import (
    agreement_facts,
    as_invoiced,
    expected_charges,
    homes_of,
    product_links,
    written_products,
)
from reconciler.kinds.billing_rules import Range, Rule
from reconciler.kinds.customer_mapping import ProductReference
from reconciler.kinds.fields import ById, ByIdentifier
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link
from tests.additions.scene import Scene, live_agreement
from tests.closing.checking import ACME, GB, NOVEMBER, TB, asked, sorted_lines, standing
from tests.planning.builders import agreement, document, mapping


def facts(scene: Scene) -> dict[int, AgreementFacts]:
    return agreement_facts(scene.manifests, scene.live_state, [9, 77])


def expected(scene: Scene) -> ExpectedCharge:
    inputs = scene.to_charge()
    usage = charge_usage(inputs)
    rules, live_state = inputs.rules, scene.live_state
    homes = homes_of(rules, live_state, sorted_lines(), scene.period)
    products = product_links(rules, rules, live_state, ())
    (found,) = expected_charges(usage, rules, homes, facts(scene), scene.period, products)
    return found


def test_a_charge_has_its_line_with_agreement_product_price_and_amount(scene: Scene) -> None:
    scene.uses({"77": "119.4"})
    found = expected(scene)
    (line,) = found.lines
    assert (found.agreement_id, found.unit, found.state, found.held) == (9, "GB", "billed", False)
    assert (line.product_id, line.product, line.quantity, line.amount, line.cost) == (4, "gb", 120, 30, None)
    assert found.first_day == "2026-11-01"


def test_usage_counts_from_the_start_of_the_mapping(scene: Scene) -> None:
    scene.declare(mapping(start="2026-11-05"))
    scene.uses({"77": "119.4"})
    assert expected(scene).first_day == "2026-11-05"


def test_ranges_have_their_products(scene: Scene) -> None:
    ranges = [{"upTo": 100, "product": {"id": 4}, "price": Decimal(1)}, {"product": "gb", "price": Decimal(2)}]
    scene.declare(mapping(product=None, ranges=ranges))
    scene.uses({"77": "119.4"})
    (line,) = expected(scene).lines
    assert (line.product_id, line.amount) == (4, 240)


def test_an_excluded_customer_asks_for_nothing(scene: Scene) -> None:
    scene.declare(document("Exclusion", "x", {"customer": {"source": "cove", "id": "77"}, "reason": "free"}))
    scene.uses({"77": "119.4"})
    found = expected(scene)
    assert (found.state, found.held, found.lines) == ("excluded", True, ())


def test_a_customer_without_a_pull_is_held_with_the_reason(scene: Scene) -> None:
    found = expected(scene)
    assert (found.state, found.held) == ("unknown", True)
    assert found.detail


def test_a_proposed_mapping_asks_for_what_it_would_bill_and_says_so(scene: Scene) -> None:
    scene.declare(mapping(metadata={"proposed": True}))
    scene.uses({"77": "119.4"})
    found = expected(scene)
    assert (found.state, found.held, found.reason) == ("proposed", False, "the mapping is proposed")
    assert [line.amount for line in found.lines] == [30]


def test_an_agreement_that_is_not_billed_each_month_is_the_reason_for_a_missing_line(scene: Scene) -> None:
    scene.live(live_agreement(billingCycle={"id": 3, "name": "Quarterly"}))
    scene.uses({"77": "119.4"})
    assert expected(scene).reason == "the agreement is billed Quarterly, and not each month"


def test_an_agreement_that_is_not_in_connectwise_has_no_facts(scene: Scene) -> None:
    del scene.objects["Agreement", 9]
    scene.uses({"77": "119.4"})
    assert facts(scene) == {}
    assert expected(scene).agreement_id is None


def test_an_agreement_has_its_amount_its_days_and_when_it_is_invoiced(scene: Scene) -> None:
    scene.declare(agreement(invoiced="arrears"))
    raw = {"billAmount": Decimal(50), "prorateFlag": True, "startDate": "2026-10-01T00:00:00Z"}
    more = {"billStartDate": "2026-11-03T00:00:00Z", "nextInvoiceDate": "2026-12-01T00:00:00Z"}
    scene.live(live_agreement(**raw, **more))
    assert facts(scene)[9] == AgreementFacts(
        id=9,
        name="Backup",
        company="ACME",
        invoiced="arrears",
        own=Decimal(50),
        prorates=True,
        begins="2026-11-03",
        next_invoice="2026-12-01",
    )


def test_an_agreement_without_a_name_is_named_by_its_id(scene: Scene) -> None:
    found = scene.objects["Agreement", 9]
    state = scene.live_state
    objects = {**state.objects, ("Agreement", 9): replace(found, raw={})}
    nameless = agreement_facts(scene.manifests, replace(state, objects=objects), [9])[9]
    assert (nameless.name, nameless.company, nameless.begins) == ("id 9", "", "")


def test_a_line_of_all_months_counts_with_the_usage_of_the_day_of_its_invoice() -> None:
    then, month = asked(quantity=100), asked(quantity=120)
    lines = sorted_lines(standing(1, quantity=100))
    assert as_invoiced([month], {ACME: then}, lines, NOVEMBER) == [then]
    assert as_invoiced([month], {}, lines, NOVEMBER) == [month]


def test_a_customer_that_came_after_the_invoice_counts_with_the_usage_of_the_month() -> None:
    then, month = asked(held=True, state="never seen"), asked(quantity=120)
    assert as_invoiced([month], {ACME: then}, sorted_lines(standing(1, late=True)), NOVEMBER) == [month]
    assert as_invoiced([month], {ACME: then}, sorted_lines(standing(1)), NOVEMBER) == [then]


def test_a_line_that_was_missing_on_the_day_of_the_invoice_counts_with_the_usage_of_that_day() -> None:
    then = asked(quantity=100)
    assert as_invoiced([asked()], {ACME: then}, sorted_lines(), NOVEMBER) == [then]


def test_a_product_that_has_another_name_today_is_that_of_the_line_that_we_wrote() -> None:
    was, line = rule_of_acme("old"), standing(1)
    link = Link("BACKUP-GB", GB)
    assert written_products([was], sorted_lines(line), NOVEMBER, {}) == {"old": link}
    assert written_products([was], sorted_lines(replace(line, sent={})), NOVEMBER, {}) == {}
    assert written_products([was], sorted_lines(line, standing(2, product=TB)), NOVEMBER, {}) == {}
    both = rule_of_acme("old", "other")
    assert written_products([both], sorted_lines(line), NOVEMBER, {}) == {}
    assert written_products([both], sorted_lines(line), NOVEMBER, {"other": link}) == {}
    assert written_products([both], sorted_lines(line, standing(2, product=TB)), NOVEMBER, {"other": link}) == {
        "old": Link("BACKUP-TB", TB)
    }


def test_the_last_day_of_an_agreement_is_that_of_its_cancellation_or_its_end(scene: Scene) -> None:
    cancelled = {"cancelledFlag": True, "dateCancelled": "2026-11-20T00:00:00Z", "endDate": "2026-12-31T00:00:00Z"}
    scene.live(live_agreement(**cancelled, noEndingDateFlag=False))
    assert facts(scene)[9].ends == "2026-11-20"
    scene.live(live_agreement(endDate="2026-12-31T00:00:00Z", noEndingDateFlag=False))
    assert facts(scene)[9].ends == "2026-12-31"


def rule_of_acme(*products: ProductReference) -> Rule:
    return Rule("acme", "cove", "77", "GB", tuple(Range(each) for each in products))


def homes(*lines: Standing, live_state: LiveState | None = None) -> Mapping[Owner, int]:
    return homes_of([rule_of_acme("gb")], live_state or LiveState(), sorted_lines(*lines), NOVEMBER)


def test_a_charge_belongs_on_the_agreement_of_its_mapping_or_where_we_wrote_its_lines_of_the_month(
    scene: Scene,
) -> None:
    declared = scene.live_state
    assert homes(live_state=declared) == {ACME: 9}
    assert homes(standing(1, agreement=10), live_state=declared) == {ACME: 10}
    assert homes(standing(1, agreement=10), standing(2), live_state=declared) == {ACME: 9}
    assert homes(standing(1, agreement=10, quantity=0), live_state=declared) == {ACME: 9}
    assert homes(replace(standing(1, agreement=10), sent={}), live_state=declared) == {ACME: 9}
    assert homes(standing(1, agreement=10, last="2026-10-31", first="2026-10-01")) == {}
    assert homes() == {}


def test_the_product_of_an_earlier_rule_is_found_by_its_name_its_id_or_an_addition_with_it(scene: Scene) -> None:
    today = rule_of_acme("gb")
    was = rule_of_acme("gb", "gone", ById(id=5), ByIdentifier(identifier="backup-TB"), ByIdentifier(identifier="other"))
    live = [standing(1, product=TB).addition]
    links = product_links([today], [was], scene.live_state, live)
    assert {str(product): link.id for product, link in links.items()} == {
        "gb": 4,
        str(ById(id=5)): 5,
        str(ByIdentifier(identifier="backup-TB")): TB,
    }
    by_name = product_links([], [today], replace(scene.live_state, links={}), ())
    assert {product: link.id for product, link in by_name.items()} == {"gb": 4}
    assert product_links([today], [today], LiveState(), ()) == {}
