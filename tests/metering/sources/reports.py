"""Build the console's high-water report for tests, and a test console that returns it."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import xlsxwriter

from .console import Console
from .servers import Reply, Seen

HEADER = ("CustomerId", "CustomerName", "DeviceId", "DeviceName", "UsedStorageGb", "O365Users", "RecoveryTesting")


def row(device: Any, customer: Any = 10, used: Any = 1.5, users: Any = "", recovery: Any = "") -> list[Any]:
    """Return a row of the report."""
    return [customer, f"Customer {customer}", device, f"pc{device}", used, users, recovery]


def workbook(rows: Sequence[Sequence[Any]], header: Sequence[str] = HEADER) -> bytes:
    """Return an XLSX file with a header and rows. An empty text is an empty cell."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate([header, *rows]):
            for column, value in enumerate(line):
                if value != "":
                    sheet.write(number, column, value)
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
