"""Tests of `reconciler usage pull`, `usage coverage` and `usage report`."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.prepared import prepared
from tests.shop import ALDER, BIRCHWOOD, Shop
from tests.test_seed_steps import writes


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def test_pull_reads_the_sources_and_creates_nothing_in_connectwise(small: Shop) -> None:
    said = small("usage", "pull")

    assert said.code == 0
    assert "1 source read, 0 failed." in said.out
    assert not any(small.counts().values())


def test_a_failed_pull_exits_with_1_and_reports_the_error(small: Shop) -> None:
    small.fault("html@/jsonapi")

    said = small("--json", "usage", "pull")

    assert said.code == 1
    (row,) = said.json
    assert (row["source"], row["state"]) == ("cove", "failed")
    assert row["error"]


def test_complete_coverage_exits_with_0(small: Shop) -> None:
    small.apply()

    said = small("usage", "coverage")
    assert said.code == 0
    assert "1 customer accounted for." in said.out


def test_incomplete_coverage_exits_with_5_and_prints_the_amount_at_risk(small: Shop) -> None:
    small.apply()
    small.world.add_device(small.world.add_customer("Gumtree", small.time).id, small.time, 20 * 10**9)

    said = small("usage", "coverage")

    assert said.code == 5
    assert "1 of 2 customers not accounted for; 3.00 USD a month at risk." in said.out


def test_coverage_as_json_has_a_row_for_each_customer(small: Shop) -> None:
    small.apply()

    (row,) = small("--json", "usage", "coverage").json

    assert (row["state"], row["customer"], row["accounted"]) == ("billed", "1001001", True)


def test_coverage_and_report_write_nothing_to_connectwise(small: Shop) -> None:
    small.apply()
    small.sandbox.log.clear()

    small("usage", "coverage")
    small("usage", "report")

    assert writes(small) == []


def test_a_report_without_additions_is_an_empty_table(small: Shop) -> None:
    assert "0 additions, 0.00 USD a month." in small("usage", "report").out


def test_usage_without_a_command_prints_its_help(small: Shop) -> None:
    said = small("usage")

    assert said.code == 1
    assert said.err.startswith("Usage: reconciler usage")


# ── Pulls that are not believed, and devices without a new figure ────────────────────────────────────────


def shrink(shop: Shop) -> None:
    """Remove all devices of each customer but one from the backup console."""
    for partner in (ALDER, BIRCHWOOD):
        for device in shop.world.devices_of(shop.world.subtree(partner, shop.time), shop.time)[1:]:
            shop.world.remove_device(device.id, shop.time)


@prepared
def pair(shop: Shop) -> Shop:
    """Return a shop with two customers, one hour after their first apply."""
    shop.only(ALDER, BIRCHWOOD)
    shop.apply()
    shop.advance()
    return shop


def test_a_pull_with_too_many_missing_devices_holds_all_customers_until_it_is_approved(pair: Shop) -> None:
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


def test_an_apply_can_approve_its_own_pull(pair: Shop) -> None:
    shrink(pair)

    pair.apply("--only", "usage", "--approve", "quantity", "--approve", "shrink")


def test_an_empty_pull_is_not_believed_and_sets_no_quantity_to_zero(pair: Shop) -> None:
    before = pair.quantities()
    for partner in (ALDER, BIRCHWOOD):
        pair.world.remove_customer(partner, pair.time)

    for _ in range(3):
        pair.advance(30)
        pair.apply("--only", "usage", code=5)
    assert pair.quantities() == before


def test_an_approval_of_another_guardrail_or_an_unknown_source_is_an_error(pair: Shop) -> None:
    assert "--approve money: `usage pull` has one guardrail" in pair("usage", "pull", "--approve", "money").err
    said = pair("usage", "pull", "--approve", "shrink=cave")
    assert said.code == 1
    assert "there is no usage source cave in this workspace" in said.err


def test_a_silent_device_is_billed_and_reported_until_it_is_stale(pair: Shop) -> None:
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


def test_a_silent_device_that_moves_to_another_customer_keeps_its_quantity(pair: Shop) -> None:
    device = pair.world.devices_of(pair.world.subtree(BIRCHWOOD, pair.time), pair.time)[0]
    pair.world.resize_device(device.id, None, pair.time)
    pair.world.move_device(device.id, ALDER, pair.time)

    rows = {row["customer"]: row for row in pair.plan("--only", "usage")["coverage"]}
    assert f"device {device.id} (last" in rows[str(ALDER)]["detail"]
    used = sum(Decimal(row["quantity"]) for row in rows.values())
    total = sum(Decimal(quantity) for quantity in pair.quantities())
    assert abs(used - total) <= 2  # the quantity of each customer is rounded up


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
    """Return a shop with one customer whose usage comes from a file, billed by peak, eight hours into the month."""
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
    """Write the usage file; `told` holds a device, gigabytes and hours from now for each row."""
    lines = (
        f"1001001,Alder Dental,{device},{used},GB,{(shop.time + timedelta(hours=hours)).isoformat()}\n"
        for device, used, hours in told
    )
    shop.write("usage.csv", HEAD + "".join(lines))


def quantity(shop: Shop, code: int = 0) -> Decimal:
    shop.apply("--approve", "quantity", code=code)
    return sum((Decimal(each) for each in shop.quantities()), Decimal(0))


def test_a_row_of_a_file_counts_in_the_hour_of_its_as_of_time(filed: Shop) -> None:
    rows(filed, ("a", "10", -1), ("a", "40", -2.5), ("b", "5", -1))
    assert quantity(filed) == 40
    filed.advance()
    rows(filed, ("a", "100", -1.75), ("b", "5", -0.5))
    assert quantity(filed) == 105  # a late row, in an hour in which b counts with its earlier figure
    filed.advance()
    rows(filed, ("a", "1", -0.5), ("b", "1", -0.5))
    assert quantity(filed) == 105


def test_a_row_with_a_time_in_the_future_is_reported_and_not_billed(filed: Shop) -> None:
    rows(filed, ("a", "10", -1))
    assert quantity(filed) == 10
    filed.advance()
    rows(filed, ("a", "900", 2))

    said = filed("plan")
    assert said.code == 5
    assert "files: device a of Alder Dental has a figure dated after this run, which is ignored" in said.out
    assert quantity(filed, code=5) == 10


def test_a_customer_with_a_total_and_devices_is_refused_and_its_additions_stay_unchanged(filed: Shop) -> None:
    rows(filed, ("a", "10", -1))
    assert quantity(filed) == 10
    filed.advance()
    rows(filed, ("a", "10", -1), ("", "50", -1))

    said = filed("plan")
    assert said.code == 5
    assert "refused files/1001001 Alder Dental" in said.out
    assert quantity(filed, code=5) == 10
