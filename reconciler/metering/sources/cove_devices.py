"""The rows of the console's device statistics, one by one: whose device it is, and what it uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.metering.sources.cells import LARGEST, said
from reconciler.metering.sources.cove_session import id_number
from reconciler.metering.sources.errors import SourceError

USED = ("I14", "US")
"""Used storage in bytes, by both of its codes [docs]; it is asked for by the first."""

COLUMNS = (USED[0],)
"""What storage is billed from. AccountId and PartnerId come unasked [seen]. Never I3: it may hold a password."""

NAMED = 20
"""Devices that notes name at most; the others are counted."""


@dataclass(frozen=True, slots=True)
class Device:
    """One row of the statistics; `bytes` is None where the console gave no figure that can be used."""

    account_id: int
    partner_id: int
    bytes: int | None
    given: bool
    """Whether the row holds the column at all."""
    trouble: str = ""
    """What is wrong with the figure that the console gave."""


def read_devices(page: Any, where: str) -> list[Device]:
    """The devices of a page."""
    if not isinstance(page, list):
        raise SourceError("EnumerateAccountStatistics gave no list", where=where, advice="try again later")
    return [read_device(row, where) for row in page]


def read_device(row: Any, where: str) -> Device:
    """One row: `Settings` is a list of one-key objects with string values, any of which may be absent [seen]."""
    account_id = id_number(row.get("AccountId")) if isinstance(row, Mapping) else None
    if account_id is None:
        raise SourceError("a row of the statistics has no AccountId", where=where, advice="try again later")
    partner_id = id_number(row.get("PartnerId"))
    if partner_id is None:
        raise SourceError(f"device {account_id} has no PartnerId", where=where, advice="try again later")
    values = list(_used(row.get("Settings"), account_id, where))
    if any(value != values[0] or type(value) is not type(values[0]) for value in values):
        return Device(account_id, partner_id, None, given=True, trouble=f"twice: {' and '.join(map(said, values))}")
    size, trouble = _bytes(values[0]) if values else (None, "")
    return Device(account_id, partner_id, size, given=bool(values), trouble=trouble)


def _used(settings: Any, account_id: int, where: str) -> Iterator[Any]:
    if not isinstance(settings, list | None):
        raise SourceError(f"device {account_id} has strange Settings", where=where, advice="try again later")
    for setting in settings or ():
        if not isinstance(setting, Mapping):
            raise SourceError(f"device {account_id} has strange Settings", where=where, advice="try again later")
        for code in USED:
            if code in setting:
                yield setting[code]


def _bytes(value: Any) -> tuple[int | None, str]:
    """(bytes, what is wrong): a whole number from 0 on, as digits or as a JSON number, and nothing else."""
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    elif isinstance(value, str) and value.isascii() and value.isdigit():
        size = int(value) if len(value) < 100 else LARGEST + 1
    else:
        return None, f"{said(value)}, which is no whole number of bytes"
    if 0 <= size <= LARGEST:
        return size, ""
    return None, f"{said(value)}, which is {'negative' if size < 0 else 'larger than any storage'}"


def troubles(devices: Iterable[Device]) -> tuple[str, ...]:
    """A note for each device whose figure cannot be used, up to `NAMED` of them."""
    odd = [device for device in devices if device.trouble]
    notes = [
        f"device {device.account_id} of partner {device.partner_id} is silent: the console gives its used storage "
        f"({USED[0]}) as {device.trouble}"
        for device in odd[:NAMED]
    ]
    if len(odd) > NAMED:
        notes.append(f"{len(odd) - NAMED} more devices are silent: their used storage is no whole number of bytes")
    return tuple(notes)


def check_column(devices: Iterable[Device], where: str) -> None:
    """Refuse a reading in which no device has the column: it was left out, which is not zero."""
    known = list(devices)
    if not known or any(device.given for device in known):
        return
    whose = f"none of {len(known)} devices" if len(known) > 1 else "the only device does not"
    raise SourceError(
        f"{whose} {'gives' if len(known) > 1 else 'give'} used storage (column {USED[0]}), although it was asked for",
        where=where,
        advice="the console leaves a column out without an error where it does not know it; nothing is billed from "
        "such a reading: what was billed before is held. Look at the devices' used storage in the console",
    )
