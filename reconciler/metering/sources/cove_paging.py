"""Read all devices page by page.

The list is complete only if it has each device once, and as many devices as the console counts.

Devices can be added or removed between two pages, which moves the rows. A page can be shorter than requested without
being the last, because the console's largest page is unknown. So each page starts with the last row of the page before.
If the first row is a different one, the rows have moved and the list is read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.metering.sources.columns import HELD as NEEDED
from reconciler.metering.sources.columns import NO_COLUMNS, Columns
from reconciler.metering.sources.cove_devices import COLUMNS, Device, read_columns, read_devices
from reconciler.metering.sources.cove_errors import RpcError
from reconciler.metering.sources.cove_session import CoveSession
from reconciler.metering.sources.errors import HELD, SourceError
from reconciler.metering.sources.pulling import Sleep

METHOD = "EnumerateAccountStatistics"
PAST_METHOD = "EnumerateAccountHistoryStatistics"
"""The method for a past moment. It takes the same query, and the moment as `timeslice` in Unix seconds [docs]."""
PAGE = 1000
"""The number of rows that a request asks for."""

READINGS = 3
"""How often the list is read until it is complete."""

WAIT = 2.0
"""The wait before the list is read again, in seconds. It is twice as long before the third time."""

ORDER = "I0 ASC"
"""Sort by device id, which is unique. If values repeat, pages can overlap [seen]."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All devices by id, and notes for the user about how they were read."""

    devices: Mapping[int, Device]
    notes: tuple[str, ...] = ()
    columns: Columns = NO_COLUMNS
    """The columns that were read beside used storage."""


class _MovedError(Exception):
    """The rows moved between two pages."""


@dataclass(frozen=True, slots=True)
class _Statistics:
    """The statistics of all devices below a partner, as they are now or as they were at a past moment."""

    session: CoveSession
    root_id: int
    moment: datetime | None

    @property
    def where(self) -> str:
        """Where the statistics come from, for errors."""
        return self.session.where(method_at(self.moment))

    async def ask(
        self, mode: str, start: int, count: int, order: str = ORDER, columns: tuple[str, ...] = COLUMNS
    ) -> Any:
        """Return the answer of the console to a query: rows, or their number if the mode is `Count`."""
        query = {
            "PartnerId": self.root_id,
            "SelectionMode": mode,
            "StartRecordNumber": start,
            "RecordsCount": count,
            "OrderBy": order,
            "Columns": list(columns),
        }
        if not order:
            del query["OrderBy"]
        if self.moment is None:
            return await self.session.call(METHOD, {"query": query})
        return await self.session.call(PAST_METHOD, {"query": query, "timeslice": int(self.moment.timestamp())})


def method_at(moment: datetime | None) -> str:
    """Return the method for the devices at a past moment, or for those of now if it is None."""
    return METHOD if moment is None else PAST_METHOD


async def list_devices(
    session: CoveSession,
    root_id: int,
    sleep: Sleep,
    columns: Columns = NO_COLUMNS,
    moment: datetime | None = None,
) -> Listing:
    """Return all devices below the partner `root_id`, with these columns beside used storage.

    They are those of now, or those of a past moment. A column that the role may not read is left out, and a note names
    it. Raises `SourceError` if no complete list could be read.
    """
    statistics = _Statistics(session, root_id, moment)
    order = ORDER
    notes: tuple[str, ...] = ()
    problem = ""
    for reading in range(READINGS):
        if reading:
            await sleep(WAIT * reading)
        total = await _count(statistics)
        try:
            rows = await _rows(statistics, total, order, columns)
        except _MovedError as moved:
            problem = str(moved)
            continue
        except RpcError as error:
            if error.kind != "not-allowed":
                raise
            if refused := await _refused_columns(statistics, error, columns):
                notes += tuple(_REFUSED.format(code) for code in refused if code not in columns.labels)
                columns = columns.without(refused)
                problem = f"the console refused to read {', '.join(refused)}"
                continue
            order = ""
            notes += (_UNORDERED,)
            problem = "the console refused to sort the devices"
            continue
        devices = {device.account_id: device for device in rows}
        if total is None and len(devices) != len(rows):
            problem = f"{len(rows) - len(devices)} of {len(rows)} rows repeat a device"
        elif total is not None and len(devices) != total:
            problem = f"the console counts {total} devices but lists {len(devices)}"
        else:
            columns, missing = read_columns(devices.values(), columns)
            return Listing(devices, (*notes, *missing), columns)
    raise SourceError(
        f"no complete list of devices in {READINGS} attempts: {problem}",
        where=statistics.where,
        advice=f"try again; {HELD}",
    )


_UNORDERED = "the API user's role may not sort devices by id (column I0); give the role that right"


_REFUSED = f"column {{}} may not be read by the API user's role; give the role that right; {NEEDED}"


async def _refused_columns(statistics: _Statistics, error: RpcError, columns: Columns) -> Sequence[str]:
    """Return the columns of meters that the role may not read. Empty if it only may not sort by I0.

    Raises `SourceError` if it may not read used storage.
    """
    refused = [code for code in COLUMNS if not await _may_read(statistics, code)]
    if not refused:
        return [code for code in columns.names if not await _may_read(statistics, code)]
    request = f"the request asked for the columns {', '.join(COLUMNS)}, sorted by I0"
    if await _may_read(statistics, "I0"):
        raise SourceError(
            f"the API user's role may not read the column {', '.join(refused)} (used storage in bytes): {error.what}",
            where=error.where,
            advice="give the API user a role that may read it; billing needs this column",
        )
    raise SourceError(
        f"{error.what}; {request}",
        where=error.where,
        advice="give the API user a role that may read the statistics of devices; a call fails if the role may not "
        "read one of its columns",
    )


async def _may_read(statistics: _Statistics, code: str) -> bool:
    try:
        await statistics.ask("Merged", 0, 1, "", (code,))
    except RpcError as error:
        if error.kind != "not-allowed":
            raise
        return False
    return True


async def _count(statistics: _Statistics) -> int | None:
    """Return the number of devices that the console counts. None if it does not return a count.

    The format of the response is not documented. A number is accepted, also as text.
    """
    try:
        result = await statistics.ask("Count", 0, 1)
    except RpcError as error:
        if error.kind in ("credentials", "visa"):
            raise
        return None
    if isinstance(result, str) and result.isascii() and result.isdigit() and len(result) < 20:
        return int(result)
    return result if isinstance(result, int) and not isinstance(result, bool) and result >= 0 else None


async def _rows(statistics: _Statistics, total: int | None, order: str, columns: Columns) -> list[Device]:
    """Return all rows. The last page is one without a new row, or a shorter one that completes the count `total`.

    Raises `_MovedError` if a page does not start with the last row of the page before.
    """
    rows: list[Device] = []
    seen: set[int] = set()
    largest_page = 0
    while True:
        overlap = 1 if largest_page > 1 else 0
        answer = await statistics.ask("Merged", len(rows) - overlap, PAGE, order, (*COLUMNS, *columns.names))
        page = read_devices(answer, statistics.where, columns)
        if overlap and (not page or page[0].account_id != rows[-1].account_id):
            raise _MovedError(f"the rows moved during the pull, after row {len(rows)}")
        new_rows = page[overlap:]
        rows.extend(new_rows)
        if seen.issuperset(device.account_id for device in new_rows):
            return rows
        seen.update(device.account_id for device in new_rows)
        is_short = len(page) < (largest_page or PAGE)
        if is_short and total is not None and len(seen) >= total:
            return rows
        largest_page = max(largest_page, len(page))
