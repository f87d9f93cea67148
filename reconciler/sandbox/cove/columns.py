"""The columns of device statistics: what each code means, as a string, or None where the device has no value.

Codes come in two spellings (`I14`, `US`), and an answer names a column the way it was asked for [guess]. A column that
the role may not read fails the whole call, and the answer does not say which one it was; one that the console does not
know, or has retired, is left out without an error [seen].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from reconciler.sandbox.cove.data.model import Device, Partner
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.cove.errors import NOT_ALLOWED, invalid_params, refused

NULL: Final = object()
"""What a column reads where the answer is to hold a null; None leaves the column out."""


class Row(NamedTuple):
    """What a column is read from: a device, its owner, and the moment."""

    device: Device
    owner: Partner
    world: World
    at: datetime


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `timed` says that its value changes by itself, so that an order by it cannot be kept."""

    read: Callable[[Row], Any]
    numeric: bool = False
    timed: bool = False
    unique: bool = False


def _used(row: Row) -> Any:
    if row.device.odd:
        return NULL if row.device.odd[0] is None else row.device.odd[0]
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
    ("I10", "PN"): Column(lambda _: "All-In"),
    ("I14", "US"): Column(_used, numeric=True, timed=True),
    ("I32", "OT"): Column(lambda row: str(row.device.os_type), numeric=True),
    ("I59", "AT"): Column(lambda row: str(row.device.account_type), numeric=True),
    ("I77", "PF"): Column(lambda row: row.owner.external_code or None),
    ("I81",): Column(_physicality),
    ("D9F03", "T3"): Column(_selected, numeric=True, timed=True),
}
COLUMNS: Final = {code: column for codes, column in _CODES.items() for code in codes}
"""Every code of COVE.md; the words of I10 and I81 are guesses."""
FORBIDDEN: Final = frozenset({"I3"})
"""Two code maps label it a password: no role may read it here."""


@dataclass(slots=True)
class Rights:
    """What the role may not read, and what the console has retired: codes in both spellings."""

    refused: frozenset[str] = FORBIDDEN
    retired: frozenset[str] = frozenset()

    def refuse(self, codes: Iterable[str]) -> None:
        """Let the role read all columns but these."""
        self.refused = FORBIDDEN | spellings(codes)

    def retire(self, codes: Iterable[str]) -> None:
        """Let these columns, and no others, be unknown from now on."""
        self.retired = spellings(codes)

    def column(self, code: str) -> Column | None:
        """The column of a code; None for one that the console does not know.

        Raises:
            RpcError: 13501 for one that the role may not read.
        """
        if code in self.refused:
            raise refused(NOT_ALLOWED, "The operation is not allowed for security reasons")
        return None if code in self.retired else COLUMNS.get(code)

    def named(self, code: str) -> Column:
        """The column of a code by which rows are ordered or summed: an unknown one is an error there [guess]."""
        found = self.column(code)
        if found is None:
            raise invalid_params(f"unknown column {code}")
        return found


def spellings(codes: Iterable[str]) -> frozenset[str]:
    """The codes with the other spelling of each."""
    given = set(codes)
    return frozenset(given.union(*(known for known in _CODES if given.intersection(known))))


def number(value: Any) -> int | None:
    """The whole number in a value as the console holds it; None for an odd one."""
    try:
        return int(value) if isinstance(value, str | int) else None
    except ValueError:
        return None
