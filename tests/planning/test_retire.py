"""Retirement of single objects, and what the ledger stores of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.registry import kind
from reconciler.kinds.retirement import Billed, Retirement
from reconciler.planning.action import Action, Change, Money
from reconciler.planning.declared import Remembered, declarations, rows_after
from reconciler.planning.outcome import Outcome, Result
from reconciler.planning.plan import Declaration, Plan, Summary, Tenant
from reconciler.planning.retire import Retirements, Terms, billed_text, billing_change
from reconciler.planning.retired_last import users_of_retired
from reconciler.planning.setup_tables import SetupTables
from reconciler.planning.undeclared import LedgerKnows, left_behind
from tests.planning.builders import company, live_company, manifests
from tests.times import START

AGREEMENT = kind("Agreement")


def retired(of: Any = AGREEMENT, why: str = "left", children: Any = None, **raw: Any) -> Action:
    live = LiveObject(of.name, 34, raw, 5 if of.parent else None)
    retirements = Retirements(SetupTables({}), Terms("2026-11-30", "USD"))
    action = retirements.action(of, f"{of.name}/a", live, why, (), children or {})
    assert action is not None
    return action


def test_an_agreement_that_begins_later_ends_on_its_first_day() -> None:
    action = retired(startDate="2027-01-01T00:00:00Z")
    assert {change.path: change.after for change in action.changes}["dateCancelled"] == "2027-01-01"


def test_a_long_reason_is_cut_in_connectwise_and_whole_in_the_plan() -> None:
    action = retired(why="x" * 120)
    stored = {change.path: change.after for change in action.changes}["reasonCancelled"]
    assert (len(stored), stored[-1]) == (100, "…")
    assert action.reason.startswith("x" * 120)


def test_an_agreement_with_an_unknown_cycle_has_no_amount_per_month() -> None:
    action = retired(billAmount=7, noEndingDateFlag=True, billingCycle={"name": "Bi-Weekly"})
    assert action.money is None
    assert action.reason == "left; it bills its own 7.00, 7.00 each cycle Bi-Weekly, and ends on 2026-11-30"


def test_an_amount_without_a_currency_is_shown_without_one() -> None:
    assert billed_text(Billed(Decimal(7), None, "its own 7"), "still ") == "it still bills 7.00 a month (its own 7)"


def test_amounts_in_another_currency_are_not_added() -> None:
    retirements = Retirements(SetupTables({}), Terms("2026-11-30", "USD"))
    amounts = (Money(before=Decimal(5), after=Decimal(0), currency=each) for each in ("USD", "EUR", None))
    actions = [retired().model_copy(update={"money": each}) for each in amounts]
    assert retirements.amounts(actions) == (10, 0)


def test_all_retired_companies_get_the_same_status() -> None:
    tables = SetupTables({"company/companies/statuses": [{"id": 5, "name": "Inactive"}]})
    retirements = Retirements(tables, Terms("2026-11-30", "USD"))
    of = kind("Company")
    found = [retirements.action(of, f"Company/{number}", live_company(number), "left", (), {}) for number in (1, 2)]
    assert [action and action.changes[0].after for action in found] == [{"name": "Inactive", "id": 5}] * 2
    assert retirements.problems == []


def test_an_object_that_we_created_without_learning_its_id_is_left_behind_too() -> None:
    knows = LedgerKnows(created={"Company/gone": None, "Company/kept": 5})
    left = left_behind(knows, manifests(company("kept")), LiveState())
    assert [(each.address, each.id) for each in left] == [("Company/gone", None)]


def test_a_kind_whose_entry_has_no_setup_table_is_a_mistake_of_its_module() -> None:
    wrong = Retirement(entry="name")
    of = Kind("Wrong", AGREEMENT.spec, "", key=("name",), collection="x", retirement=wrong)
    with pytest.raises(ValueError, match="Wrong: name has no setup table"):
        retired(of, name="A")


def test_a_new_addition_comes_before_the_retirement_of_its_agreement() -> None:
    """The month of a mapping that ends is still billed."""
    addition = Action(
        address="Addition/a",
        kind="Addition",
        action="create",
        endpoint="finance/agreements/{agreement}/additions",
        reason="usage",
        changes=({"path": "agreement", "after": {"name": "a", "id": 34}},),
    )
    assert users_of_retired([addition, retired()]) == {"Agreement/a": {"Addition/a"}}
    elsewhere = addition.model_copy(update={"changes": ()})
    assert users_of_retired([elsewhere, retired()]) == {}


# ── what the ledger stores ───────────────────────────────────────────────────────────────────────────────────────────


def plan(*declared: Declaration, actions: tuple[Action, ...] = ()) -> Plan:
    money = Money(before=Decimal(0), after=Decimal(0))
    return Plan(
        workspace="w",
        tenant=Tenant(site="s", company="c"),
        created_at=START,
        manifest_digest="d",
        summary=Summary(money=money),
        actions=actions,
        declared=declared,
        digest="d",
    )


def outcome(status: Any, address: str = "Agreement/a", number: int | None = 34) -> Outcome:
    result = Result(address=address, action="retire", status=status, id=number)
    return Outcome(plan_digest="d", results=(result,))


@pytest.mark.parametrize(
    ("status", "dropped"), [("done", ["Agreement/a"]), ("already", ["Agreement/a"]), ("failed", [])]
)
def test_the_row_of_a_retired_object_is_removed_once_it_is_retired(status: str, dropped: list[str]) -> None:
    made = plan(Declaration(address="Agreement/a", dropped=True), actions=(retired(),))
    assert rows_after(made, outcome(status)) == ([], dropped)


def test_a_new_object_is_stored_with_the_id_of_its_response_and_of_its_parent() -> None:
    declared = Declaration(address="ManagementSolution/a", parent="Company/a", protected=True)
    results = Outcome(
        plan_digest="d",
        results=(
            *outcome("done", "Company/a", 5).results,
            *outcome("done", "ManagementSolution/a", 9).results,
        ),
    )
    assert rows_after(plan(declared), results) == ([("ManagementSolution/a", Remembered(9, 5, protected=True))], [])


def test_an_object_that_could_not_be_created_is_not_stored() -> None:
    assert rows_after(plan(Declaration(address="Company/a")), outcome("failed", "Company/a", None)) == ([], [])


def test_a_proposed_document_declares_nothing_yet() -> None:
    proposed = company(metadata={"proposed": True})
    assert declarations([proposed], LiveState(), {}) == []


def change_of_billing(*changes: tuple[str, Any], day: str = "2026-11-30", **raw: Any) -> tuple[Any, ...] | None:
    """Return the amounts of an agreement with one addition of 10.00, before and after changes."""
    live = LiveObject("Agreement", 34, {"noEndingDateFlag": True, "currency": {"currencyCode": "USD"}, **raw})
    addition = LiveObject("Addition", 1, {"quantity": Decimal(4), "unitPrice": Decimal("2.5")}, 34)
    made = [Change(path=path, after=after) for path, after in changes]
    found = billing_change(AGREEMENT, live, made, {"Addition": {34: [addition]}}, day)
    return None if found is None else (found.before, found.after, found.currency)


CANCELLED = {"cancelledFlag": True, "dateCancelled": "2026-11-30T00:00:00Z", "agreementStatus": "Cancelled"}
ALIVE = (("cancelled", False), ("dateCancelled", None), ("reasonCancelled", None))


def test_an_agreement_that_lives_again_brings_back_its_own_amount_and_its_additions() -> None:
    assert change_of_billing(*ALIVE, **CANCELLED, billAmount=7) == (0, 17, "USD")


def test_a_last_day_counts_from_the_month_after_it() -> None:
    assert change_of_billing(("endDate", "2026-11-30")) == (10, 0, "USD")
    assert change_of_billing(("endDate", "2026-12-31")) is None
    over = {"noEndingDateFlag": False, "endDate": "2026-11-30T00:00:00Z", "agreementStatus": "Expired"}
    assert change_of_billing(("endDate", None), **over) == (0, 10, "USD")
    assert change_of_billing(("endDate", "2027-11-30"), **over) == (0, 10, "USD")


def test_other_changes_of_an_agreement_do_not_alter_what_it_bills() -> None:
    assert change_of_billing(("name", "Backup")) is None
    assert change_of_billing() is None


def test_an_unknown_amount_is_not_shown_as_a_change() -> None:
    assert change_of_billing(*ALIVE, **CANCELLED, billingCycle={"name": "Bi-Weekly"}) is None


def test_kinds_that_bill_nothing_have_no_amount() -> None:
    live = live_company()
    changes = [Change(path="status", after={"name": "Inactive", "id": 5})]
    assert billing_change(kind("Company"), live, changes, {}, "2026-11-30") is None
    assert billing_change(kind("Addition"), live, changes, {}, "2026-11-30") is None
