"""Tests of the console's high-water report as a pull."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.meters import RECOVERY, USERS
from reconciler.ledger.records import IN_RECYCLE_BIN, Pull
from reconciler.metering.sources import registry
from reconciler.metering.sources.cove_report_pull import pull
from reconciler.metering.sources.csv_file import CsvSettings

from .console import CUSTOMERS, NOW, partner, settings
from .reports import Reporting, row, workbook
from .servers import Reply, Server, Time

START = datetime(2026, 11, 1, tzinfo=UTC)


async def read(console: Any) -> Pull:
    time = Time()
    async with Server(console) as server:
        return await pull(settings(server.url), "cove:report", START, NOW, NOW, sleep=time.sleep, clock=time)


async def test_each_device_is_a_sample_of_its_highest_values() -> None:
    found = await read(Reporting(CUSTOMERS, workbook([row(1, 10, users=7), row(2, 10, recovery=2)])))
    assert (found.source, found.state, found.columns) == ("cove:report", "whole", (USERS, RECOVERY))
    assert [(each.customer_id, each.device_id, each.bytes, each.values) for each in found.samples] == [
        ("10", "1", None, {USERS: "7", RECOVERY: "0"}),
        ("10", "2", None, {USERS: "0", RECOVERY: "2"}),
    ]
    assert {each.observed_at for each in found.samples} == {NOW}


async def test_every_customer_is_listed_also_one_that_the_console_no_longer_has() -> None:
    found = await read(Reporting(CUSTOMERS, workbook([row(1, 99)])))
    assert [(each.id, each.name) for each in found.customers] == [("10", "Acme"), ("20", "Beta"), ("99", "Customer 99")]


@pytest.mark.parametrize("count", [1, 2])
async def test_devices_in_the_recycle_bin_are_not_billed_and_named(count: int) -> None:
    console = Reporting([*CUSTOMERS, partner(30, "Gone - Recycle Bin")], workbook([row(n, 30) for n in range(count)]))
    found = await read(console)
    assert found.samples == ()
    assert next(each.state for each in found.customers if each.id == "30") == IN_RECYCLE_BIN
    devices = "1 device of the report is" if count == 1 else "2 devices of the report are"
    assert found.notes == (f"{devices} in the recycle bin: not billed",)


async def test_a_device_with_two_rows_is_not_billed_twice() -> None:
    found = await read(Reporting(CUSTOMERS, workbook([row(1, 10), row(1, 20)])))
    assert found.state == "failed"
    assert "two rows of device 1, of the customers 10 and 20, and counting both would bill it twice" in str(found.error)


async def test_a_report_that_cannot_be_read_is_a_failed_pull() -> None:
    console = Reporting(CUSTOMERS, b"")
    console.instead_of_report = [Reply(status=403)]
    found = await read(console)
    assert (found.state, found.samples) == ("failed", ())
    assert "403" in str(found.error)


async def test_a_file_has_no_monthly_report() -> None:
    with pytest.raises(TypeError, match="source files has no monthly report"):
        await registry.monthly_report(CsvSettings("files", Path()), "files:report", START, NOW, NOW)
