"""Usage from Cove Data Protection: every device of the subtree, with the customer that pays for it.

    Login ─▶ EnumeratePartners ─▶ count ─▶ EnumerateAccountStatistics, page by page to the end

A reading is whole only when as many devices were read as the console counts, each once. What is read of a device
is its owner and I14, used storage in bytes [docs]; a device without I14 is missing, not 0.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.usage.errors import SourceError
from reconciler.usage.sources.cove_session import BAD_CREDENTIALS, NOT_ALLOWED, CoveSession, CoveSettings, RpcError
from reconciler.usage.sources.cove_tree import Partner, Tree, read_tree
from reconciler.usage.sources.http import make_client
from reconciler.usage.sources.pulling import Clock, Found, Sleep, check_encrypted, shown, whole_or_failed

if TYPE_CHECKING:
    import httpx

PAGE = 1000
COLUMNS = ("I1", "I8", "I14", "I32", "I59")
"""Device name, customer, used storage in bytes, operating system type, account type [docs]. Never I3."""

PARTNER_FIELDS = (0, 1, 3, 4, 5, 8, 10, 18, 20)
READINGS = 2
"""Devices come and go while pages are read; a reading that does not add up is made once more."""

LARGEST = 2**63 - 1
_WHOLE = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Device:
    """One row of the statistics."""

    account_id: int
    partner_id: int
    customer_name: str
    bytes: int | None


async def pull(
    settings: CoveSettings,
    now: datetime,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
    clock: Clock = time.monotonic,
) -> Pull:
    """Read the console as it stands."""

    async def read() -> Found:
        check_encrypted(settings.url, settings.name)
        async with make_client(transport, settings.url, settings.name) as client:
            session = CoveSession(client, settings, sleep=sleep, clock=clock)
            return await _read(session, settings, now)

    return await whole_or_failed(settings.name, now, clock, read)


async def _read(session: CoveSession, settings: CoveSettings, now: datetime) -> Found:
    where = f"usage source {settings.name}, {shown(settings.url)}"
    root_id = await session.log_in()
    rows = await session.call(
        "EnumeratePartners",
        {"parentPartnerId": root_id, "fetchRecursively": True, "fields": list(PARTNER_FIELDS)},
    )
    root = Partner(root_id, None, settings.partner, "Root", "")
    tree = read_tree(settings.name, root, rows, where)
    devices = await _devices(session, root_id, where)
    return attribute(settings.name, now, tree, devices)


def attribute(source: str, now: datetime, tree: Tree, devices: Mapping[int, Device]) -> Found:
    """Devices as samples of the customers that pay for them."""
    customers: dict[str, Customer] = {customer.id: customer for customer in tree.end_customers()}
    owners: dict[int, Customer | None] = {}
    samples: list[Sample] = []
    binned: dict[int, int] = {}
    for device in devices.values():
        if device.partner_id not in owners:
            owners[device.partner_id] = (
                None
                if tree.in_recycle_bin(device.partner_id)
                else tree.owner_of(device.partner_id, device.customer_name)
            )
        owner = owners[device.partner_id]
        if owner is None:
            binned[device.partner_id] = binned.get(device.partner_id, 0) + 1
            continue
        customers[owner.id] = owner
        samples.append(Sample(source, owner.id, str(device.account_id), now, device.bytes))
    notes = tuple(
        f"{tree.name_of(partner_id)} ({partner_id}) is in the recycle bin: "
        f"{count} device{'s' if count > 1 else ''} not billed"
        for partner_id, count in binned.items()
    )
    return Found(tuple(customers.values()), tuple(samples), notes)


async def _devices(session: CoveSession, root_id: int, where: str) -> Mapping[int, Device]:
    """Every device once, as many as the console counts; a second reading where the first does not add up."""
    problem = ""
    for _ in range(READINGS):
        total = await _count(session, root_id)
        rows = await _rows(session, root_id, total, where)
        devices = {device.account_id: device for device in rows}
        if len(devices) != len(rows):
            problem = f"{len(rows) - len(devices)} devices came twice while {len(rows)} rows were read"
        elif total is not None and len(devices) != total:
            problem = f"the console counts {total} devices and lists {len(devices)}"
        else:
            return devices
    raise SourceError(
        f"the reading is not whole, {READINGS} times: {problem}",
        where=where,
        advice="nothing is billed from half a list: what was billed before is held; try again",
    )


async def _count(session: CoveSession, root_id: int) -> int | None:
    """How many devices the console counts; None where it does not say.

    The shape of a Count answer is not documented: a number, as one or as text, is taken, anything else is not.
    """
    try:
        result = await session.call("EnumerateAccountStatistics", {"query": _query(root_id, "Count", 0, 1)})
    except RpcError as error:
        if error.data in (BAD_CREDENTIALS, NOT_ALLOWED):
            raise
        return None
    if isinstance(result, str) and _WHOLE.fullmatch(result):
        return int(result)
    return result if isinstance(result, int) and not isinstance(result, bool) else None


async def _rows(session: CoveSession, root_id: int, total: int | None, where: str) -> list[Device]:
    """All rows. A page may hold fewer than asked for without being the last: the console's ceiling is unknown.

    A page that brings nothing new ends the reading, so that a server that repeats itself is not read for ever.
    """
    rows: list[Device] = []
    seen: set[int] = set()
    while total is None or len(rows) < total:
        page = await session.call("EnumerateAccountStatistics", {"query": _query(root_id, "Merged", len(rows), PAGE)})
        if not isinstance(page, list):
            raise SourceError("EnumerateAccountStatistics gave no list", where=where, advice="try again later")
        devices = [read_device(row, where) for row in page]
        rows.extend(devices)
        if seen.issuperset(device.account_id for device in devices):
            break
        seen.update(device.account_id for device in devices)
    return rows


def _query(root_id: int, mode: str, start: int, count: int) -> dict[str, Any]:
    return {
        "PartnerId": root_id,
        "SelectionMode": mode,
        "StartRecordNumber": start,
        "RecordsCount": count,
        "OrderBy": "I8 ASC",
        "Columns": list(COLUMNS),
    }


def read_device(row: Any, where: str) -> Device:
    """One row: `Settings` is a list of one-key objects with string values, any of which may be absent [seen]."""
    account_id = row.get("AccountId") if isinstance(row, Mapping) else None
    if not isinstance(account_id, int) or isinstance(account_id, bool):
        raise SourceError("a row of the statistics has no AccountId", where=where, advice="try again later")
    partner_id = row.get("PartnerId")
    if not isinstance(partner_id, int) or isinstance(partner_id, bool):
        raise SourceError(f"device {account_id} has no PartnerId", where=where, advice="try again later")
    values: dict[str, Any] = {}
    for setting in row.get("Settings") or ():
        if not isinstance(setting, Mapping):
            raise SourceError(f"device {account_id} has strange Settings", where=where, advice="try again later")
        values.update(setting)
    name = values.get("I8")
    return Device(
        account_id, partner_id, name if isinstance(name, str) else "", _bytes(values.get("I14"), account_id, where)
    )


def _bytes(value: Any, account_id: int, where: str) -> int | None:
    """I14 as bytes; absent or empty is missing. Anything else that is no whole number is not guessed at."""
    if value is None or value == "":
        return None
    text = str(value)
    if not isinstance(value, str | int) or not _WHOLE.fullmatch(text) or int(text) > LARGEST:
        raise SourceError(
            f"device {account_id} uses {text!r} (I14), which is no number of bytes",
            where=where,
            advice="look at the device in the console",
        )
    return int(text)
