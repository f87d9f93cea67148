"""The columns of device statistics: what each code returns for a device.

A value is a string, or None if the device has none. Most codes have two spellings (`I14`, `US`), and the response
uses the one of the request [guess]. A call that names a column which the role may not read fails as a whole, and its
error does not name the column. An unknown or retired column is left out without an error [seen].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from reconciler.sandbox.cove.data.census import Census
from reconciler.sandbox.cove.data.model import Device, Partner
from reconciler.sandbox.cove.errors import NOT_ALLOWED, invalid_params, refused

NULL: Final = object()
"""The value of a column that the response shows as null. None leaves the column out."""


class Row(NamedTuple):
    """The device, its owner and the time of which a column is read."""

    device: Device
    owner: Partner
    world: Census
    at: datetime


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `read` returns its value.

    `timed` means that the value changes with time, so an order by it cannot be kept.
    """

    read: Callable[[Row], Any]
    numeric: bool = False
    timed: bool = False
    unique: bool = False


def _used(row: Row) -> Any:
    if odd := row.device.odd_at(row.at):
        return NULL if odd[0] is None else odd[0]
    used = row.world.used(row.device, row.at)
    return None if used is None else str(used)


def _selected(row: Row) -> str | None:
    used = row.world.used(row.device, row.at)
    return None if used is None else str(used * 6 // 5)


def _computer(row: Row) -> str | None:
    return None if row.device.account_type == 2 else row.device.name.upper()


def _physicality(row: Row) -> str | None:
    if row.device.account_type == 2:
        return None
    return "Virtual" if row.device.virtual else "Physical"


_CODES: Final[dict[tuple[str, ...], Column]] = {
    ("I0", "AU"): Column(lambda row: str(row.device.id), numeric=True, unique=True),
    ("I1", "AN"): Column(lambda row: row.device.name),
    ("I18", "MN"): Column(_computer),
    ("I4", "CD"): Column(lambda row: str(int(row.device.created.timestamp())), numeric=True),
    ("I8", "AR"): Column(lambda row: row.owner.name),
    ("I9", "PD"): Column(lambda _: "1", numeric=True),
    ("I10", "PN"): Column(lambda row: row.device.product),
    ("I14", "US"): Column(_used, numeric=True, timed=True),
    ("I32", "OT"): Column(lambda row: str(row.device.os_type), numeric=True),
    ("I59", "AT"): Column(lambda row: str(row.device.account_type), numeric=True),
    ("I77", "PF"): Column(lambda row: row.owner.external_code or None),
    ("I81",): Column(_physicality),
    ("D9F03", "T3"): Column(_selected, numeric=True, timed=True),
}
COLUMNS: Final = {code: column for codes, column in _CODES.items() for code in codes}
"""All columns of COVE.md by code, in both spellings. The words of I10 and I81 are guesses."""
FORBIDDEN: Final = frozenset({"I3"})
"""Columns that no role may read. Two code maps call I3 a password."""


@dataclass(slots=True)
class Rights:
    """The columns that the role may not read, and those that the console has retired, in both spellings."""

    refused: frozenset[str] = FORBIDDEN
    retired: frozenset[str] = frozenset()

    def refuse(self, codes: Iterable[str]) -> None:
        """Refuse these columns and no others."""
        self.refused = FORBIDDEN | spellings(codes)

    def retire(self, codes: Iterable[str]) -> None:
        """Retire these columns and no others."""
        self.retired = spellings(codes)

    def column(self, code: str) -> Column | None:
        """Return the column of a code, or None for an unknown code.

        Raises:
            RpcError: 13501, the role may not read the column.
        """
        if code in self.refused:
            raise refused(NOT_ALLOWED, "The operation is not allowed for security reasons")
        return None if code in self.retired else COLUMNS.get(code)

    def named(self, code: str) -> Column:
        """Return the column of a code that orders or sums rows, where an unknown code is an error [guess].

        Raises:
            RpcError: the code is unknown, or 13501.
        """
        found = self.column(code)
        if found is None:
            raise invalid_params(f"unknown column {code}")
        return found


def spellings(codes: Iterable[str]) -> frozenset[str]:
    """Return the codes, and the other spelling of each."""
    given = set(codes)
    return frozenset(given.union(*(known for known in _CODES if given.intersection(known))))


def number(value: Any) -> int | None:
    """Return the whole number in a value of the console, or None for an odd value."""
    try:
        return int(value) if isinstance(value, str | int) else None
    except ValueError:
        return None
