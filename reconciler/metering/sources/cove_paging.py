"""All devices of a subtree, page by page: each once, as many as the console counts, or a failed reading.

Devices come and go while pages are read, and a page may hold fewer rows than asked for without being the last, since
the console's ceiling is unknown. So each page begins with the last row of the page before: where another row stands
there, rows have moved, and one of them may have been skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.metering.sources.cove_devices import COLUMNS, Device, read_devices
from reconciler.metering.sources.cove_errors import RpcError
from reconciler.metering.sources.cove_session import CoveSession
from reconciler.metering.sources.errors import SourceError
from reconciler.metering.sources.pulling import Sleep

METHOD = "EnumerateAccountStatistics"
PAGE = 1000
READINGS = 3
"""A reading that does not add up is made again, so many times in all."""

WAIT = 2.0
"""Seconds before a reading is made again."""

ORDER = "I0 ASC"
"""By device id, which is unique: under ties, pages may overlap [seen]."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All devices by id, and what a person should know of how they were read."""

    devices: Mapping[int, Device]
    notes: tuple[str, ...] = ()


class _MovedError(Exception):
    """The rows moved while they were read."""


async def list_devices(session: CoveSession, root_id: int, sleep: Sleep) -> Listing:
    """Every device once, as many as the console counts."""
    order = ORDER
    notes: tuple[str, ...] = ()
    problem = ""
    for reading in range(READINGS):
        if reading:
            await sleep(WAIT * reading)
        total = await _count(session, root_id)
        try:
            rows = await _rows(session, root_id, total, order)
        except _MovedError as moved:
            problem = str(moved)
            continue
        except RpcError as error:
            if error.kind != "not-allowed":
                raise
            await _name_refused(session, root_id, error)
            order, notes = "", (_UNORDERED,)
            problem = "the console refused to order the devices"
            continue
        devices = {device.account_id: device for device in rows}
        if total is None and len(devices) != len(rows):
            problem = f"{len(rows) - len(devices)} devices came twice while {len(rows)} rows were read"
        elif total is not None and len(devices) != total:
            problem = f"the console counts {total} devices and lists {len(devices)}"
        else:
            return Listing(devices, notes)
    raise SourceError(
        f"the reading is not whole, {READINGS} times: {problem}",
        where=session.where(METHOD),
        advice="nothing is billed from half a list: what was billed before is held; try again",
    )


_UNORDERED = "the API user's role may not order devices by their id (column I0): give it that right"


async def _name_refused(session: CoveSession, root_id: int, error: RpcError) -> None:
    """Raise an error that names the column which the role may not read; return where the order alone is refused."""
    refused = [code for code in COLUMNS if not await _may_read(session, root_id, code)]
    if not refused:
        return
    asked = f"the columns {', '.join(COLUMNS)} were asked for, in the order of I0"
    if await _may_read(session, root_id, "I0"):
        raise SourceError(
            f"the API user's role may not read the column {', '.join(refused)} (used storage in bytes): {error.what}",
            where=error.where,
            advice="give the API user a role that may read it: without it, nothing can be billed",
        )
    raise SourceError(
        f"{error.what}; {asked}",
        where=error.where,
        advice="give the API user a role that may read the statistics of devices: one column that it may not read "
        "fails the whole call",
    )


async def _may_read(session: CoveSession, root_id: int, code: str) -> bool:
    try:
        await session.call(METHOD, {"query": _query(root_id, "Merged", 0, 1, "", (code,))})
    except RpcError as error:
        if error.kind != "not-allowed":
            raise
        return False
    return True


async def _count(session: CoveSession, root_id: int) -> int | None:
    """How many devices the console counts; None where it does not say.

    The shape of a Count answer is not documented: a number, as one or as text, is taken, anything else is not.
    """
    try:
        result = await session.call(METHOD, {"query": _query(root_id, "Count", 0, 1)})
    except RpcError as error:
        if error.kind in ("credentials", "visa"):
            raise
        return None
    if isinstance(result, str) and result.isascii() and result.isdigit() and len(result) < 20:
        return int(result)
    return result if isinstance(result, int) and not isinstance(result, bool) and result >= 0 else None


async def _rows(session: CoveSession, root_id: int, total: int | None, order: str) -> list[Device]:
    """All rows, read until the console gives no new one, or fewer than it could and as many as it counts.

    Raises _MovedError where a page does not begin with the last row of the page before.
    """
    rows: list[Device] = []
    seen: set[int] = set()
    ceiling = 0
    while True:
        overlap = 1 if ceiling > 1 else 0
        query = _query(root_id, "Merged", len(rows) - overlap, PAGE, order)
        page = read_devices(await session.call(METHOD, {"query": query}), session.where(METHOD))
        if overlap and (not page or page[0].account_id != rows[-1].account_id):
            raise _MovedError(f"the rows moved while they were read, after {len(rows)} of them")
        fresh = page[overlap:]
        rows.extend(fresh)
        if seen.issuperset(device.account_id for device in fresh):
            return rows
        seen.update(device.account_id for device in fresh)
        last = len(page) < (ceiling or PAGE)
        if last and total is not None and len(seen) >= total:
            return rows
        ceiling = max(ceiling, len(page))


def _query(
    root_id: int, mode: str, start: int, count: int, order: str = ORDER, columns: tuple[str, ...] = COLUMNS
) -> dict[str, Any]:
    query = {
        "PartnerId": root_id,
        "SelectionMode": mode,
        "StartRecordNumber": start,
        "RecordsCount": count,
        "OrderBy": order,
        "Columns": list(columns),
    }
    if not order:
        del query["OrderBy"]
    return query
