"""Tests of the console's high-water report, with a test console and with the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.metering.sources import xlsx
from reconciler.metering.sources.cove_report import COLUMNS, read_report
from reconciler.metering.sources.device_month import DeviceMonth
from reconciler.metering.sources.errors import SourceError

from .console import CUSTOMERS, NOW, partner, settings
from .reports import HEADER, Reporting, archive, book, row, workbook
from .servers import Reply, Server, Time, as_json
from .test_cove_sandbox import login_of, running  # noqa: F401 - a fixture

START, END = datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC)
PAGE = Reply(b"<!DOCTYPE html><html>Sign in</html>")
D = Decimal


async def read(console: Any, time: Time | None = None) -> tuple[DeviceMonth, ...]:
    """Return the report of November, in Berlin, from a server that responds like `console`."""
    time = time or Time()
    async with Server(console) as server:
        _, devices = await read_report(settings(server.url), START, END, sleep=time.sleep, clock=time)
        return devices


async def problem_of(console: Any) -> SourceError:
    """Return the error of a report that cannot be read."""
    with pytest.raises(SourceError) as caught:
        await read(console)
    return caught.value


async def test_a_row_gives_the_highest_values_of_a_device() -> None:
    console = Reporting(CUSTOMERS, workbook([row(1, 10, 12.25, 7, 2), row(2, 20)]))
    assert await read(console) == (
        DeviceMonth("10", "Acme", "1", D("12.25"), 7, 2),
        DeviceMonth("20", "Beta", "2", D("1.5"), 0, 0),
    )


async def test_numbers_may_be_text_and_a_missing_size_is_not_0() -> None:
    console = Reporting(CUSTOMERS, workbook([row("1", "10", "12.25", "7", "1"), row(2, 10, "")]))
    first, second = await read(console)
    assert (first.device_id, first.used, first.users, first.recovery) == ("1", D("12.25"), 7, 1)
    assert second.used is None


async def test_the_request_has_the_exact_month_and_the_visa() -> None:
    console = Reporting(CUSTOMERS, workbook([]))
    assert await read(console) == ()
    (seen,) = console.asked
    parts = urlsplit(seen.target)
    assert parts.path == "/statistics-reporting/high-watermark-usage-report"
    assert parse_qs(parts.query) == {
        "dateFrom": ["2026-10-31T23:00:00Z"],
        "dateTo": ["2026-11-30T22:59:59Z"],
        "exportOutput": ["OneXlsxFile"],
        "partnerId": ["1"],
    }
    assert seen.headers["authorization"] == "Bearer visa-2"


async def test_a_device_of_a_site_belongs_to_the_customer_and_a_removed_customer_keeps_its_name() -> None:
    console = Reporting([*CUSTOMERS, partner(11, "Acme North", "Site", 10)], workbook([row(1, 11), row(2, 99)]))
    assert [(each.customer_id, each.customer_name) for each in await read(console)] == [
        ("10", "Acme"),
        ("99", "Customer 99"),
    ]


async def test_an_expired_visa_leads_to_one_new_login() -> None:
    console = Reporting(CUSTOMERS, workbook([row(1)]))
    console.instead_of_report = [Reply(status=401)]
    assert len(await read(console)) == 1
    assert console.methods() == ["Login", "EnumeratePartners", "Login"]


async def test_an_old_visa_is_renewed_before_the_report_is_asked_for() -> None:
    time = Time()

    class Slow(Reporting):
        def good(self, call: Mapping[str, Any]) -> Reply:
            time.now += 15 * 60.0
            return super().good(call)

    console = Slow(CUSTOMERS, workbook([row(1)]))
    await read(console, time)
    assert console.methods()[-1] == "Login"


async def test_a_report_that_is_refused_twice_is_an_error_that_names_the_report() -> None:
    console = Reporting(CUSTOMERS, b"")
    console.instead_of_report = [Reply(status=401), Reply(status=401)]
    error = await problem_of(console)
    assert "the server refused access (401 Status)" in str(error)
    assert "high-watermark-usage-report" in str(error)
    assert "visa-" not in str(error)


async def test_without_the_right_to_reports_nothing_is_repeated() -> None:
    console = Reporting(CUSTOMERS, b"")
    console.instead_of_report = [Reply(status=403)]
    assert "403" in str(await problem_of(console))
    assert len(console.asked) == 1


async def test_a_visa_that_no_header_can_contain_is_named() -> None:
    console = Reporting(CUSTOMERS, b"")
    login = {"id": "1", "jsonrpc": "2.0", "visa": "a\nb", "result": {"result": {"PartnerId": 1}}}
    partners = {"id": "1", "jsonrpc": "2.0", "visa": "a\nb", "result": {"result": CUSTOMERS}}
    console.instead = {"Login": [as_json(login)], "EnumeratePartners": [as_json(partners)]}
    assert "a visa that a header cannot contain" in str(await problem_of(console))


async def test_a_web_page_in_place_of_the_report_is_read_again() -> None:
    time, console = Time(), Reporting(CUSTOMERS, workbook([row(1)]))
    console.instead_of_report = [PAGE, PAGE]
    assert len(await read(console, time)) == 1
    assert time.slept == [0.5, 1.0]
    console.instead_of_report = [PAGE] * 3
    assert "the response is not a complete XLSX file" in str(await problem_of(console))


async def test_an_archive_that_is_no_workbook_is_named() -> None:
    assert "the response is not a complete XLSX file" in str(
        await problem_of(Reporting(CUSTOMERS, archive(("a", b"b"))))
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "not a complete XLSX file"),
        (workbook([row(1)])[:-400], "not a complete XLSX file"),
        (archive(("xl/worksheets/sheet1.xml", b"1"), ("xl/worksheets/sheet1.xml", b"2")), "two files of one name"),
        (archive(*((f"{number}", b"") for number in range(1001))), "the report is too large: 1001 files"),
        (archive(("bomb", b"0" * 300 * 2**20)), "the report is too large: 300 MiB"),
        (archive(("xl/worksheets/sheet1.xml", b'<c r="XFD1048576"/>')), "too large: 1,048,576 rows and 16,384 columns"),
        (archive(("xl/worksheets/sheet1.xml", b'<c r="A2" t="e"><v>#N/A</v></c>')), "has an error in place of a value"),
        (book([HEADER, row(1)], [HEADER]), "2 sheets of the report have its columns"),
        (workbook([], [*HEADER, "DeviceId"]), "the report has column DeviceId 2 times"),
    ],
)
def test_a_file_that_is_not_the_report_is_named(content: bytes, text: str) -> None:
    with pytest.raises(SourceError, match=text):
        xlsx.rows_of(content, COLUMNS, "cove")


def test_an_archive_that_says_a_smaller_size_is_read_no_further() -> None:
    honest = archive(("xl/worksheets/sheet1.xml", b"0" * 2**20))
    lying = honest.replace((2**20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(SourceError, match="not a complete XLSX file: Bad CRC-32"):
        xlsx.rows_of(lying, COLUMNS, "cove")


def test_columns_and_sheets_may_have_any_order_and_a_title_may_stand_above() -> None:
    turned = [["Usage of November"], [], [*reversed(HEADER)], [*reversed(row(7))], [], [*reversed(row(8))]]
    found = xlsx.rows_of(book([["Cover"]], turned), COLUMNS, "cove")
    assert [each["DeviceId"] for each in found] == [7, 8]


def test_a_fault_of_the_reader_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """What the reader raises for a fault of its own."""

    def fail(error: BaseException) -> None:
        def read(_content: Any) -> None:
            raise error

        monkeypatch.setattr("python_calamine.CalamineWorkbook.from_filelike", read, raising=True)

    monkeypatch.setattr("python_calamine.CalamineWorkbook", type("Reader", (), {"from_filelike": None}))
    fail(PanicException("index out of bounds"))
    with pytest.raises(SourceError, match="its reader failed"):
        xlsx.rows_of(workbook([]), COLUMNS, "cove")
    fail(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        xlsx.rows_of(workbook([]), COLUMNS, "cove")


async def test_missing_columns_are_named() -> None:
    header = [each for each in HEADER if each != "O365Users"]
    error = await problem_of(Reporting(CUSTOMERS, workbook([], header)))
    assert "the report has no column O365Users" in str(error)
    error = await problem_of(Reporting(CUSTOMERS, workbook([], ["DeviceId"])))
    assert "the report has no columns CustomerId, CustomerName, UsedStorageGb" in str(error)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (row(""), "DeviceId of a row is "),
        (row(1, "Acme"), "CustomerId of device 1 is 'Acme', which is not a whole number of 0 or more"),
        (row(1, used=-1), "UsedStorageGb of device 1"),
        (row(1, used="many"), "UsedStorageGb of device 1"),
        (row(1, users=1.5), "O365Users of device 1"),
        (row(1, users=-3), "O365Users of device 1"),
        (row(1, users="NaN"), "O365Users of device 1"),
        (row(1, users=True), "O365Users of device 1"),
        (row(1, users="1_000"), "O365Users of device 1"),
        (row(1, users="1e3"), "O365Users of device 1"),
        (row(2**60), "DeviceId of a row is "),
        (row(1, used=datetime(2026, 11, 1)), "UsedStorageGb of device 1"),  # noqa: DTZ001 - a cell has no zone
        (row(1, recovery=3), "RecoveryTesting of device 1"),
    ],
)
async def test_a_cell_that_is_not_usable_is_named(wrong: list[Any], text: str) -> None:
    assert text in str(await problem_of(Reporting(CUSTOMERS, workbook([wrong]))))


async def test_the_sandbox_returns_the_report_that_its_world_has(running: Any) -> None:  # noqa: F811 - the fixture
    time = Time()
    _, found = await read_report(login_of(running), datetime(2026, 11, 1, tzinfo=UTC), NOW, sleep=time.sleep)
    world = running.sandbox.console.world
    assert {each.device_id for each in found} == {str(number) for number in world.devices}
    known = {str(each.id) for each in world.partners.values() if each.level.value == "EndCustomer"}
    assert {each.customer_id for each in found} & known
