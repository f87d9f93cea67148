"""Tests of a plan of the setup with the effect on usage beside it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from reconciler.planning.plan import CoverageRow, Plan, Summary, Tenant, Tripped
from reconciler.planning.plan_file import PlanFileError
from reconciler.planning.what_if import what_if_json
from tests.planning.builders import NOW, action, plan_of
from tests.rendering.plans import addition, usd

RETIRED = action("Agreement/old", action="retire", id=9, money=usd("64.54", "0"))
LINE = addition("acme", "10", "13.63", "Acme")
SETUP = plan_of(action("Company/acme"), RETIRED, only="setup", summary=Summary(money=usd("64.54", "0")))


def whole(**more: Any) -> Plan:
    """Return a plan of everything: the setup and one usage line."""
    money = usd("74.54", "13.63")
    return plan_of(*SETUP.actions, LINE, **{"summary": Summary(money=money), "usage_at": NOW, **more})


def usage(**more: Any) -> Plan:
    return plan_of(LINE, **{"only": "usage", "summary": Summary(money=usd("74.54", "78.17")), "usage_at": NOW, **more})


def test_of_a_plan_of_everything_only_the_usage_lines_and_their_amount_are_shown() -> None:
    found = what_if_json(SETUP, whole())

    assert [each["address"] for each in found["actions"]] == ["Addition/acme.storage:gb"]
    assert found["summary"]["update"] == 1
    assert found["summary"]["create"] == 0
    assert found["summary"]["money"] == {"before": "10", "after": "13.63", "currency": "USD"}
    assert found["total"] == {"before": "74.54", "after": "13.63", "change": "-60.91", "currency": "USD"}


def test_a_plan_of_usage_has_no_total_if_a_retired_agreement_may_count_twice() -> None:
    found = what_if_json(SETUP, usage())

    assert found["total"] == {"before": None, "after": None, "change": "-60.91", "currency": "USD"}


def test_a_plan_of_usage_has_a_total_beside_a_setup_that_bills_nothing() -> None:
    free = plan_of(action(), only="setup")

    assert what_if_json(free, usage())["total"] == {
        "before": "74.54",
        "after": "78.17",
        "change": "3.63",
        "currency": "USD",
    }


def test_each_apply_gets_the_approvals_of_its_own_guardrails_once() -> None:
    retirements = Tripped(name="retirements", message="12 of 20")
    quantity = Tripped(name="quantity", address="CustomerMapping/acme", message="rises", holds=True)
    plan = SETUP.model_copy(update={"guardrails": (retirements,)})

    found = what_if_json(plan, whole(guardrails=(retirements, quantity, quantity)))

    assert found["approvals"] == {"setup": ["retirements"], "usage": ["quantity=CustomerMapping/acme"]}
    assert {each["name"] for each in found["guardrails"]} == {"quantity"}


def test_held_lines_are_kept_apart() -> None:
    held = LINE.model_copy(update={"held_for": "CustomerMapping/acme"})
    found = what_if_json(SETUP, whole(actions=SETUP.actions, held=(held,), digest=SETUP.digest))

    assert found["actions"] == []
    assert [each["address"] for each in found["held"]] == ["Addition/acme.storage:gb"]


def test_the_json_can_be_printed() -> None:
    assert json.loads(json.dumps(what_if_json(SETUP, whole())))["usage_at"] == "2026-11-10T12:00:00Z"


@pytest.mark.parametrize(
    ("plan", "other", "message"),
    [
        (whole(), whole(), "the plan has usage lines of its own"),
        (SETUP.model_copy(update={"coverage": (CoverageRow(source="c", customer="1", name="A", state="billed"),)}),
         whole(), "the plan has usage lines of its own"),
        (SETUP, SETUP, "the what-if is a plan of the setup"),
        (SETUP, whole(workspace="other"), "of different workspaces"),
        (SETUP, whole(tenant=Tenant(site="https://x.example", company="acme")), "of different tenants"),
        (SETUP, whole(manifest_digest="sha256:other"), "of different manifests"),
    ],
)  # fmt: skip
def test_two_plans_that_do_not_belong_together_are_refused(plan: Plan, other: Plan, message: str) -> None:
    with pytest.raises(PlanFileError, match=message):
        what_if_json(plan, other)


def test_amounts_are_exact() -> None:
    more = usage(summary=Summary(money=usd("0.1", "0.3")))
    assert what_if_json(plan_of(only="setup"), more)["total"]["change"] == str(Decimal("0.2"))
