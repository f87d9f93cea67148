"""Read the rows of the console's device statistics: the partner, the used storage and other columns of each device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds.meters import other_codes
from reconciler.ledger.records import NO_VALUES
from reconciler.metering.sources.cells import LARGEST, BadValueError, quoted
from reconciler.metering.sources.columns import HELD as NEEDED
from reconciler.metering.sources.columns import NO_COLUMNS, Columns, values_of
from reconciler.metering.sources.cove_session import id_number
from reconciler.metering.sources.errors import HELD, SourceError

USED = ("I14", "US")
"""The two codes of used storage in bytes [docs]. Requests use the first one."""

COLUMNS = (USED[0],)
"""The columns of every request. AccountId and PartnerId are in every row [seen]. Never add I3: it may be a password."""

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
    values: Mapping[str, str] = field(default_factory=lambda: NO_VALUES)
    """The values of the columns that meters use."""
    odd_values: Mapping[str, str] = field(default_factory=dict)
    """The reason why a value of a column is not usable, by column."""


def read_devices(page: Any, where: str, columns: Columns = NO_COLUMNS) -> list[Device]:
    """Return the devices of one page. Raises `SourceError` if the page is not a list of rows."""
    if not isinstance(page, list):
        raise SourceError("EnumerateAccountStatistics returned no list", where=where, advice="try again later")
    return [read_device(row, where, columns) for row in page]


def read_device(row: Any, where: str, columns: Columns = NO_COLUMNS) -> Device:
    """Return one device with the values of these columns.

    `Settings` is a list of objects with one key and a text value each. Any may be absent [seen]. Raises `SourceError`
    if the row has no ids, or if `Settings` has another format.
    """
    account_id = id_number(row.get("AccountId")) if isinstance(row, Mapping) else None
    if account_id is None:
        raise SourceError("a row of the statistics has no AccountId", where=where, advice="try again later")
    partner_id = id_number(row.get("PartnerId"))
    if partner_id is None:
        raise SourceError(f"device {account_id} has no PartnerId", where=where, advice="try again later")
    cells = list(_cells(row.get("Settings"), account_id, where))
    values = [value for code, value in cells if code in USED]
    others, odd = _values(cells, columns) if columns.names else (NO_VALUES, {})
    if any(value != values[0] or type(value) is not type(values[0]) for value in values):
        problem = _twice(values)
        return Device(account_id, partner_id, None, has_column=True, problem=problem, values=others, odd_values=odd)
    size, problem = _bytes(values[0]) if values else (None, "")
    return Device(account_id, partner_id, size, has_column=bool(values), problem=problem, values=others, odd_values=odd)


def _twice(values: Iterable[Any]) -> str:
    return f"given twice: {' and '.join(map(quoted, values))}"


def _values(cells: Sequence[tuple[str, Any]], columns: Columns) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the values of columns, and the reason why a value is not usable. A column has a code or two."""
    found: dict[str, str] = {}
    odd: dict[str, str] = {}
    for name in columns.names:
        codes = (name, *other_codes(name))
        given = [value for code, value in cells if code in codes]
        if any(value != given[0] or type(value) is not type(given[0]) for value in given):
            if name not in columns.labels:
                odd[name] = _twice(given)
            continue
        try:
            found.update(
                values_of({name: given[0] if given else None}, Columns((name,), columns.numbers, columns.labels))
            )
        except BadValueError as error:
            odd[name] = str(error).removeprefix(f"{name} is ")
    return found, odd


def _cells(settings: Any, account_id: int, where: str) -> Iterator[tuple[str, Any]]:
    """Yield (code, value) of each column."""
    if not isinstance(settings, list | None):
        raise SourceError(
            f"device {account_id} has Settings in an unknown format", where=where, advice="try again later"
        )
    for setting in settings or ():
        if not isinstance(setting, Mapping):
            raise SourceError(
                f"device {account_id} has Settings in an unknown format", where=where, advice="try again later"
            )
        yield from setting.items()


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
    known = list(devices)
    odd = [device for device in known if device.problem]
    notes = [
        f"device {device.account_id} of partner {device.partner_id} has no usable figure: its used storage "
        f"({USED[0]}) is {device.problem}"
        for device in odd[:NAMED]
    ]
    if len(odd) > NAMED:
        notes.append(f"{len(odd) - NAMED} more devices have no usable figure for used storage ({USED[0]})")
    for name in dict.fromkeys(name for device in known for name in device.odd_values):
        odd = [device for device in known if name in device.odd_values]
        notes += [
            f"device {device.account_id} of partner {device.partner_id} has no usable value: its column {name} is "
            f"{device.odd_values[name]}"
            for device in odd[:NAMED]
        ]
        if len(odd) > NAMED:
            notes.append(f"{len(odd) - NAMED} more devices have no usable value in column {name}")
    return tuple(notes)


def read_columns(devices: Iterable[Device], columns: Columns) -> tuple[Columns, tuple[str, ...]]:
    """Return the columns that at least one device has, and a note for each other one.

    The console leaves out a column that it does not know, without an error [seen].
    """
    known = list(devices)
    missing = [name for name in columns.names if known and not any(_has(device, name) for device in known)]
    of = f"any of {len(known)} devices" if len(known) > 1 else "the only device"
    notes = (
        f"column {name} is not in {of}, although the request asked for it: check the code of the column; {NEEDED}"
        for name in missing
        if name not in columns.labels
    )
    return columns.without(missing), tuple(notes)


def _has(device: Device, name: str) -> bool:
    return name in device.values or name in device.odd_values


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
