"""Meters as plain values for metering and rating: the built-in ones, and those that documents declare.

A meter gives each device of a pull a whole number: its bytes, or 1 if it counts and 0 if it does not. The number is
unknown if the source gave no value of a column that the meter needs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.kinds.meter import MeterSpec, Not

Unit = Literal["GB", "GiB"]
How = Literal["sum", "count", "distinct"]

USED = "used"
"""The column of used storage in bytes. Every source has it, and every sample."""

SELECTED_SIZE = "D9F03"
CONSOLE = "cove"
"""The type of a source that is the backup console."""

USERS, RECOVERY = "report:O365Users", "report:RecoveryTesting"
REPORT_COLUMNS = frozenset({USERS, RECOVERY})
"""The columns of the console's monthly high-water report that meters count. Their names there are without `report:`
[seen]."""

NAME_IN_CONSOLE, NAME_IN_FILES = "I1", "device_name"
"""The columns that have the name of a device. They are read where a mapping counts devices, to list devices by name."""

LARGEST = 2**63 - 1
"""The largest number that is counted, as for bytes."""

_CODES: Mapping[str, str] = {
    "AU": "I0",
    "AN": "I1",
    "CD": "I4",
    "AR": "I8",
    "PD": "I9",
    "PN": "I10",
    "I14": USED,
    "US": USED,
    "MN": "I18",
    "OT": "I32",
    "AT": "I59",
    "PF": "I77",
    "T3": SELECTED_SIZE,
    "O365Users": USERS,
    "RecoveryTesting": RECOVERY,
}
"""The codes of the console that name the same column, by the one that is not requested [docs]."""


@dataclass(frozen=True, slots=True)
class Condition:
    """The values of a column that a device must have, or must not have."""

    column: str
    values: tuple[str, ...]
    negated: bool = False

    def holds(self, value: str | None) -> bool | None:
        """Return whether a device with this value counts. None if the value is unknown."""
        return None if value is None else (value in self.values) is not self.negated


@dataclass(frozen=True, slots=True)
class Meter:
    """What is counted of the devices of a customer."""

    name: str
    how: How
    column: str = USED
    """The column that is added up, or whose values are counted. A count of devices has none that matters."""
    where: tuple[Condition, ...] = ()
    unit: Unit | Literal["source"] | None = None
    """The unit of a sum of bytes. None: the quantity has no unit."""

    @property
    def columns(self) -> frozenset[str]:
        """Return the columns that the source has to be asked for. Used storage is always asked for."""
        own = {self.column} if self.how != "count" else set()
        return frozenset(own | {each.column for each in self.where}) - {USED}

    @property
    def reported(self) -> bool:
        """Return whether it counts the console's monthly report, and not the usage of each hour."""
        return not self.columns.isdisjoint(REPORT_COLUMNS)

    @property
    def numbers(self) -> frozenset[str]:
        """Return the columns whose values must be whole numbers."""
        return frozenset({self.column} if self.how == "sum" else ()) - {USED}

    @property
    def is_storage(self) -> bool:
        """Return whether it is the used storage of all devices, whatever its name."""
        return self.how == "sum" and self.column == USED and not self.where

    def unit_in(self, unit: Unit) -> Unit | None:
        """Return the unit of its quantities, at a source with this unit. None for a count or a plain number."""
        return unit if self.unit == "source" else self.unit


STORAGE = Meter("storage", "sum", USED, unit="source")
"""The default meter."""

_SERVER = Condition("I32", ("2",))
_WORKSTATION = Condition("I32", ("1",))
_FROM_CONSOLE = (
    Meter("selected-size", "sum", SELECTED_SIZE, unit="source"),
    Meter("physical-servers", "count", where=(_SERVER, Condition("I81", ("Physical",)))),
    Meter("virtual-servers", "count", where=(_SERVER, Condition("I81", ("Virtual",)))),
    Meter("workstations", "count", where=(_WORKSTATION, Condition("I10", ("Documents",), negated=True))),
    Meter("documents", "count", where=(_WORKSTATION, Condition("I10", ("Documents",)))),
)
"""The products that the vendor's own script bills from the columns of the console [seen]."""

_FROM_REPORT = (
    Meter("m365-users", "sum", USERS),
    Meter("recovery-testing", "count", where=(Condition(RECOVERY, ("1",)),)),
    Meter("standby-image", "count", where=(Condition(RECOVERY, ("2",)),)),
)
"""What the console counts in its monthly high-water report [seen]."""

BUILT_IN: Mapping[str, Meter] = {
    each.name: each for each in (STORAGE, Meter("devices", "count"), *_FROM_CONSOLE, *_FROM_REPORT)
}
ONLY_CONSOLE = frozenset(each.name for each in (*_FROM_CONSOLE, *_FROM_REPORT))
"""The built-in meters that need columns of the backup console."""

RESERVED = frozenset({*BUILT_IN, "customer", "device"})
"""Names that no document can give to a meter of its own."""


def meter_of(name: str, spec: MeterSpec, source_type: str) -> Meter:
    """Return the meter that a document declares. `source_type` is the type of its source, such as `csv`."""
    where = tuple(_condition(column, wanted, source_type) for column, wanted in sorted(spec.where.items()))
    if spec.sum is not None:
        column = canonical(spec.sum, source_type)
        is_bytes = column == USED or (source_type == CONSOLE and column == SELECTED_SIZE)
        return Meter(name, "sum", column, where, spec.unit or ("source" if is_bytes else None))
    if spec.distinct is not None:
        return Meter(name, "distinct", canonical(spec.distinct, source_type), where)
    return Meter(name, "count", where=where)


def canonical(column: str, source_type: str) -> str:
    """Return the name under which the values of a column are stored. The console has two codes for most columns."""
    return _CODES.get(column, column) if source_type == CONSOLE else column


def other_codes(column: str) -> Iterable[str]:
    """Return the other codes of the console for a column."""
    return (code for code, first in _CODES.items() if first == column)


def _condition(column: str, wanted: Any, source_type: str) -> Condition:
    negated = isinstance(wanted, Not)
    found = wanted.not_ if isinstance(wanted, Not) else wanted
    values = found if isinstance(found, tuple) else (found,)
    return Condition(canonical(column, source_type), tuple(cell_text(each) for each in values), negated)


def cell_text(value: str | int | bool) -> str:
    """Return a value as it is stored and compared: text, with `true` and `false` for flags.

    A letter with an accent can be written as one character or as two. Both are the same value.
    """
    return str(value).lower() if isinstance(value, bool) else unicodedata.normalize("NFC", str(value))


def whole_number(text: str) -> int | None:
    """Return the number in a text of digits. None for any other text, and for a number that is too large."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST)):
        return None
    number = int(text)
    return number if number <= LARGEST else None
