"""The month's high-water report: an XLSX file with a row for each device [seen].

`GET /statistics-reporting/high-watermark-usage-report?dateFrom=…&dateTo=…&exportOutput=OneXlsxFile&partnerId=N` with
`Authorization: Bearer VISA`. The columns are those of public code. What their cells hold is a [guess]: sizes in GB of
10^9 bytes with two decimals, moments as ISO 8601, the end customer of a site, and an empty cell where there is no
value. So is the status of a refusal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.cove.app import PROXY_PAGE, CutResponse
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.high_water import DeviceMonth, Highest, device_months
from reconciler.sandbox.cove.errors import RpcError
from reconciler.sandbox.shared.environment import Environment
from reconciler.sandbox.shared.log import Entry

PATH: Final = "/statistics-reporting/high-watermark-usage-report"
"""The path of the report."""
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_GB: Final = Decimal(10**9)
_CENT: Final = Decimal("0.01")
COLUMNS: Final = (
    "CustomerId",
    "CustomerName",
    "CustomerReference",
    "CustomerState",
    "ProductionDate",
    "ServiceType",
    "OsType",
    "CurrentMonthMvSKU",
    "DeviceId",
    "DeviceName",
    "ComputerName",
    "CreationDate",
    "DeviceDeletionDate",
    "UsedStorageGb",
    "UsedStorageMvDate",
    "SelectedSizeGb",
    "SelectedSizeMvDate",
    "O365Users",
    "O365UsersMvDate",
    "RecoveryTesting",
    "RecoveryTestingMvDate",
)
"""The columns of the report, in their order [seen]."""
_OS: Final = {1: "Workstation", 2: "Server"}


class ReportError(Exception):
    """A report that the console does not make, with an HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


def routes(console: Console, environment: Environment) -> list[Route]:
    """Return the route of the report."""

    async def report(request: Request) -> Response:
        faults = environment.faults
        slow = faults.hit("slow", PATH)
        response = _replacement(environment)
        if response is None:
            response = await asyncio.to_thread(_answer, console, request)
        if response.status_code == 200 and (fate := _fate(environment)) is not None:
            response = CutResponse(bytes(response.body), fate)
        fate = response.fate if isinstance(response, CutResponse) else "sent"
        environment.log.add(Entry(environment.clock.now(), "GET", PATH, request.url.query, response.status_code, fate))
        if delay_ms := environment.latency_ms + (slow.options["ms"] if slow else 0):
            await asyncio.sleep(delay_ms / 1000)
        return response

    return [Route(PATH, report, methods=["GET"])]


def _replacement(environment: Environment) -> Response | None:
    """Return the response of a fault that keeps the request from the console, or None."""
    faults = environment.faults
    if storm := faults.hit("429", PATH):
        return Response(
            "Too many requests", 429, {"Retry-After": str(storm.options.get("retry-after", 1))}, "text/plain"
        )
    if faults.hit("500", PATH):
        return Response("Internal server error", 500, media_type="text/plain")
    if proxy := faults.hit("html", PATH):
        return Response(PROXY_PAGE, proxy.options.get("status", 200), media_type="text/html")
    if faults.hit("stale-visa", PATH):
        return Response("The visa is not valid or has expired", 401, media_type="text/plain")
    return None


def _fate(environment: Environment) -> str | None:
    if environment.faults.hit("drop", PATH):
        return "dropped"
    return "truncated" if environment.faults.hit("truncated", PATH) else None


def _answer(console: Console, request: Request) -> Response:
    try:
        rows = read_report(console, request.headers.get("authorization", ""), request.query_params)
    except ReportError as refusal:
        return Response(str(refusal), refusal.status, media_type="text/plain")
    return Response(workbook(rows), media_type=_XLSX)


def read_report(console: Console, authorization: str, query: Mapping[str, str]) -> list[list[Any]]:
    """Return the rows of the report that a request asks for.

    Raises:
        ReportError: 401 without a valid visa, 403 for a partner that the login cannot see, 400 for any other mistake.
    """
    scheme, _, visa = authorization.partition(" ")
    try:
        console.check_visa(visa if scheme == "Bearer" else None)
    except RpcError as error:
        raise ReportError(401, error.message) from None
    unknown = sorted(set(query) - {"dateFrom", "dateTo", "exportOutput", "partnerId"})
    if unknown or query.get("exportOutput") != "OneXlsxFile":
        raise ReportError(400, f"unknown parameter {unknown[0]}" if unknown else "exportOutput must be OneXlsxFile")
    start, last = _moment(query, "dateFrom"), _moment(query, "dateTo")
    if last < start:
        raise ReportError(400, "dateTo is before dateFrom")
    partner, now, world = query.get("partnerId", ""), console.clock.now(), console.world
    if not partner.isdecimal():
        raise ReportError(400, "partnerId must be a number")
    if int(partner) not in world.subtree(world.root_id, now):
        raise ReportError(403, f"Access to partner {partner} is not allowed")
    return [_row(each) for each in device_months(world, int(partner), start, _end(last, now))]


def _end(last: datetime, now: datetime) -> datetime:
    """Return the end of the report: after its last second, or after the present moment if that is earlier."""
    return min(last + timedelta(seconds=1), now + timedelta.resolution)


def _moment(query: Mapping[str, str], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(query[name])
    except (KeyError, ValueError):
        raise ReportError(400, f"{name} must be a time like 2026-10-01T00:00:00Z") from None
    if moment.tzinfo is None:
        raise ReportError(400, f"{name} has no zone")
    return moment.astimezone(UTC)


def _row(month: DeviceMonth) -> list[Any]:
    device, customer = month.device, month.customer
    cloud = device.account_type == 2
    used, selected = month.used.value, None if month.used.value is None else month.used.value * 6 // 5
    recovery = month.recovery if month.recovery.value else Highest(None, None)
    users = month.users if cloud else Highest(None, None)
    return [
        customer.id,
        customer.name,
        customer.external_code,
        customer.state.value,
        _text(customer.created),
        "AllInclusive",
        "" if cloud else _OS.get(device.os_type, "Undefined"),
        "",
        device.id,
        device.name,
        "" if cloud else device.name.upper(),
        _text(device.created),
        _text(device.removed),
        _gigabytes(used),
        _text(month.used.at),
        _gigabytes(selected),
        _text(month.used.at),
        users.value,
        _text(users.at),
        recovery.value,
        _text(recovery.at),
    ]


def _text(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _gigabytes(size: int | None) -> Decimal | None:
    return None if size is None else (size / _GB).quantize(_CENT)


def workbook(rows: list[list[Any]]) -> bytes:
    """Return an XLSX file with one sheet: the header and the rows. Texts are never formulas."""
    content = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(content, options) as book:
        sheet = book.add_worksheet("Usage")
        for number, row in enumerate([list(COLUMNS), *rows]):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif value is not None:
                    sheet.write_number(number, column, value)
    return content.getvalue()
