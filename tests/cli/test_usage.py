"""`reconciler usage`: pull, coverage, report."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.shop import ALDER, BIRCHWOOD, Shop
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
    assert "1 customer accounted for." in said.out


def test_coverage_with_a_gap_ends_with_5_and_the_money_at_risk(small: Shop) -> None:
    small.apply()
    small.world.add_device(small.world.add_customer("Gumtree", small.time).id, small.time, 20 * 10**9)

    said = small("usage", "coverage")

    assert said.code == 5
    assert "1 of 2 customers not accounted for; 3.00 USD a month at risk." in said.out


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
    assert "0 additions, 0.00 USD a month." in small("usage", "report").out


def test_usage_alone_explains_itself(small: Shop) -> None:
    said = small("usage")

    assert said.code == 1
    assert said.err.startswith("Usage: reconciler usage")


# ── What is believed, and what is named ──────────────────────────────────────────────────────────────────


def shrink(shop: Shop) -> None:
    """All devices but one of each customer leave the console at once."""
    for partner in (ALDER, BIRCHWOOD):
        for device in shop.world.devices_of(shop.world.subtree(partner, shop.time), shop.time)[1:]:
            shop.world.remove_device(device.id, shop.time)


@pytest.fixture
def pair(shop: Shop) -> Shop:
    """Two customers, billed, an hour ago."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    shop.advance()
    return shop


def test_a_pull_that_lost_much_at_once_holds_everybody_until_a_person_believes_it(pair: Shop) -> None:
    shrink(pair)

    pulled = pair("usage", "pull")
    assert pulled.code == 5
    assert "1 source read, 0 failed, 1 not believed." in pulled.out
    assert "reconciler usage pull --approve shrink=SOURCE" in pulled.out
    before = pair.quantities()
    for command in (("plan",), ("apply", "--only", "usage", "--auto-approve"), ("usage", "coverage")):
        said = pair(*command)
        assert said.code == 5
        text = " ".join(said.out.split())
        assert text.count("is not believed: it no longer lists 3 of 5 devices, which is more than 20 %") == 1
    assert pair.quantities() == before

    believed = pair("--json", "usage", "pull", "--approve", "shrink=cove")
    assert believed.code == 0
    (row,) = believed.json
    assert (row["state"], row["notes"]) == ("whole", ["this pull is accepted by --approve"])
    pair.apply("--only", "usage", "--approve", "quantity")
    assert pair.quantities() != before
    with closing(sqlite3.connect(pair.ledger)) as connection:
        ((who,),) = connection.execute("SELECT approved_by FROM pulls WHERE approved_by IS NOT NULL").fetchall()
    assert re.fullmatch(r".+@.+", who)


def test_an_apply_may_believe_the_pull_that_it_makes(pair: Shop) -> None:
    shrink(pair)

    pair.apply("--only", "usage", "--approve", "quantity", "--approve", "shrink")


def test_an_empty_console_is_not_believed_and_zeroes_nothing(pair: Shop) -> None:
    before = pair.quantities()
    for partner in (ALDER, BIRCHWOOD):
        pair.world.remove_customer(partner, pair.time)

    for _ in range(3):
        pair.advance(30)
        pair.apply("--only", "usage", code=5)
    assert pair.quantities() == before


def test_an_approval_of_what_no_pull_trips_or_no_source_is_an_error(pair: Shop) -> None:
    assert "--approve money: `usage pull` has one guardrail" in pair("usage", "pull", "--approve", "money").err
    said = pair("usage", "pull", "--approve", "shrink=cave")
    assert said.code == 1
    assert "there is no usage source cave in this workspace" in said.err


def test_a_silent_device_counts_and_is_named_in_every_run_until_it_holds_its_customer(pair: Shop) -> None:
    device = pair.world.devices_of(pair.world.subtree(BIRCHWOOD, pair.time), pair.time)[0]
    before = pair.quantities()
    pair.world.resize_device(device.id, None, pair.time)

    for _ in range(6):
        said = pair("plan", "--only", "usage")
        assert said.code == 0
        assert f"no new figure for device {device.id} (last" in said.out
        pair.advance()
    said = pair.apply("--only", "usage", code=5)
    assert "stale cove/1001002 Birchwood Legal" in said.out
    assert pair.quantities() == before


