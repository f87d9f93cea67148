"""Tests of odd values anywhere in a response: the pull has the right figures, or it fails with a message.

Each case takes the correct responses of a console, or correct rows, and replaces one node by an odd value.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from reconciler.ledger.records import Pull
from reconciler.metering.sources import cove, json_rows
from reconciler.metering.sources.json_rows import JsonSettings

from .console import Console, device, partner, settings
from .servers import Seen, Time

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 7.5, 10**30),
    *("", " ", "x", "\ud800", "\0", "1701", "2100"),
    *([], [[]], [None], {}, {"result": None}),
)
Path = tuple[str | int, ...]

GOOD_USAGE = {"1": 5, "2": 7}
"""The usage of each device in bytes."""


def nodes(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each node of a JSON document."""
    yield path
    children: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    for key, child in children:
        yield from nodes(child, (*path, key))


def with_odd(value: Any, path: Path, odd: Any) -> Any:
    """Return the JSON document with one node replaced by an odd value."""
    if not path:
        return odd
    changed = copy.deepcopy(value)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = odd
    return changed


def good_console() -> Console:
    """Return a console with correct responses."""
    return Console(
        [partner(10, "Acme"), partner(11, "Harbour", "Site", 10)],
        [device(1, 10, "5"), device(2, 11, "7")],
    )


def answers() -> dict[str, Any]:
    """Return a correct response to each call, by the call's name."""
    console, found = good_console(), {}
    for method, mode in (
        ("Login", ""),
        ("EnumeratePartners", ""),
        ("EnumerateAccountStatistics", "Count"),
        ("EnumerateAccountStatistics", "Merged"),
    ):
        query = {"query": {"SelectionMode": mode, "StartRecordNumber": 0, "RecordsCount": 1000}} if mode else {}
        call = {"method": method, "params": query}
        found[Console.name(call)] = json.loads(console.good(call).body)
    return found


def by_device(found: Pull) -> dict[str | None, int | None]:
    """Return the usage of each device in bytes."""
    return {sample.device_id: sample.bytes for sample in found.samples}


async def pull_console(name: str, answer: Any) -> Pull:
    """Return a pull in which the call `name` has the response `answer`."""
    console, time = good_console(), Time()

    def handle(request: httpx.Request) -> httpx.Response:
        call: Mapping[str, Any] = json.loads(request.content)
        if Console.name(call) == name:
            return httpx.Response(200, content=json.dumps(answer).encode())
        return httpx.Response(200, content=console(Seen("POST", "/", {}, request.content)).body)

    known = settings("https://console.example/jsonapi")
    return await cove.pull(known, NOW, transport=httpx.MockTransport(handle), sleep=time.sleep, clock=time)


@pytest.mark.parametrize("name", ["Login", "EnumeratePartners", "Count", "EnumerateAccountStatistics"])
async def test_an_odd_value_anywhere_in_a_response_of_the_console(name: str) -> None:
    good = answers()[name]
    for path in nodes(good):
        for odd in ODD:
            found = await pull_console(name, with_odd(good, path, odd))
            case = (path, odd, found.error)
            if found.state == "failed":
                assert found.samples == (), case
                assert found.error is not None, case
                assert "usage source cove, https://console.example/jsonapi" in found.error, case
                assert "bug in reconciler" not in found.error, case
                found.error.encode()
            elif name != "EnumerateAccountStatistics":
                assert by_device(found) == GOOD_USAGE, case
            else:
                assert len(found.samples) == 2, case
                assert all(size in (None, 5, 7, odd, 2100, 1701) for size in by_device(found).values()), case
            for note in (*found.notes, *(customer.name for customer in found.customers)):
                note.encode()


ROW = {
    "customer_id": "1",
    "customer_name": "Acme",
    "device_id": "a",
    "used": 5,
    "unit": "B",
    "as_of": "2025-11-22T12:00:00Z",
}


@pytest.mark.parametrize("good", [[ROW, {**ROW, "device_id": "b"}], {"rows": [ROW]}], ids=["array", "object"])
async def test_an_odd_value_anywhere_in_rows(good: Any) -> None:
    for path in nodes(good):
        for odd in ODD:
            content = json.dumps(with_odd(good, path, odd)).encode()
            transport = httpx.MockTransport(lambda _, content=content: httpx.Response(200, content=content))
            known = JsonSettings("rows", url="https://usage.example/rows")
            found = await json_rows.pull(known, NOW, transport=transport, sleep=Time().sleep)
            case = (path, odd, found.error)
            if found.state == "failed":
                assert "usage source rows" in str(found.error), case
                assert "https://usage.example/rows" in str(found.error), case
                assert "bug in reconciler" not in str(found.error), case
                str(found.error).encode()
            for text in (*found.notes, *(customer.name for customer in found.customers)):
                assert "\0" not in text, case
                text.encode()
