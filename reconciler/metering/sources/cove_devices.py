"""Read the rows of the console's device statistics: the partner and the used storage of each device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.metering.sources.cells import LARGEST, quoted
from reconciler.metering.sources.cove_session import id_number
from reconciler.metering.sources.errors import HELD, SourceError

USED = ("I14", "US")
"""The two codes of used storage in bytes [docs]. Requests use the first one."""

COLUMNS = (USED[0],)
"""The requested columns. AccountId and PartnerId are in every row [seen]. Never add I3, it may contain a password."""

NAMED = 20
"""The most devices that notes name. The rest is counted."""


@dataclass(frozen=True, slots=True)
class Device:
    """One row of the statistics. `bytes` is None if the row has no usable figure."""

    account_id: int
    partner_id: int
    bytes: int | None
    has_column: bool
    """True if the row has the column, also without a usable figure."""
    problem: str = ""
    """The reason why the figure is not usable."""


def read_devices(page: Any, where: str) -> list[Device]:
    """Return the devices of one page. Raises `SourceError` if the page is not a list of rows."""
    if not isinstance(page, list):
        raise SourceError("EnumerateAccountStatistics returned no list", where=where, advice="try again later")
    return [read_device(row, where) for row in page]


def read_device(row: Any, where: str) -> Device:
    """Return one device. `Settings` is a list of objects with one key and a text value each. Any may be absent [seen].

    Raises `SourceError` if the row has no ids, or if `Settings` has another format.
    """
    account_id = id_number(row.get("AccountId")) if isinstance(row, Mapping) else None
    if account_id is None:
        raise SourceError("a row of the statistics has no AccountId", where=where, advice="try again later")
    partner_id = id_number(row.get("PartnerId"))
    if partner_id is None:
        raise SourceError(f"device {account_id} has no PartnerId", where=where, advice="try again later")
    values = list(_used(row.get("Settings"), account_id, where))
    if any(value != values[0] or type(value) is not type(values[0]) for value in values):
        return Device(
            account_id, partner_id, None, has_column=True, problem=f"given twice: {' and '.join(map(quoted, values))}"
        )
    size, problem = _bytes(values[0]) if values else (None, "")
    return Device(account_id, partner_id, size, has_column=bool(values), problem=problem)


def _used(settings: Any, account_id: int, where: str) -> Iterator[Any]:
    if not isinstance(settings, list | None):
        raise SourceError(
            f"device {account_id} has Settings in an unknown format", where=where, advice="try again later"
        )
    for setting in settings or ():
        if not isinstance(setting, Mapping):
            raise SourceError(
                f"device {account_id} has Settings in an unknown format", where=where, advice="try again later"
            )
        for code in USED:
            if code in setting:
                yield setting[code]


def _bytes(value: Any) -> tuple[int | None, str]:
    """Return (bytes, problem). Only a whole number from 0 is accepted, as digits or as a JSON number."""
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    elif isinstance(value, str) and value.isascii() and value.isdigit():
        size = int(value) if len(value) < 100 else LARGEST + 1
    else:
        return None, f"{quoted(value)}, which is not a whole number of bytes"
    if 0 <= size <= LARGEST:
        return size, ""
    return None, f"{quoted(value)}, which is {'negative' if size < 0 else 'too large'}"


def figure_notes(devices: Iterable[Device]) -> tuple[str, ...]:
    """Return a note for each device whose figure is not usable, for up to `NAMED` devices."""
    odd = [device for device in devices if device.problem]
    notes = [
        f"device {device.account_id} of partner {device.partner_id} has no usable figure: its used storage "
        f"({USED[0]}) is {device.problem}"
        for device in odd[:NAMED]
    ]
    if len(odd) > NAMED:
        notes.append(f"{len(odd) - NAMED} more devices have no usable figure for used storage ({USED[0]})")
    return tuple(notes)


def check_used_column(devices: Iterable[Device], where: str) -> None:
    """Raise `SourceError` if no device has the column of used storage. A missing column does not mean 0 bytes."""
    known = list(devices)
    if not known or any(device.has_column for device in known):
        return
    problem = f"none of {len(known)} devices has" if len(known) > 1 else "the only device does not have"
    raise SourceError(
        f"{problem} used storage (column {USED[0]}), although the request asked for it",
        where=where,
        advice="check the devices' used storage in the console, which leaves out unknown columns without an error; "
        f"{HELD}",
    )
