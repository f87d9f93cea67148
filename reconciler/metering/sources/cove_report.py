"""Read the console's high-water report of a month: an XLSX file with a row for each device [seen].

    Login ─▶ EnumeratePartners ─▶ GET /statistics-reporting/high-watermark-usage-report with the visa

A row belongs to the end customer, also if the console names its site. An empty number of users or an empty recovery
means none [guess].
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from reconciler.metering.sources.addresses import check_address
from reconciler.metering.sources.cells import quoted
from reconciler.metering.sources.cove import read_partners
from reconciler.metering.sources.cove_session import CoveSession, CoveSettings, check_settings
from reconciler.metering.sources.cove_tree import Tree
from reconciler.metering.sources.device_month import DeviceMonth
from reconciler.metering.sources.errors import GarbledError, SourceError
from reconciler.metering.sources.http import FIRST_WAIT, GARBLED_ATTEMPTS, LIMITS, Limits, make_client
from reconciler.metering.sources.pulling import Clock, Sleep
from reconciler.metering.sources.xlsx import rows_of

if TYPE_CHECKING:
    import httpx

PATH = "/statistics-reporting/high-watermark-usage-report"
"""The path of the report, at the host of the console's API [seen]."""

_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
"""A number as text, with a decimal point and without a sign or an exponent."""

_EXACT = 2**53
"""The largest whole number up to which each one is exact in a cell."""

_NAME = "high-watermark-usage-report"
"""The name of the report in messages."""

COLUMNS = ("CustomerId", "CustomerName", "DeviceId", "UsedStorageGb", "O365Users", "RecoveryTesting")
"""The columns that are read. The report has others [seen]."""


async def read_report(
    settings: CoveSettings,
    start: datetime,
    end: datetime,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
    clock: Clock = time.monotonic,
    limits: Limits = LIMITS,
) -> tuple[Tree, tuple[DeviceMonth, ...]]:
    """Return the partners as they are today, and the devices of the month [start, end) with their highest values.

    The devices are in the order of the report. Raises `SourceError` if the report cannot be read.
    """
    check_address(settings.url, settings.name)
    check_settings(settings)
    async with make_client(transport, settings.url, settings.name, limits) as client:
        session = CoveSession(client, settings, sleep=sleep, clock=clock, limits=limits)
        root_id = await session.log_in()
        tree = await read_partners(session, settings, root_id)
        url = report_url(settings.url, root_id, start, end)
        where = session.where(_NAME)
        rows = await _rows(session, url, where, sleep)
    return tree, tuple(device_month(row, tree, where) for row in rows)


async def _rows(session: CoveSession, url: str, where: str, sleep: Sleep) -> list[Mapping[str, Any]]:
    """Return the rows of the report. A response that is no XLSX file is requested again."""
    attempt = 1
    while True:
        content = await session.download(url, _NAME)
        try:
            return await asyncio.to_thread(rows_of, content, COLUMNS, where)
        except GarbledError:
            if attempt == GARBLED_ATTEMPTS:
                raise
        await sleep(FIRST_WAIT * 2 ** (attempt - 1))
        attempt += 1


def report_url(url: str, root_id: int, start: datetime, end: datetime) -> str:
    """Return the address of the report of [start, end). Its last second is the one before `end` [seen]."""
    parts = urlsplit(url)
    query = {
        "dateFrom": _moment(start),
        "dateTo": _moment(end - timedelta(seconds=1)),
        "exportOutput": "OneXlsxFile",
        "partnerId": root_id,
    }
    return f"{parts.scheme}://{parts.netloc}{PATH}?{urlencode(query)}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def device_month(row: Mapping[str, Any], tree: Tree, where: str) -> DeviceMonth:
    """Return the device of one row. Raises `SourceError` for a cell that is not usable."""
    device = _whole(row, "DeviceId", where)
    customer, name = _whole(row, "CustomerId", where), str(row["CustomerName"])
    if customer in tree:
        owner = tree.owner_of(customer)
        customer, name = int(owner.id), owner.name
    recovery = _whole(row, "RecoveryTesting", where, empty=0)
    if recovery > 2:
        raise _odd(row, "RecoveryTesting", "0, 1 or 2", where)
    return DeviceMonth(
        str(customer), name, str(device), _size(row, where), _whole(row, "O365Users", where, empty=0), recovery
    )


def _whole(row: Mapping[str, Any], name: str, where: str, empty: int | None = None) -> int:
    number = _number(row, name)
    if number is None and row[name] == "" and empty is not None:
        return empty
    if number is None or number < 0 or number != number.to_integral_value():
        raise _odd(row, name, "a whole number of 0 or more", where)
    return int(number)


def _size(row: Mapping[str, Any], where: str) -> Decimal | None:
    if row["UsedStorageGb"] == "":
        return None
    number = _number(row, "UsedStorageGb")
    if number is None or number < 0:
        raise _odd(row, "UsedStorageGb", "a size in GB", where)
    return number


def _number(row: Mapping[str, Any], name: str) -> Decimal | None:
    """Return the number in a cell, which is a float or text. Its shortest form is what the file has."""
    cell = row[name]
    if isinstance(cell, str):
        return Decimal(cell.strip()) if _NUMBER.fullmatch(cell.strip()) else None
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not abs(cell) <= _EXACT:
        return None
    return Decimal(str(cell))


def _odd(row: Mapping[str, Any], name: str, wanted: str, where: str) -> SourceError:
    device = _number(row, "DeviceId")
    which = "a row" if device is None else f"device {device.normalize():f}"
    return SourceError(
        f"{name} of {which} is {quoted(row[name])}, which is not {wanted}",
        where=where,
        advice="look at the report in the console; every row counts",
    )
