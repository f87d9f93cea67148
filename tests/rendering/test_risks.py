"""Tests of what a reviewer has to look at first."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.planning.action import Change, Customer, LastWritten
from reconciler.planning.plan import CoverageRow, Note, Tripped
from reconciler.rendering.risks import Risk, risks_of
from reconciler.rendering.view import view_of
from tests.planning.builders import action
from tests.rendering.plans import addition, json_of, plan_with, usd

ACME = Customer(address="Company/acme", name="Acme")


def risks(*actions: Any, **more: Any) -> list[Risk]:
    return risks_of(view_of(json_of(plan_with(*actions, **more))))


def test_a_plan_that_only_creates_has_no_risk() -> None:
    assert risks(action("Company/acme"), addition("acme", "0", "1", "Acme", action="create", id=None)) == []


def test_a_guardrail_that_refuses_the_run_comes_before_one_that_holds_a_customer() -> None:
    found = risks(
        guardrails=(
            Tripped(name="quantity", address="CustomerMapping/acme", message="rises by 60 %", holds=True),
            Tripped(name="updates", message="50 of 60 objects"),
            Tripped(name="zero", address="CustomerMapping/bolt", message="falls to zero", holds=True, approved=True),
        )
    )

    assert [(each.level, each.title) for each in found] == [
        ("refuses", "Guardrail updates"),
        ("holds", "Guardrail quantity"),
        ("look", "Guardrail zero, approved"),
    ]


def test_retirements_are_one_risk_for_each_customer_with_their_amount() -> None:
    gone = [
        action(f"{kind}/acme", action="retire", id=1, reason="left", customer=ACME)
        for kind in ("Agreement", "Contact", "Company", "ManagementSolution")
    ]
    gone[0] = gone[0].model_copy(update={"money": usd("18.15", "0")})
    product = action("Product/old", action="retire", id=4, reason="ensure: retired")

    assert [(each.title, each.text) for each in risks(*gone, product)] == [
        (
            "Retires 4 of Acme",
            "Agreement/acme, Contact/acme, Company/acme and 1 more; 18.15 → 0.00 USD a month (-18.15)",
        ),
        ("Retires 1 of Shared setup", "Product/old; ensure: retired"),
    ]


def test_retirements_of_many_customers_have_one_risk_with_their_sum_and_hide_no_other_risk() -> None:
    gone = [addition(f"c{n}", str(n), "0", f"Customer {n}", action="retire") for n in range(1, 13)]
    price = (Change(path="price", before="0.15", after="0.18", number=True),)
    found = risks(*gone, action("Product/gb", action="update", changes=price))

    assert (found[0].title, found[0].text) == (
        "Retires 12 objects of 12 customers",
        "Customer 12, Customer 11, Customer 10 and 9 more; 78.00 → 0.00 USD a month (-78.00)",
    )
    assert [each.title for each in found[1:]] == [
        *(f"Retires 1 of Customer {n}" for n in range(12, 2, -1)),
        "Changes a price",
    ]


def test_two_customers_with_one_name_have_a_risk_each() -> None:
    gone = [addition(name, "1", "0", "Acme", action="retire") for name in ("a", "b")]
    assert [each.title for each in risks(*gone)] == ["Retires 1 of Acme", "Retires 1 of Acme"]


def test_objects_that_someone_changed_in_connectwise_are_one_risk() -> None:
    edited = Change(path="city", before="Miami", after="Tampa", last_written=LastWritten(value="Tampa", edited=True))
    ours = Change(path="state", before="FL", after="TX", last_written=LastWritten(value="FL", edited=False))
    companies = [action(f"Company/c{n}", action="update", id=n, changes=(edited, ours)) for n in range(5)]
    line = addition("acme", "1", "2", "Acme", changes=(edited,))

    assert [(each.title, each.text) for each in risks(*companies, line)] == [
        (
            "Overwrites changes that were made in ConnectWise to 5 objects",
            "Company/c0 (city), Company/c1 (city), Company/c2 (city) and 2 more",
        )
    ]
    assert [each.title for each in risks(companies[0])] == [
        "Overwrites changes that were made in ConnectWise to 1 object"
    ]
    assert risks(action("Company/a", action="update", id=1, changes=(ours,)), line) == []


def test_a_changed_price_of_a_product_is_a_risk_and_a_first_price_is_none() -> None:
    changed = Change(path="price", before="0.15", after="0.18", number=True)
    unset = Change(path="price", before="0.15", number=True)
    first = Change(path="cost", after="0.05", number=True)

    found = risks(
        action("Product/gb", action="update", changes=(changed, first)),
        action("Product/tb", action="update", changes=(unset,)),
        action("Product/pb", action="update", changes=(first,)),
    )

    assert [(each.address, each.text) for each in found] == [
        ("Product/gb", "price 0.15 → 0.18"),
        ("Product/tb", "price 0.15 → null"),
    ]


def test_a_secret_that_is_written_again_is_a_risk() -> None:
    secret = (Change(path="password", after={"env": "PASSWORD"}, sensitive=True),)

    assert [each.title for each in risks(action("IntegratorLogin/a", action="update", changes=secret))] == [
        "Writes a secret"
    ]
    assert risks(action("IntegratorLogin/a", changes=secret)) == []


def row(customer: str, state: str, **more: Any) -> CoverageRow:
    return CoverageRow(source="cove", customer=customer, name=f"Customer {customer}", state=state, **more)


def test_customers_that_are_not_accounted_for_are_one_risk_for_each_state() -> None:
    rows = [row(str(number), "unmapped", accounted=False, money=Decimal(5)) for number in range(4)]
    rows.append(row("9", "unmapped", accounted=False))
    rows.append(row("7", "vanished", accounted=False, detail="last seen on 2026-11-01", quantity=Decimal(3), unit="GB"))
    rows.append(row("8", "billed"))

    assert [(each.title, each.text) for each in risks(coverage=tuple(rows))] == [
        (
            "5 unmapped",
            "Customer 0, Customer 1, Customer 2 and 2 more, 20.00 USD a month and an unknown amount of 1",
        ),
        ("1 vanished", "Customer 7 3 GB: last seen on 2026-11-01"),
    ]


def test_an_amount_that_is_unknown_is_not_shown_as_zero() -> None:
    assert risks(coverage=(row("1", "unmapped", accounted=False),))[0].text == "Customer 1, amount unknown"


def test_a_customer_without_a_name_is_shown_by_its_address() -> None:
    nameless = CoverageRow(source="cove", customer="5", name="", state="held", accounted=False)
    assert risks(coverage=(nameless,))[0].text == "cove/5"


def test_a_failed_source_is_one_risk_and_not_one_for_each_customer() -> None:
    rows = (row("*", "unknown", accounted=False), row("1", "unknown", accounted=False))
    found = risks(coverage=rows, warnings=(Note(message="cove: the pull failed"),))

    assert [(each.level, each.text) for each in found] == [("note", "cove: the pull failed")]


def test_proposed_documents_are_one_risk() -> None:
    notes = [Note(address=f"CustomerMapping/c{n}", message="proposed", proposed=True) for n in range(5)]

    assert [(each.title, each.text) for each in risks(warnings=notes)] == [
        (
            "5 proposed documents wait for `reconciler import --confirm`",
            "CustomerMapping/c0, CustomerMapping/c1, CustomerMapping/c2 and 2 more",
        )
    ]
    assert risks(warnings=notes[:1])[0].title == "1 proposed document waits for `reconciler import --confirm`"


def test_the_charges_of_one_customer_are_one_customer() -> None:
    rows = tuple(row("5", "stale", accounted=False, charge=each) for each in ("storage", "servers"))
    (found,) = risks(coverage=rows)
    assert found.title == "1 stale"
    assert found.text.startswith("Customer 5 (storage), Customer 5 (servers)")
