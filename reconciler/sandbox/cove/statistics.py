"""`EnumerateAccountStatistics` and its history: the devices below a partner, one page at a time [docs, seen].

A page never has more rows than the console's limit, also when the call asks for more. A client that takes the first
page for all devices misses the others without an error, as with the real console [seen]. When the order is not unique,
every second page sorts equal rows the other way round, so pages overlap [seen that they can; how is a guess].
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from reconciler.sandbox.cove.columns import NULL, Column, Rights, Row, number
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.census import Census
from reconciler.sandbox.cove.data.model import Device
from reconciler.sandbox.cove.errors import NOT_ALLOWED, invalid_params, refused
from reconciler.sandbox.cove.params import Params

_KNOWN: Final = (
    "PartnerId",
    "ExcludedPartners",
    "SelectionMode",
    "StartRecordNumber",
    "RecordsCount",
    "OrderBy",
    "Columns",
    "Totals",
)
_MODES: Final = ("Merged", "PerInstallation", "Count")
_ORDER: Final = re.compile(r"(?P<code>[A-Z0-9]+) (?P<way>ASC|DESC)\Z")
_SUM: Final = re.compile(r"SUM\((?P<code>[A-Z0-9]+)\)\Z")
_MOMENT: Final = timedelta(microseconds=1)
_LONGEST_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Query:
    """A checked query. `order` is a column code and whether it is descending, or None for the order of device ids."""

    partner_id: int
    excluded: tuple[int, ...]
    mode: str
    start: int
    count: int
    order: tuple[str, bool] | None
    columns: tuple[tuple[str, Column], ...]
    totals: tuple[tuple[str, Column], ...]


def read_query(values: Any, rights: Rights) -> Query:
    """Return the query in a call. All keys must be known and have the right type. Unknown columns are left out.

    Raises:
        RpcError: a key is wrong; 13501, a column may not be read.
    """
    params = Params(values, "query", _KNOWN)
    mode = params.text("SelectionMode", "Merged")
    if mode not in _MODES:
        raise invalid_params(f"SelectionMode is one of {', '.join(_MODES)}, not {mode}")
    asked = params.texts("Columns", [] if mode == "Count" else None)
    columns = tuple((code, known) for code in asked if (known := rights.column(code)) is not None)
    return Query(
        partner_id=params.whole("PartnerId"),
        excluded=tuple(params.wholes("ExcludedPartners", [])),
        mode=mode,
        start=params.whole("StartRecordNumber", default=0),
        count=params.whole("RecordsCount", least=1, default=1 if mode == "Count" else None),
        order=_order(params.text("OrderBy", ""), rights),
        columns=columns,
        totals=tuple(_total(each, rights) for each in params.texts("Totals", [])),
    )


def _order(text: str, rights: Rights) -> tuple[str, bool] | None:
    if not text:
        return None
    found = _ORDER.match(text)
    if found is None:
        raise invalid_params(f"OrderBy is a column and ASC or DESC, such as I8 ASC, not {text}")
    rights.named(found["code"])
    return found["code"], found["way"] == "DESC"


def _total(text: str, rights: Rights) -> tuple[str, Column]:
    found = _SUM.match(text)
    if found is None:
        raise invalid_params(f"Totals are sums of columns, such as SUM(I14), not {text}")
    wanted = rights.named(found["code"])
    if not wanted.numeric:
        raise invalid_params(f"column {found['code']} has no sum")
    return text, wanted


@dataclass(frozen=True, slots=True)
class _Kept:
    """The devices of a query in their order, valid from `since` until just before `until`."""

    asked: tuple[object, ...]
    since: datetime
    until: datetime
    devices: list[Device]


class Statistics:
    """Answers queries. It keeps the order of the last query, because all pages of one reading have the same order."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._kept: _Kept | None = None

    def now(self, values: Any, at: datetime) -> dict[str, Any]:
        """`EnumerateAccountStatistics`: the devices as they are now."""
        params = Params(values, "EnumerateAccountStatistics", ("query",))
        return self._answer(read_query(params.raw("query"), self._console.rights), at)

    def history(self, values: Any, at: datetime) -> dict[str, Any]:
        """`EnumerateAccountHistoryStatistics`: the devices as they were at `timeslice`, in Unix seconds [docs].

        A time in the future is refused [guess]. Names and owners are the current ones [guess].
        """
        params = Params(values, "EnumerateAccountHistoryStatistics", ("query", "timeslice"))
        query = read_query(params.raw("query"), self._console.rights)
        timeslice = params.whole("timeslice", least=int(_LONGEST_AGO.timestamp()))
        if timeslice > at.timestamp():
            raise invalid_params(f"timeslice {timeslice} is in the future")
        return self._answer(query, datetime.fromtimestamp(timeslice, UTC))

    def _answer(self, query: Query, at: datetime) -> dict[str, Any]:
        console = self._console
        world = console.world
        devices = self._ordered(query, at)
        if query.mode == "Count":
            return {"result": len(devices)}
        end = query.start + min(query.count, console.page_ceiling)
        answer: dict[str, Any] = {
            "result": [_as_row(_row(world, each, at), query.columns) for each in devices[query.start : end]]
        }
        if query.totals:
            answer["totalStatistics"] = [{name: str(_sum(world, devices, wanted, at))} for name, wanted in query.totals]
        return answer

    def _ordered(self, query: Query, at: datetime) -> list[Device]:
        world = self._console.world
        kept = self._kept
        ties_falling = query.start // query.count % 2 == 1
        asked = (world, world.version, query.partner_id, query.excluded, query.order, query.order and ties_falling)
        if kept is not None and kept.asked == asked and kept.since <= at < kept.until:
            return kept.devices
        if query.partner_id not in world.subtree(world.root_id, at):
            raise refused(NOT_ALLOWED, f"Access to partner {query.partner_id} is not allowed")
        below = world.subtree(query.partner_id, at)
        for excluded in query.excluded:
            below -= world.subtree(excluded, at)
        devices = sorted(world.devices_of(below, at), key=lambda device: device.id)
        since, until = world.unchanged_span(at)
        if query.order is not None:
            wanted, falling = self._console.rights.named(query.order[0]), query.order[1]
            if ties_falling:
                devices.reverse()
            devices.sort(key=_sort_key(world, wanted, at), reverse=falling)
            if wanted.timed:
                since, until = at, at + _MOMENT
        self._kept = _Kept(asked, since, until, devices)
        return devices


def _row(world: Census, device: Device, at: datetime) -> Row:
    return Row(device, world.partners[device.partner_id], world, at)


def _as_row(row: Row, columns: tuple[tuple[str, Column], ...]) -> dict[str, Any]:
    values = ((code, each.read(row)) for code, each in columns)
    settings = [{code: None if value is NULL else value} for code, value in values if value is not None]
    return {
        "AccountId": row.device.id,
        "Flags": None,
        "PartnerId": row.device.partner_id,
        "Settings": settings,
    }


def _sort_key(world: Census, wanted: Column, at: datetime) -> Callable[[Device], tuple[bool, int, str]]:
    def key(device: Device) -> tuple[bool, int, str]:
        value = wanted.read(_row(world, device, at))
        if value is None:
            return (False, 0, "")
        return (True, number(value) or 0, "") if wanted.numeric else (True, 0, value)

    return key


def _sum(world: Census, devices: list[Device], wanted: Column, at: datetime) -> int:
    values = (wanted.read(_row(world, each, at)) for each in devices)
    return sum(number(value) or 0 for value in values)
