"""A server that stores values in other forms causes no failure, and no change that every plan repeats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.sandbox.shared.faults import HABITS
from tests.rich import CHANGES, FILE, make_rich
from tests.shop import ALDER, Shop


@pytest.fixture
def rich(shop: Shop) -> Shop:
    return make_rich(shop)


KINDS = [
    *(habit for habit in HABITS if habit not in {"forgets", "named-refs"}),
    "zoned-dates:hours=23",
    "nfc trims one-line pads",
    "",
]


@pytest.mark.parametrize("habits", KINDS)
def test_values_in_another_form_are_no_failure_and_no_repeated_change(rich: Shop, habits: str) -> None:
    rich.fault(*habits.split())

    rich.apply()
    again = rich("plan", "--detailed-exitcode")
    assert again.code == 0, again.out

    for old, new in CHANGES:
        rich.edit(FILE, old, new)
    rich.uses(ALDER, "150.123456")
    rich.apply()
    again = rich("plan", "--detailed-exitcode")
    assert again.code == 0, again.out


@pytest.mark.parametrize("habits", KINDS)
def test_a_plan_file_that_was_applied_to_such_a_server_counts_as_applied(
    rich: Shop, tmp_path: Path, habits: str
) -> None:
    rich.fault(*habits.split())
    file = str(tmp_path / "plan.json")
    assert rich("plan", "--out", file).code == 0
    assert rich("apply", file).code == 0
    assert rich("apply", file).out.endswith("already.\n")

    for old, new in CHANGES:
        rich.edit(FILE, old, new)
    assert rich("plan", "--out", file).code == 0
    done = len(json.loads(Path(file).read_text(encoding="utf-8"))["actions"])
    assert rich("apply", file).out == f"Applied: {done} done.\n"
    assert rich("apply", file).out == f"Applied: {done} already.\n"


def test_a_200_that_stored_nothing_is_still_detected(rich: Shop) -> None:
    rich.apply()
    rich.edit(FILE, "city: Tampa", "city: Miami")
    rich.edit(FILE, "Score: 12.5", "Score: 13")
    rich.edit(FILE, "cost: 0}", "cost: 0.01}")
    rich.fault("forgets", "doubles", "pads", "zoned-dates")

    said = rich("apply", "--auto-approve")

    assert said.code == 4
    assert 'city is "Tampa" instead of "Miami"' in said.out
    assert 'customFields is {"Score": "12.5' in said.out
    assert 'cost is "0" instead of "0.01"' in said.out


def test_a_reference_without_an_id_is_an_error_with_the_endpoint_and_nothing_is_written(rich: Shop) -> None:
    rich.apply()
    rich.edit(FILE, "city: Tampa", "city: Miami")
    before = rich.journal()
    rich.fault("named-refs@/finance")

    said = rich("apply", "--auto-approve")

    assert said.code == 1
    assert "GET /finance/agreements: the response is malformed" in said.err
    assert rich.journal() == before


def test_a_usage_run_bills_a_customer_whose_name_is_stored_in_another_unicode_form(shop: Shop) -> None:
    shop.only(ALDER)
    shop.edit(FILE, "identifier: AlderDental", 'identifier: "Alde\\u0301rDental"')
    shop.edit(FILE, "name: Alder Dental - Managed Backup", 'name: "Alde\\u0301r Dental - Managed Backup"')
    shop.fault("nfc")
    shop.apply()
    shop.uses(ALDER, "150")

    shop.apply("--only", "usage")

    assert shop.quantities() == [150]


def test_a_field_that_the_server_never_leaves_empty_is_cleared_once_and_then_reported(rich: Shop) -> None:
    rich.apply()
    rich.edit(FILE, "billingTerms: Net 30 days", "billingTerms: null")
    rich.edit(FILE, "price: 0.3, cost: 0", "price: 0.3, cost: null")
    rich.fault("refills")

    said = rich.apply(code=4)
    assert "failed   Company/alder-dental" in said.out
    assert "billingTerms is" in said.out

    again = rich("plan", "--detailed-exitcode")
    assert again.code == 0, again.out
    assert "Company/alder-dental: billingTerms stays Net 30 days: ConnectWise kept it when it was cleared" in again.out

    rich.edit(FILE, "billingTerms: null", "billingTerms: Net 10 days")
    rich.apply()
    rich.edit(FILE, "billingTerms: Net 10 days", "billingTerms: null")
    assert "billingTerms = Net 10 days → null" in rich("plan").out


def test_a_number_that_the_server_keeps_at_zero_is_cleared(rich: Shop) -> None:
    rich.edit(FILE, "price: 0.3, cost: 0", "price: 0.3, cost: 0.2")
    rich.apply()
    rich.edit(FILE, "price: 0.3, cost: 0.2", "price: 0.3, cost: null")
    rich.fault("refills")
    rich.apply()
    assert rich("plan", "--detailed-exitcode").code == 0
