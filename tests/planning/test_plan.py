"""The plan file: its keys, its digest and checksum, and the files that are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.planning.action import Action, Change, Money, Precondition
from reconciler.planning.plan import CoverageRow, Note, Plan, Summary, Tenant, Tripped, digest_of
from reconciler.planning.plan_file import PlanFileError, read_plan, write_plan
from tests.planning.builders import action, plan_of

LINE = Action(
    address="Addition/acme:gb",
    kind="Addition",
    action="update",
    id=99,
    endpoint="finance/agreements/9/additions/99",
    reason="usage: 120.35 GB used, 121 GB billed",
    changes=(Change(path="quantity", before="120", after="121"), Change(path="cancelledDate", before="2026-11-20")),
    depends_on=("Product/gb",),
    precondition=Precondition(id=99, last_updated="2026-11-09T10:00:00Z", fields={"quantity": "120"}),
    money=Money(before=Decimal("30.00"), after=Decimal("30.25"), currency="USD"),
)
LOGIN = action(
    "IntegratorLogin/billing",
    changes=(Change(path="password", after={"env": "LOGIN_PASSWORD"}, sensitive=True),),
)
CREATE = action(changes=(Change(path="type", after={"name": "x", "address": "Product/x"}, known_after_apply=True),))
WHOLE = plan_of(
    CREATE,
    LINE,
    LOGIN,
    guardrails=(Tripped(name="total-change", message="too much"),),
    warnings=(Note(message="a warning"),),
    coverage=(
        CoverageRow(source="cove", customer="78", name="Bölt ✓", state="unmapped", quantity=Decimal("1E+2")),
        CoverageRow(source="cove", customer="79", name="Cone", state="unknown", accounted=False),
    ),
)


def test_a_plan_is_the_same_after_it_was_written_and_read() -> None:
    assert read_plan(write_plan(WHOLE)) == WHOLE


def test_held_actions_are_the_same_after_they_were_written_and_read() -> None:
    held = action("Addition/acme.storage:gb", held_for="CustomerMapping/acme")
    plan = plan_of(CREATE, held=(held,))
    assert read_plan(write_plan(plan)) == plan
    assert "held" not in json.loads(write_plan(WHOLE))


def test_a_file_has_the_keys_of_the_contract() -> None:
    assert set(json.loads(write_plan(WHOLE))) == {
        "format_version",
        "workspace",
        "tenant",
        "created_at",
        "manifest_digest",
        "summary",
        "guardrails",
        "warnings",
        "coverage",
        "actions",
        "digest",
        "checksum",
    }


def test_an_action_has_the_keys_of_the_contract() -> None:
    line = json.loads(write_plan(WHOLE))["actions"][1]
    assert line["changes"] == [
        {"path": "quantity", "before": "120", "after": "121"},
        {"path": "cancelledDate", "before": "2026-11-20", "after": None},
    ]
    assert line["precondition"] == {"id": 99, "last_updated": "2026-11-09T10:00:00Z", "fields": {"quantity": "120"}}
    assert line["money"] == {"before": "30", "after": "30.25", "currency": "USD"}
    assert line["depends_on"] == ["Product/gb"]


def test_only_flags_that_are_set_are_written() -> None:
    created, _, login = json.loads(write_plan(WHOLE))["actions"]
    assert created["changes"][0]["known_after_apply"] is True
    assert "sensitive" not in created["changes"][0]
    assert login["changes"] == [
        {"path": "password", "before": None, "after": {"env": "LOGIN_PASSWORD"}, "sensitive": True}
    ]


def test_numbers_are_decimal_text_and_unknown_is_not_zero() -> None:
    first, second = json.loads(write_plan(WHOLE))["coverage"]
    assert (first["quantity"], second["quantity"]) == ("100", None)


def test_names_are_not_escaped() -> None:
    assert "Bölt ✓" in write_plan(WHOLE)


def test_a_plan_with_unaccounted_usage_says_so() -> None:
    assert plan_of().accounted
    assert not WHOLE.accounted


def test_a_tenant_is_compared_by_site_and_company_without_case() -> None:
    tenant = Tenant(site="https://api-na.myconnectwise.net", company="acme")
    assert tenant.same_as(Tenant(site="https://API-NA.myconnectwise.net", company="Acme"))
    assert not tenant.same_as(Tenant(site="https://api-eu.myconnectwise.net", company="acme"))
    assert not tenant.same_as(Tenant(site="https://api-na.myconnectwise.net", company="acme2"))
    assert str(tenant) == "company acme at https://api-na.myconnectwise.net"


def test_a_plan_bills_usage_if_it_has_an_addition_or_a_coverage_row() -> None:
    assert plan_of(LINE).bills_usage
    assert plan_of(coverage=(CoverageRow(source="cove", customer="78", name="B", state="billed"),)).bills_usage
    assert not plan_of(CREATE).bills_usage


def test_a_summary_counts_changes() -> None:
    assert Summary(create=1, update=2, adopt=3, unchanged=9, money=Money(before=0, after=0)).changes == 6


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        plan_of(created_at=datetime(2026, 11, 10))  # noqa: DTZ001 - the time that is refused


# The digest

actions = st.lists(
    st.builds(
        lambda number, after: action(f"Product/p{number}", changes=(Change(path="price", after=str(after)),)),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    unique_by=lambda each: each.address,
)


@given(st.data(), actions)
def test_the_digest_does_not_depend_on_order(data: st.DataObject, found: list[Action]) -> None:
    assert digest_of(data.draw(st.permutations(found))) == digest_of(found)


@given(st.permutations(LINE.changes))
def test_the_digest_does_not_depend_on_the_order_of_changes(changes: list[Change]) -> None:
    assert digest_of([LINE.model_copy(update={"changes": tuple(changes)})]) == digest_of([LINE])


@given(st.text(), st.decimals(0, 100, places=2))
def test_the_digest_does_not_depend_on_reasons_amounts_or_preconditions(text: str, amount: Decimal) -> None:
    other = LINE.model_copy(
        update={
            "reason": text,
            "money": Money(before=amount, after=amount),
            "precondition": Precondition(id=99, last_updated=text, fields={}),
        }
    )
    assert digest_of([other]) == digest_of([LINE])


@pytest.mark.parametrize(
    "update",
    [
        {"address": "Addition/acme:tb"},
        {"kind": "Product"},
        {"action": "adopt"},
        {"id": 98},
        {"endpoint": "finance/agreements/9/additions/98"},
        {"changes": (Change(path="quantity", before="120", after="122"),)},
        {"depends_on": ()},
    ],
)
def test_another_change_has_another_digest(update: dict[str, Any]) -> None:
    assert digest_of([LINE.model_copy(update=update)]) != digest_of([LINE])


# Files that are refused


def refused(text: str) -> str:
    with pytest.raises(PlanFileError) as error:
        read_plan(text, where="plan.json")
    assert str(error.value).startswith("plan.json: ")
    assert error.value.advice
    return error.value.what


@pytest.mark.parametrize("text", ["", "{", "Plan: 3 to create", "[" * 100_000])
def test_a_file_that_is_not_json_is_refused(text: str) -> None:
    assert refused(text).startswith("not JSON: ")


@pytest.mark.parametrize("content", [[], "plan", {}])
def test_a_file_without_a_format_is_refused(content: Any) -> None:
    assert refused(json.dumps(content)) == "it has no format_version, so it is no plan file"


@pytest.mark.parametrize("content", [{"format_version": 1}, {"format_version": True}])
def test_another_format_is_refused(content: Any) -> None:
    """Format 1 has no tenant, so such a plan could be applied to another one."""
    assert "but this version reads format 2" in refused(json.dumps(content))


def test_a_broken_plan_is_refused_with_its_first_mistake() -> None:
    content = json.loads(write_plan(WHOLE))
    content["actions"][1]["action"] = "destroy"
    assert refused(json.dumps(content)).startswith("not a valid plan: actions.1.action: Input should be")


def test_the_message_about_a_mistake_does_not_have_the_value() -> None:
    content = json.loads(write_plan(WHOLE))
    content["workspace"] = {"secret": "hunter2"}
    assert "hunter2" not in refused(json.dumps(content))


def edit(*path: str | int, to: Any) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        for part in path[:-1]:
            content = content[part]
        content[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        edit("actions", 1, "changes", 0, "after", to="12"),
        edit("actions", 1, "endpoint", to="finance/agreements/9/additions/98"),
        edit("actions", 1, "precondition", "fields", to={}),
        edit("actions", to=[]),
        edit("guardrails", to=[]),
        edit("coverage", to=[]),
        edit("workspace", to="production"),
        edit("tenant", "company", to="another"),
        edit("digest", to="sha256:0"),
        edit("checksum", to=None),
    ],
)
def test_an_edited_file_is_refused(change: Callable[[Any], None]) -> None:
    content = json.loads(write_plan(WHOLE))
    change(content)
    assert "the file was edited after it was made" in refused(json.dumps(content))


def test_a_file_that_was_only_reformatted_is_accepted() -> None:
    content = json.loads(write_plan(WHOLE))
    assert read_plan(json.dumps(content, sort_keys=True)) == WHOLE


def test_the_same_actions_have_the_same_digest_in_another_plan() -> None:
    later: Plan = plan_of(CREATE, LINE, LOGIN, manifest_digest="sha256:other", workspace="other")
    assert later.digest == WHOLE.digest
