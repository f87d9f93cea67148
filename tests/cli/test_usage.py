"""`reconciler usage`: pull, coverage, report."""

from __future__ import annotations

import pytest

from tests.shop import ALDER, Shop
from tests.test_seed_steps import writes


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def test_pull_keeps_what_the_sources_say_and_bills_nothing(small: Shop) -> None:
    said = small("usage", "pull")

    assert said.code == 0
    assert "1 source read, 0 failed." in said.out
    assert not any(small.counts().values())


def test_a_pull_that_failed_ends_with_1_and_the_reason(small: Shop) -> None:
    small.fault("html@/jsonapi")

    said = small("--json", "usage", "pull")

    assert said.code == 1
    (row,) = said.json
    assert (row["source"], row["state"]) == ("cove", "failed")
    assert row["error"]


def test_coverage_is_complete_with_0(small: Shop) -> None:
    small.apply()

    said = small("usage", "coverage")
    assert said.code == 0
    assert "1 accounted for." in said.out


def test_coverage_with_a_gap_ends_with_5_and_the_money_at_risk(small: Shop) -> None:
    small.apply()
    small.world.add_device(small.world.add_customer("Gumtree", small.time).id, small.time, 20 * 10**9)

    said = small("usage", "coverage")

    assert said.code == 5
    assert "1 of 2 not accounted for, 3.00 USD a month at risk." in said.out


def test_coverage_as_json_has_a_row_for_each_customer(small: Shop) -> None:
    small.apply()

    (row,) = small("--json", "usage", "coverage").json

    assert (row["state"], row["customer"], row["accounted"]) == ("billed", "1001001", True)


def test_coverage_and_report_write_nothing_in_connectwise(small: Shop) -> None:
    small.apply()
    small.sandbox.log.clear()

    small("usage", "coverage")
    small("usage", "report")

    assert writes(small) == []


def test_a_report_of_nothing_is_an_empty_table(small: Shop) -> None:
    assert "0 additions, 0.00 a month." in small("usage", "report").out


def test_usage_alone_explains_itself(small: Shop) -> None:
    said = small("usage")

    assert said.code == 1
    assert said.err.startswith("Usage: reconciler usage")