def test_a_silent_device_that_moves_to_another_customer_keeps_its_figure(pair: Shop) -> None:
    device = pair.world.devices_of(pair.world.subtree(BIRCHWOOD, pair.time), pair.time)[0]
    pair.world.resize_device(device.id, None, pair.time)
    pair.world.move_device(device.id, ALDER, pair.time)

    rows = {row["customer"]: row for row in pair.plan("--only", "usage")["coverage"]}
    assert f"device {device.id} (last" in rows[str(ALDER)]["detail"]
    used = sum(Decimal(row["quantity"]) for row in rows.values())
    total = sum(Decimal(quantity) for quantity in pair.quantities())
    assert abs(used - total) <= 2  # each customer is rounded up by itself


def test_a_customer_in_the_recycle_bin_counts_as_vanished(pair: Shop) -> None:
    pair.world.recycle(ALDER, pair.time)

    said = pair("plan", "--only", "usage")
    assert said.code == 5
    assert "vanished cove/1001001" in said.out
    pair.edit("workspace.yaml", "  billing:\n", "  billing:\n    vanished: warn\n")
    assert pair("plan", "--only", "usage").code == 0


# ── Usage from a file ────────────────────────────────────────────────────────────────────────────────────

HEAD = "customer_id,customer_name,device_id,used,unit,as_of\n"


@pytest.fixture
def filed(shop: Shop) -> Shop:
    """One customer that a file tells of, billed by its peak; the month is eight hours old."""
    shop.only(ALDER)
    shop.advance(6)
    shop.world.remove_customer(ALDER, shop.time)
    shop.edit(
        "workspace.yaml",
        "    - name: cove\n",
        "    - {name: files, type: csv, unit: GB, path: usage.csv}\n    - name: cove\n",
    )
    shop.world.add_device(shop.world.add_customer("Nobody", shop.time).id, shop.time, 10**9)
    shop.edit("workspace.yaml", "unmapped: error", "unmapped: warn")
    shop.edit("customers/alder-dental.yaml", "source: cove", "source: files")
    shop.edit(
        "customers/alder-dental.yaml",
        "  agreement: alder-dental\n  managedId",
        "  agreement: alder-dental\n  measure: peak\n  managedId",
    )
    return shop


def rows(shop: Shop, *told: tuple[str, str, float]) -> None:
    """Device, gigabytes, and hours from now."""
    lines = (
        f"1001001,Alder Dental,{device},{used},GB,{(shop.time + timedelta(hours=hours)).isoformat()}\n"
        for device, used, hours in told
    )
    shop.write("usage.csv", HEAD + "".join(lines))


def quantity(shop: Shop, code: int = 0) -> Decimal:
    shop.apply("--approve", "quantity", code=code)
    return sum((Decimal(each) for each in shop.quantities()), Decimal(0))


def test_rows_of_a_file_count_in_the_hours_that_they_speak_of(filed: Shop) -> None:
    rows(filed, ("a", "10", -1), ("a", "40", -2.5), ("b", "5", -1))
    assert quantity(filed) == 40
    filed.advance()
    rows(filed, ("a", "100", -1.75), ("b", "5", -0.5))
    assert quantity(filed) == 105  # late, and in an hour in which b counts with its figure of before
    filed.advance()
    rows(filed, ("a", "1", -0.5), ("b", "1", -0.5))
    assert quantity(filed) == 105


def test_a_row_that_is_dated_ahead_is_named_and_its_figure_does_not_count(filed: Shop) -> None:
    rows(filed, ("a", "10", -1))
    assert quantity(filed) == 10
    filed.advance()
    rows(filed, ("a", "900", 2))

    said = filed("plan")
    assert said.code == 5
    assert "files: device a of Alder Dental has a figure dated after this run, which is ignored" in said.out
    assert quantity(filed, code=5) == 10


def test_a_total_beside_devices_refuses_the_customer_and_its_lines_stay(filed: Shop) -> None:
    rows(filed, ("a", "10", -1))
    assert quantity(filed) == 10
    filed.advance()
    rows(filed, ("a", "10", -1), ("", "50", -1))

    said = filed("plan")
    assert said.code == 5
    assert "refused files/1001001 Alder Dental" in said.out
    assert quantity(filed, code=5) == 10
