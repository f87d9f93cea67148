"""Build the console's high-water report for tests, and a test console that returns it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import xlsxwriter

from .console import Console
from .servers import Reply, Seen

HEADER = ("CustomerId", "CustomerName", "DeviceId", "DeviceName", "UsedStorageGb", "O365Users", "RecoveryTesting")


def row(device: Any, customer: Any = 10, used: Any = 1.5, users: Any = "", recovery: Any = "") -> list[Any]:
    """Return a row of the report."""
    return [customer, f"Customer {customer}", device, f"pc{device}", used, users, recovery]


def workbook(rows: Sequence[Sequence[Any]], header: Sequence[str] = HEADER) -> bytes:
    """Return an XLSX file with a header and rows. An empty text is an empty cell."""
    return book([header, *rows])


def book(*sheets: Sequence[Sequence[Any]]) -> bytes:
    """Return an XLSX file with these sheets, each as its rows."""
    content = BytesIO()
    options = {"in_memory": True, "strings_to_numbers": False, "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(content, options) as written:
        for lines in sheets:
            sheet = written.add_worksheet()
            for number, line in enumerate(lines):
                for column, value in enumerate(line):
                    if value != "":
                        sheet.write(number, column, value)
    return content.getvalue()


def archive(*files: tuple[str, bytes]) -> bytes:
    """Return a ZIP file with these files: (name, content)."""
    content = BytesIO()
    with warnings.catch_warnings(action="ignore"), ZipFile(content, "w", ZIP_DEFLATED) as packed:  # of a double name
        for name, data in files:
            packed.writestr(name, data)
    return content.getvalue()


class Reporting(Console):
    """A test console that also returns a report. The replies in `instead_of_report` are sent first, each once."""

    def __init__(self, partners: Sequence[Any], content: bytes) -> None:
        super().__init__(partners)
        self.content = content
        self.instead_of_report: list[Reply] = []
        self.asked: list[Seen] = []

    def __call__(self, seen: Seen) -> Reply:
        if seen.method == "POST":
            return super().__call__(seen)
        self.asked.append(seen)
        return self.instead_of_report.pop(0) if self.instead_of_report else Reply(self.content)
