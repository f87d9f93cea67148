"""The lines that the three-way check expects come from the charges of the month."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from reconciler.additions.charges import charge_usage
from reconciler.closing.three_way_model import AgreementFacts, ExpectedCharge
from reconciler.closing.three_way_usage import agreement_facts, as_invoiced, expected_charges
from tests.additions.scene import Scene, live_agreement
from tests.closing.checking import ACME, NOVEMBER, asked, sorted_lines, standing
from tests.planning.builders import agreement, document, mapping


def facts(scene: Scene) -> dict[int, AgreementFacts]:
    return agreement_facts(scene.manifests, scene.live_state, [9, 77])


def expected(scene: Scene) -> ExpectedCharge:
    inputs = scene.to_charge()
    usage = charge_usage(inputs)
    (found,) = expected_charges(usage, inputs.rules, scene.live_state, facts(scene), scene.period)
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


def test_the_last_day_of_an_agreement_is_that_of_its_cancellation_or_its_end(scene: Scene) -> None:
    cancelled = {"cancelledFlag": True, "dateCancelled": "2026-11-20T00:00:00Z", "endDate": "2026-12-31T00:00:00Z"}
    scene.live(live_agreement(**cancelled, noEndingDateFlag=False))
    assert facts(scene)[9].ends == "2026-11-20"
    scene.live(live_agreement(endDate="2026-12-31T00:00:00Z", noEndingDateFlag=False))
    assert facts(scene)[9].ends == "2026-12-31"
