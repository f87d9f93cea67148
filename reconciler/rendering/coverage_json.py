"""Reading the coverage rows of a plan's JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

EVERY_CUSTOMER = "*"
"""The customer of a row that stands for all customers of a source whose data cannot be used."""

UNMAPPED = ("unmapped", "unattributed")
"""States of usage that nothing bills. Its amount is at risk, and unknown if no default product prices it."""


def collapsed(rows: Sequence[Row]) -> list[Row]:
    """Return the rows to show: for a source whose data cannot be used, one row in place of one per customer."""
    failed = {row["source"] for row in rows if row["customer"] == EVERY_CUSTOMER}
    return [
        row
        for row in rows
        if row["source"] not in failed or row["state"] != "unknown" or row["customer"] == EVERY_CUSTOMER
    ]


def quantity_of(row: Row) -> str:
    """Return a row's quantity with its unit, such as `120.4 GB`. Empty if the quantity is unknown."""
    return "" if row["quantity"] is None else f"{row['quantity']} {row['unit'] or ''}".rstrip()


def how_often(row: Row) -> str:
    """Return how often the amount of a row is billed: `a month`, or `once` if it corrects a month that is over."""
    return "once" if row["state"] in ("adjustment", "owed") else "a month"


def name_of(row: Row) -> str:
    """Return the name of a row's customer, with the charge if its mapping has several."""
    return f"{row['name']} ({row['charge']})" if row.get("charge") else str(row["name"])


def customers_in(rows: Iterable[Row]) -> int:
    """Return the number of customers in rows. A customer with several charges has a row for each of them."""
    return len({(row["source"], row["customer"] or row["name"]) for row in rows})


def entries_in(rows: Iterable[Row]) -> int:
    """Return the number of customers, devices and additions in rows of one state."""
    return len({(row["source"], row["customer"], row["name"]) for row in rows})


def is_quiet(row: Row) -> bool:
    """Return whether a row needs no line: the customer is billed, or has left and uses nothing any more."""
    return row["accounted"] and (row["state"] == "billed" or (row["state"] == "ended" and row["quantity"] is None))
