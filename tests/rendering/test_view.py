"""Tests of the order in which every form shows a plan."""

from __future__ import annotations

from reconciler.planning.action import Change
from reconciler.planning.plan import Summary
from reconciler.rendering.view import SHARED, counts_text, summary_text, view_of
from tests.planning.builders import action
from tests.rendering.plans import addition, json_of, plan_with, usd


def names(*actions: object) -> list[str]:
    return [group.name for group in view_of(json_of(plan_with(*actions))).groups]  # type: ignore[arg-type] - test values


def test_actions_are_grouped_by_customer_and_the_shared_setup_is_a_group_of_its_own() -> None:
    found = view_of(json_of(plan_with(action("Product/gb"), addition("acme", "0", "1", "Acme"))))

    assert {group.name: [each["address"] for each in group.actions] for group in found.groups} == {
        "Acme": ["Addition/acme.storage:gb"],
        SHARED: ["Product/gb"],
    }


def test_two_customers_with_one_name_stay_two_groups() -> None:
    assert names(addition("a", "0", "1", "Acme"), addition("b", "0", "1", "Acme")) == ["Acme", "Acme"]


def test_a_customer_whose_name_is_blank_is_shown_by_its_address() -> None:
    assert names(addition("acme", "0", "1", " \t")) == ["Company/acme"]


def test_the_largest_change_of_the_amount_comes_first_whether_it_rises_or_falls() -> None:
    assert names(
        addition("a", "0", "1", "Rises by 1"), addition("b", "9", "0", "Falls by 9"), addition("c", "1", "3", "By 2")
    ) == ["Falls by 9", "By 2", "Rises by 1"]


def test_without_a_change_of_the_amount_retirements_come_first_then_names() -> None:
    def of(name: str, verb: str) -> object:
        return addition(name, "1", "1", name, action=verb, money=None)

    assert names(of("b", "update"), of("a", "update"), of("z", "retire")) == ["z", "a", "b"]


def test_held_actions_are_in_the_group_of_their_customer_and_change_no_amount() -> None:
    held = addition("acme", "0", "900", "Acme", held_for="CustomerMapping/acme")
    view = view_of(json_of(plan_with(held=(held,))))

    assert [(group.name, len(group.held), group.changes) for group in view.groups] == [("Acme", 1, {"USD": 0})]
    assert view.all_actions == []


def test_amounts_and_currency_are_those_of_the_summary() -> None:
    view = view_of(json_of(plan_with(addition("acme", "0", "1.5", "Acme"))))

    assert (view.change, view.currency) == ("+1.50 USD", "USD")
    assert view.amounts == "100.00 → 101.50 USD a month from next month on"


def test_actions_are_counted_by_type() -> None:
    assert counts_text({"create": 2, "update": 0, "adopt": 0, "retire": 1}) == "2 to create, 1 to retire"


def test_what_is_unchanged_is_counted_too() -> None:
    assert summary_text(json_of(plan_with(action()))) == "1 to create; 40 unchanged"
    assert summary_text(json_of(plan_with())) == "No changes; 40 documents and additions are as declared"
    one = Summary(unchanged=1, money=usd("0", "0"))
    assert summary_text(json_of(plan_with(summary=one))) == "No changes; 1 document or addition is as declared"
    assert summary_text(json_of(plan_with(summary=Summary(money=usd("0", "0"))))) == "No changes"


def test_a_change_without_an_amount_changes_no_total() -> None:
    setup = action("Company/acme", action="update", changes=(Change(path="city", before="A", after="B"),))
    assert view_of(json_of(plan_with(setup))).groups[0].changes == {"USD": 0}
