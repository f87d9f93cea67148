"""Tests of desired additions: agreement, product, quantity, first day, and reasons for a refusal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciler.additions.agreements import BillingCycles, has_unusual_cycle
from reconciler.additions.charge import Charge
from reconciler.additions.desired import BillingContext, DesiredAdditions, desired_additions
from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.ownership import owner_of_rule
from reconciler.additions.reasons import quantity_reason
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.values import Link
from reconciler.manifests.documents import Document
from reconciler.metering.measures import Measured
from reconciler.metering.period import period_of
from reconciler.rating import pricing
from reconciler.rating.rate import ChargeLine, RatingTrace
from tests.metering.builders import measured
from tests.planning.builders import (
    NOW,
    agreement,
    live_agreement,
    mapping,
    product,
    solution,
)

from .scene import DECLARED, LIVING, live_product, live_solution, live_state_of, manifests_of

D = Decimal
NOVEMBER = period_of(NOW, "Europe/Berlin")


def charge(quantity: str = "120", price: str | None = "0.25", **more: Any) -> Charge:
    values: dict[str, Any] = {
        "mapping": "acme",
        "source": "cove",
        "customer_id": "77",
        "state": "billed",
        "detail": "",
        "lines": (ChargeLine("gb", D(quantity), None if price is None else D(price)),),
    }
    return Charge(**{**values, **more})


def desired_from(
    *charges: Charge,
    documents: Iterable[Document] = DECLARED,
    objects: Iterable[LiveObject] = LIVING,
    live_state: LiveState | None = None,
    currency: str | None = "USD",
    setup: bool = False,
    today: date = date(2026, 11, 10),
    cycles: BillingCycles | None = None,
) -> DesiredAdditions:
    found = manifests_of(documents)
    live = live_state or live_state_of(found, objects)
    context = BillingContext(found, live, NOVEMBER, today, currency, setup, cycles or {})
    rules = {owner_of_rule(each): each for each in pricing.rules(found, {"cove": "GB"}, live, NOVEMBER.first_day)}
    return desired_additions(charges or (charge(),), rules, context)


def only_addition(found: DesiredAdditions) -> DesiredAddition:
    assert found.refused == {}
    (only,) = found.additions
    return only


def refusal(found: DesiredAdditions) -> str:
    assert found.additions == ()
    (reason,) = found.refused.values()
    return reason


def declared(*changed: Document, without: str = "") -> list[Document]:
    """Return the usual documents, with `changed` in place of those with the same address."""
    by_address = {each.address: each for each in (*DECLARED, *changed)}
    return [each for address, each in by_address.items() if address != without]


def live_objects(*changed: LiveObject, without: str = "") -> list[LiveObject]:
    by_id = {(obj.kind, obj.id): obj for obj in (*LIVING, *changed)}
    return [obj for obj in by_id.values() if obj.kind != without]


def test_a_charge_gives_one_addition_for_each_of_its_products() -> None:
    found = only_addition(desired_from())
    assert (found.agreement, found.product) == (Link("backup", 9), Link("gb", 4))
    assert (found.quantity, found.unit_price) == (120, D("0.25"))
    assert (found.owner.tag, found.mapping) == ("rc:cove/77/acme/storage", "acme")
    assert (found.adopt, found.emptied, found.late_start_reason) == (False, False, "")


def test_a_held_charge_gives_no_addition_and_is_not_refused() -> None:
    cancelled = live_objects(live_agreement(agreementStatus="Cancelled"))
    assert desired_from(charge(state="held", lines=()), objects=cancelled) == DesiredAdditions((), {})


RANGED = mapping(
    product=None,
    ranges=[{"upTo": D(100), "product": "gb"}, {"upTo": D(500), "product": "tb"}, {"product": "pb"}],
    adopt=True,
)
MORE_PRODUCTS = (product("tb", identifier="BACKUP-TB"), product("pb", identifier="BACKUP-PB"))
LIVE_PRODUCTS = (live_product(6, "BACKUP-TB"), live_product(7, "BACKUP-PB"))


def test_the_other_products_of_the_ranges_go_to_zero() -> None:
    crossed = charge(lines=(ChargeLine("tb", D(120), D(1)),), other_products=("gb", "pb"))
    found = desired_from(crossed, documents=declared(RANGED, *MORE_PRODUCTS), objects=live_objects(*LIVE_PRODUCTS))
    filled, *empty = found.additions
    assert (filled.product.name, filled.quantity, filled.emptied, filled.adopt) == ("tb", 120, False, True)
    assert [(each.product.name, each.quantity, each.unit_price, each.adopt) for each in empty] == [
        ("gb", 0, D("0.25"), False),
        ("pb", 0, D("0.25"), False),
    ]
    assert all(each.emptied for each in empty)


def test_an_addition_goes_to_zero_only_after_the_one_that_replaces_it() -> None:
    crossed = charge(lines=(ChargeLine("tb", D(120), D(1)),), other_products=("gb", "pb"))
    found = desired_from(crossed, documents=declared(RANGED, *MORE_PRODUCTS), objects=live_objects(*LIVE_PRODUCTS))
    filled, *empty = found.additions
    assert filled.depends_on == frozenset({"ManagementSolution/acme-cove"})
    assert {each.depends_on for each in empty} == {
        frozenset({"ManagementSolution/acme-cove", "Addition/acme.storage:tb"})
    }


# The first day


@pytest.mark.parametrize(
    ("starts", "agreement_starts", "first"),
    [
        (None, "2026-01-01T00:00:00Z", "2026-11-01"),
        ("2026-11-05", "2026-01-01T00:00:00Z", "2026-11-05"),
        ("2026-10-05", "2026-11-03T00:00:00Z", "2026-11-03"),
        ("2026-11-05", "2026-11-03T00:00:00Z", "2026-11-05"),
        (None, None, "2026-11-01"),
    ],
)
def test_an_addition_begins_with_the_latest_of_month_mapping_and_agreement(
    starts: str | None, agreement_starts: str | None, first: str
) -> None:
    more = {} if starts is None else {"start": starts}
    live = live_objects(live_agreement(startDate=agreement_starts, agreementStatus="Active"))
    assert only_addition(desired_from(documents=declared(mapping(**more)), objects=live)).effective_date == first


# The management solution (guide step 9)


def test_a_declared_management_solution_is_created_first() -> None:
    assert only_addition(desired_from()).depends_on == frozenset({"ManagementSolution/acme-cove"})


def test_a_declared_solution_counts_however_its_company_is_referred_to() -> None:
    other = solution(company={"identifier": "acme"})
    assert only_addition(
        desired_from(documents=declared(other), objects=live_objects(without="ManagementSolution"))
    ).depends_on == frozenset({"ManagementSolution/acme-cove"})


def test_a_run_for_usage_compares_the_company_of_a_solution_as_written() -> None:
    found = manifests_of(DECLARED)
    live_state = live_state_of(found, live_objects(without="ManagementSolution"))
    links = {
        address: links for address, links in live_state.links.items() if not address.startswith("ManagementSolution")
    }
    assert only_addition(desired_from(live_state=replace(live_state, links=links))).depends_on == frozenset(
        {"ManagementSolution/acme-cove"}
    )


def test_a_live_management_solution_needs_no_action_first() -> None:
    assert (
        only_addition(desired_from(documents=declared(without="ManagementSolution/acme-cove"))).depends_on
        == frozenset()
    )


def test_a_company_without_the_solution_is_refused_with_its_own_solutions() -> None:
    without = declared(without="ManagementSolution/acme-cove")
    others = live_objects(live_solution(name="cove "), live_solution(22, name="Cove", managed=" 2002"))
    assert refusal(desired_from(documents=without, objects=others)) == (
        "company acme has no management solution Cove with Managed ID 1001, declared or live; "
        "it has cove with 1001 and Cove with 2002. The name is compared with case"
    )
    assert "it has none" in refusal(desired_from(documents=without, objects=live_objects(without="ManagementSolution")))


def test_a_company_that_does_not_exist_yet_has_no_live_solution() -> None:
    without = declared(without="ManagementSolution/acme-cove")
    assert "it has none" in refusal(desired_from(documents=without, objects=[], setup=True))


# The agreement


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"agreementStatus": "Cancelled"}, "agreement backup is Cancelled, not Active"),
        ({"agreementStatus": "Expired"}, "agreement backup is Expired, not Active"),
        ({"agreementStatus": "Inactive"}, "agreement backup is Inactive, not Active"),
        ({"startDate": "2026-11-11T00:00:00Z"}, "agreement backup starts on 2026-11-11"),
        ({"noEndingDateFlag": False, "endDate": "2026-11-09T00:00:00Z"}, "agreement backup ended on 2026-11-09"),
        ({"currency": {"currencyCode": "EUR"}}, "agreement backup is in EUR, but the workspace bills in USD"),
        ({"company": {"id": 6, "identifier": "BOLT"}}, "agreement id 9 belongs to company BOLT, not to acme"),
        ({"company": {"id": 6}}, "agreement id 9 belongs to company 6, not to acme"),
    ],
)
def test_an_agreement_that_cannot_be_billed_is_refused_with_the_reason(raw: dict[str, Any], message: str) -> None:
    documents = declared(mapping(agreement={"id": 9}), without="Agreement/backup") if "company" in raw else DECLARED
    assert refusal(desired_from(documents=documents, objects=live_objects(live_agreement(**raw)))) == message


@pytest.mark.parametrize(
    "raw",
    [
        {"startDate": "2026-11-10T00:00:00Z"},
        {"noEndingDateFlag": False, "endDate": "2026-11-10T00:00:00Z"},
        {"noEndingDateFlag": True, "endDate": "2026-11-09T00:00:00Z"},
        {"noEndingDateFlag": False, "endDate": None},
        {"agreementStatus": None},
        {"currency": None},
    ],
)
def test_an_agreement_is_billed_from_its_first_day_to_its_last(raw: dict[str, Any]) -> None:
    assert only_addition(desired_from(objects=live_objects(live_agreement(**raw)))).quantity == 120


def test_without_a_workspace_currency_any_agreement_currency_is_billed() -> None:
    live = live_objects(live_agreement(currency={"currencyCode": "EUR"}))
    assert only_addition(desired_from(objects=live, currency=None)).quantity == 120


def test_a_response_without_the_agreements_company_is_billed() -> None:
    documents = declared(mapping(agreement={"id": 9}), without="Agreement/backup")
    assert (
        only_addition(
            desired_from(documents=documents, objects=live_objects(live_agreement(company=None)))
        ).agreement.id
        == 9
    )


# Objects that the same plan creates


def test_a_plan_with_setup_bills_on_objects_that_it_creates() -> None:
    found = only_addition(desired_from(objects=[], setup=True))
    assert (found.agreement.id, found.agreement.address) == (None, "Agreement/backup")
    assert found.product.address == "Product/gb"
    assert found.effective_date == "2026-11-01"


def test_a_run_for_usage_refuses_objects_that_are_not_in_connectwise_yet() -> None:
    without_agreement = live_objects(without="Agreement")
    assert refusal(desired_from(objects=without_agreement)) == (
        "its agreement backup is not in ConnectWise yet: apply the setup first"
    )
    assert refusal(desired_from(objects=live_objects(without="Product"))) == (
        "its product gb is not in ConnectWise yet: apply the setup first"
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"startDate": "2026-12-01"}, "agreement backup starts on 2026-12-01"),
        ({"startDate": "2026-01-01", "endDate": "2026-10-31"}, "agreement backup ended on 2026-10-31"),
    ],
)
def test_a_declared_agreement_is_billed_only_between_its_dates(spec: dict[str, Any], message: str) -> None:
    assert refusal(desired_from(documents=declared(agreement(**spec)), objects=[], setup=True)) == message


# Prices


def test_a_product_without_a_price_is_refused_but_a_price_of_zero_is_billed() -> None:
    assert refusal(desired_from(charge(price=None))) == "product gb has no price: declare one, `price: 0` if it is free"
    assert only_addition(desired_from(charge(price="0"))).unit_price == 0


def test_a_refused_charge_stops_no_other() -> None:
    other = mapping("bolt", customer={"source": "cove", "id": "78"})
    found = desired_from(charge(price=None), charge(mapping="bolt", customer_id="78"), documents=declared(other))
    assert list(found.refused) == ["acme"]
    assert [each.mapping for each in found.additions] == ["bolt"]


def test_two_mappings_of_one_agreement_and_product_have_different_tags() -> None:
    other = mapping("bolt", customer={"source": "cove", "id": "78"})
    found = desired_from(charge(), charge(mapping="bolt", customer_id="78"), documents=declared(other))
    one, two = found.additions
    assert (one.agreement, one.product) == (two.agreement, two.product)
    assert (one.owner.tag, two.owner.tag) == ("rc:cove/77/acme/storage", "rc:cove/78/bolt/storage")


# The reason of a quantity


def reason(
    used: str, allowed: str | None = None, billed: str | None = None, rounded: str | None = None, **more: Any
) -> str:
    trace = RatingTrace(D(0), D(used), D(allowed or used), D(rounded or billed or used), D(billed or used))
    values: dict[str, Any] = {"trace": trace, "measured": measured(1), **more}
    return quantity_reason(charge(**values), "GB")


def test_the_reason_says_what_was_used_and_what_is_billed() -> None:
    assert reason("119.4321", billed="120") == "119.43 GB used, 120 GB billed"
    assert reason("0") == "0 GB used, 0 GB billed"
    assert reason("0.001", billed="1") == "less than 0.01 GB used, 1 GB billed"


def test_the_reason_has_the_allowance_and_the_minimum() -> None:
    assert reason("85.2", "35.2", billed="40", rounded="36") == (
        "85.2 GB used, 35.2 GB above the allowance, 40 GB billed (the minimum)"
    )


def test_the_reason_has_the_measure_if_it_is_not_the_last_hour() -> None:
    peak = Measured("peak", measured(1).chosen, 37)
    assert reason("10", measured=peak) == "10 GB used (peak of 37 hours), 10 GB billed"


def test_the_reason_ends_with_the_detail_of_the_charge() -> None:
    assert reason("0", detail="gone from cove") == "0 GB used, 0 GB billed; gone from cove"
    assert quantity_reason(replace(charge(), detail="anything"), "GB") == "usage"


def test_a_mapping_with_a_failed_look_up_is_refused_with_its_reason() -> None:
    found = manifests_of(DECLARED)
    live_state = replace(
        live_state_of(found, LIVING), refused={"CustomerMapping/acme": ["agreement: ConnectWise has no Agreement 'x'"]}
    )
    assert desired_from(live_state=live_state).refused == {"acme": "agreement: ConnectWise has no Agreement 'x'"}


# Invoiced periods and billing cycles


@pytest.mark.parametrize(
    ("raw", "first", "late_reason"),
    [
        ({"billStartDate": "2026-11-05T00:00:00Z"}, "2026-11-05", "agreement backup bills from 2026-11-05 on"),
        ({"billStartDate": "2026-01-01T00:00:00Z"}, "2026-11-01", ""),
        ({"nextInvoiceDate": "2026-11-01T00:00:00Z"}, "2026-11-01", ""),
        (
            {"nextInvoiceDate": "2026-12-01T00:00:00Z"},
            "2026-12-01",
            "agreement backup is invoiced through 2026-11-30 and does not prorate",
        ),
        ({"nextInvoiceDate": "2026-12-01T00:00:00Z", "prorateFlag": True}, "2026-11-01", ""),
    ],
)
def test_an_addition_begins_no_earlier_than_connectwise_accepts(
    raw: dict[str, Any], first: str, late_reason: str
) -> None:
    found = only_addition(desired_from(objects=live_objects(live_agreement(**raw))))
    assert (found.effective_date, found.late_start_reason) == (first, late_reason)


@pytest.mark.parametrize("name", ["Quarterly", "Every quarter"])
def test_a_billing_cycle_that_is_not_one_calendar_month_is_refused(name: str) -> None:
    live = live_objects(live_agreement(billingCycle={"id": 3, "name": name}))
    assert refusal(desired_from(objects=live, cycles={name: "Quarterly"})) == (
        f"agreement backup has the billing cycle {name}, which is not one calendar month; "
        "usage is billed by calendar months only"
    )


@pytest.mark.parametrize("cycle", [None, {"id": 2, "name": "Monthly"}, {"id": 4, "name": "Monat"}, {"id": 9}])
def test_a_monthly_cycle_with_another_name_is_billed(cycle: dict[str, Any] | None) -> None:
    assert (
        only_addition(
            desired_from(objects=live_objects(live_agreement(billingCycle=cycle)), cycles={"Monat ": "Monthly"})
        ).quantity
        == 120
    )


def test_a_declared_agreement_must_have_a_monthly_cycle_too() -> None:
    message = refusal(
        desired_from(documents=declared(agreement(billingCycle="Yearly")), objects=[], setup=True, cycles=CYCLES)
    )
    assert message.startswith("agreement backup has the billing cycle Yearly")


CYCLES: BillingCycles = {"Monthly": "Monthly", "Yearly": "Yearly"}


def test_a_cycle_without_a_name_is_looked_up_by_its_id() -> None:
    live = live_objects(live_agreement(billingCycle={"id": 3}))
    assert refusal(desired_from(objects=live, cycles={"Every quarter": "Quarterly", 3: "Quarterly"})) == (
        "agreement backup has the billing cycle id 3, which is not one calendar month; "
        "usage is billed by calendar months only"
    )


@pytest.mark.parametrize(
    ("cycle", "declared_cycle", "unusual"),
    [
        (None, None, False),
        ({"id": 2, "name": "monthly "}, "Monthly", False),
        ({"id": 3}, None, True),
        ({"id": 3, "name": "Quarterly"}, None, True),
        (None, "Quarterly", True),
    ],
)
def test_cycles_are_looked_up_if_an_agreement_has_another_name_than_monthly(
    cycle: dict[str, Any] | None, declared_cycle: str | None, unusual: bool
) -> None:
    spec = {} if declared_cycle is None else {"billingCycle": declared_cycle}
    found = manifests_of(declared(agreement(**spec)))
    assert has_unusual_cycle(live_state_of(found, live_objects(live_agreement(billingCycle=cycle))), found) is unusual
