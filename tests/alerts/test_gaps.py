"""Tests of the causes in the coverage of a plan."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from reconciler.alerts.facts import SourceReading
from reconciler.alerts.gaps import gap_causes, pulled_causes, source_causes
from reconciler.metering.coverage import State
from reconciler.planning.plan import EVERY_CUSTOMER, Released
from tests.alerts.builders import NOW, mapped, plan_with, row

FAILED = row(EVERY_CUSTOMER, "unknown", None, name="every customer", detail="the pull at 06:00 failed: no network")


def test_unmapped_customers_are_one_cause_with_their_number_and_their_money() -> None:
    (found,) = gap_causes(plan_with(row("1", money="12.30"), row("2", money="7.70")))

    assert (found.key, found.event) == ("unmapped", "unmapped")
    assert found.title == "2 customers without a mapping, which nothing bills"
    assert found.risk.text == "20.00 USD a month"
    assert found.advice.endswith("reconciler usage coverage")


def test_money_that_is_unknown_is_never_0() -> None:
    (nothing_known,) = gap_causes(plan_with(row("1", money=None)))
    (partly_known,) = gap_causes(plan_with(row("1", money=None), row("2", money="7.70")))
    (zero,) = gap_causes(plan_with(row("1", money="0")))

    assert nothing_known.risk.text == "unknown"
    assert partly_known.risk.text == "7.70 USD a month, and an unknown amount of 1 more"
    assert zero.risk.text == "0.00 USD a month"


def test_the_customers_with_the_most_money_come_first() -> None:
    (found,) = gap_causes(plan_with(row("1", money="1"), row("2", money=None), row("3", money="30")))
    assert [member.id for member in found.members] == ["cove/3", "cove/1", "cove/2"]


def test_a_single_customer_has_its_reason_in_the_alert() -> None:
    (found,) = gap_causes(plan_with(mapped("acme", "refused", detail="its agreement is cancelled")))
    assert found.why == "its agreement is cancelled"
    assert found.members[0].label == "acme (CustomerMapping/acme)"


def test_a_customer_with_several_charges_is_one_member_with_all_their_money() -> None:
    rows = [mapped("acme", "stale", "1", charge="storage"), mapped("acme", "stale", "3", charge="servers")]
    (found,) = gap_causes(plan_with(*rows, mapped("birch", "stale", "2")))
    assert found.title.startswith("2 customers held")
    assert [member.id for member in found.members] == ["CustomerMapping/acme", "CustomerMapping/birch"]
    assert found.risk.text == "6.00 USD a month"


def test_each_device_that_no_charge_counts_is_a_member() -> None:
    rows = [mapped("acme", "uncounted").model_copy(update={"name": f"device {each} of Acme"}) for each in (7, 8)]
    (found,) = gap_causes(plan_with(*rows))
    assert found.title == "2 devices that no charge counts"
    assert [member.id for member in found.members] == ["CustomerMapping/acme device 7", "CustomerMapping/acme device 8"]


def test_a_renamed_customer_is_the_same_member() -> None:
    before, after = gap_causes(plan_with(row("1"))), gap_causes(plan_with(row("1", name="New name")))
    assert next(before).ids == next(after).ids


def test_customers_that_are_accounted_for_are_no_cause() -> None:
    assert list(gap_causes(plan_with(row("1", accounted=True), mapped("acme", "billed", accounted=True)))) == []


@pytest.mark.parametrize("state", [*get_args(State), "orphan", "invoiced", "held", "left open"])
def test_each_state_that_is_not_accounted_for_is_a_cause_of_its_own(state: str) -> None:
    (found,) = gap_causes(plan_with(mapped("acme", state)))

    name = state.replace(" ", "-")
    assert found.key in {name, f"held:{name}", f"gap:{name}"}
    assert found.title.startswith("1 ")
    assert found.advice


def test_a_customer_that_a_guardrail_holds_is_left_to_the_causes_of_guardrails() -> None:
    released = Released(state="billed", detail="", accounted=True)
    assert list(gap_causes(plan_with(mapped("acme", "held", released=released)))) == []


def test_an_addition_without_a_mapping_is_identified_by_its_id() -> None:
    name = "addition id 21001 (BACKUP-GB, agreement id 20001)"
    (found,) = gap_causes(plan_with(row("", "orphan", source="", name=name)))
    assert (found.members_are, found.members[0].id) == ("Additions", name)


# ── sources ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_source_that_cannot_be_read_is_one_cause_with_all_customers_that_it_holds() -> None:
    plan = plan_with(FAILED, mapped("acme", "unknown", None), mapped("birch", "unknown", None))
    reading = SourceReading("failed", believed_at=NOW - timedelta(hours=2))

    (found,) = source_causes(plan, {"cove": reading})

    assert found.key == "source:cove:failed"
    assert found.title == "source cove cannot be read: 2 customers held"
    assert found.since == NOW - timedelta(hours=2)
    assert found.why == FAILED.detail
    assert found.risk.text == "unknown"
    assert list(gap_causes(plan)) == []


@pytest.mark.parametrize(
    ("state", "key", "advice"),
    [
        ("failed", "failed", "reconciler usage pull"),
        ("disbelieved", "disbelieved", "reconciler usage pull --approve shrink=cove"),
        ("whole", "old", "reconciler usage pull"),
        ("unread", "unread", "reconciler usage pull"),
    ],
)
def test_each_reason_why_a_source_cannot_be_used_is_a_cause_of_its_own(state: str, key: str, advice: str) -> None:
    (found,) = source_causes(plan_with(FAILED), {"cove": SourceReading(state)})
    assert found.key == f"source:cove:{key}"
    assert found.advice.endswith(advice)


def test_an_unmapped_customer_of_a_failed_source_is_still_told() -> None:
    (found,) = gap_causes(plan_with(FAILED, row("9")))
    assert found.key == "unmapped"


def test_a_pull_without_a_plan_tells_only_sources_that_failed_or_are_not_believed() -> None:
    readings = {
        "cove": SourceReading("failed", "no network"),
        "csv": SourceReading("disbelieved", "it lost 9 devices"),
        "json": SourceReading("whole"),
    }
    found = list(pulled_causes(readings))
    assert [(each.key, each.why) for each in found] == [
        ("source:cove:failed", "no network"),
        ("source:csv:disbelieved", "it lost 9 devices"),
    ]
