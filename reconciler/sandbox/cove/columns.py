"""The columns of device statistics: what each code means, as a string, or None where the device has no value.

Codes come in two spellings (`I14`, `US`), and an answer names a column the way it was asked for [guess].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from reconciler.sandbox.cove.errors import NOT_ALLOWED, RpcError, invalid_params, refused
from reconciler.sandbox.model import Device, Partner
from reconciler.sandbox.world import World


class Row(NamedTuple):
    """What a column is read from: a device, its owner, and the moment."""

    device: Device
    owner: Partner
    world: World
    at: datetime


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `timed` says that its value changes by itself, so that an order by it cannot be kept."""

    read: Callable[[Row], str | None]
    numeric: bool = False
    timed: bool = False


def _used(row: Row) -> str | None:
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
    ("I0", "AU"): Column(lambda row: str(row.device.id), numeric=True),
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


def column(code: str) -> Column:
    """The column of a code.

    Raises:
        RpcError: 13501 for one that no role may read, which fails the whole call [seen]; unknown otherwise.
    """
    if code in FORBIDDEN:
        raise _forbidden(code)
    if code not in COLUMNS:
        raise invalid_params(f"unknown column {code}")
    return COLUMNS[code]


def _forbidden(code: str) -> RpcError:
    return refused(NOT_ALLOWED, f"Access to column {code} is not allowed")
