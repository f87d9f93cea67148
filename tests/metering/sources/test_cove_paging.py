"""Tests of lists that change between two pages: the list is read again, or the pull fails. It is never incomplete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.ledger.records import Pull
from reconciler.metering.sources.cove_paging import PAGE

from .console import CUSTOMERS, Console, device, pull_of, refusal
from .servers import Reply


def ids(found: Pull) -> list[str | None]:
    """Return the device ids of a pull, in order."""
    return [sample.device_id for sample in found.samples]


class Changing(Console):
    """A console with 25 devices and 10 rows per page. It makes one of its changes after each page."""

    def __init__(self, *changes: Callable[[list[Mapping[str, Any]]], object], **more: Any) -> None:
        super().__init__(CUSTOMERS, [device(number, 10) for number in range(25)], page=10, **more)
        self.changes = list(changes)

    def good(self, call: Mapping[str, Any]) -> Reply:
        answer = super().good(call)
        if self.name(call) == "EnumerateAccountStatistics" and self.changes:
            self.changes.pop(0)(self.devices)
        return answer


def lose(place: int) -> Callable[[list[Mapping[str, Any]]], object]:
    """Return a change that removes the device at a place."""
    return lambda devices: devices.pop(place)


def gain(place: int, number: int) -> Callable[[list[Mapping[str, Any]]], object]:
    """Return a change that adds a device at a place."""
    return lambda devices: devices.insert(place, device(number, 10))


def swap(devices: list[Mapping[str, Any]]) -> None:
    """Remove one device and add another, so that the count stays the same."""
    del devices[3]
    devices.append(device(99, 10))


@pytest.mark.parametrize("count", [..., []], ids=["counted", "not counted"])
@pytest.mark.parametrize(
    ("change", "left"),
    [
        (lose(3), [*range(3), *range(4, 25)]),
        (lose(9), [*range(9), *range(10, 25)]),
        (lose(20), [*range(20), *range(21, 25)]),
        (gain(0, 77), [77, *range(25)]),
        (gain(25, 77), [*range(25), 77]),
        (swap, [*range(3), *range(4, 25), 99]),
    ],
    ids=["lost before", "lost at the edge", "lost after", "came first", "came last", "one for another"],
)
async def test_the_list_is_complete_if_a_device_is_added_or_removed_between_two_pages(
    change: Any, left: list[int], count: Any
) -> None:
    found = await pull_of(Changing(change, count=count))
    assert (found.state, found.error) == ("whole", None)
    assert ids(found) == [str(number) for number in left]


async def test_a_list_that_changes_all_the_time_is_a_failed_pull() -> None:
    found = await pull_of(Changing(*[lose(0)] * 9))
    assert (found.state, found.samples) == ("failed", ())
    assert "no complete list of devices in 3 attempts: the rows moved during the pull, after row 10" in str(found.error)


async def test_a_list_in_another_order_in_each_response_is_a_failed_pull() -> None:
    class Ties(Console):
        def result(self, call: Mapping[str, Any]) -> Any:
            self.devices.reverse()
            return super().result(call)

    found = await pull_of(Ties(CUSTOMERS, [device(number, 10) for number in range(25)], page=10))
    assert (found.state, found.samples) == ("failed", ())


async def test_a_list_in_another_but_constant_order_is_complete() -> None:
    console = Console(CUSTOMERS, [device(number * 7 % 25, 10) for number in range(25)], page=10)
    assert sorted(map(int, filter(None, ids(await pull_of(console))))) == list(range(25))


@pytest.mark.parametrize(("devices", "page", "count"), [(25, 10, 15), (1500, 10**6, 1000)])
async def test_a_count_that_is_too_low_does_not_end_the_list_at_a_full_page(
    devices: int, page: int, count: int
) -> None:
    console = Console(CUSTOMERS, [device(number, 10) for number in range(devices)], page=page, count=count)
    found = await pull_of(console)
    assert f"the console counts {count} devices but lists {devices}" in str(found.error)


@pytest.mark.parametrize("devices", [PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 2500])
@pytest.mark.parametrize("counted", [True, False])
async def test_any_number_of_devices_is_read_completely(devices: int, counted: bool) -> None:
    rows = [device(number, 10, "1") for number in range(devices)]
    console = Console(CUSTOMERS, rows, page=10**6, **({} if counted else {"count": None}))
    found = await pull_of(console)
    assert len(set(ids(found))) == devices
    pages = console.methods().count("EnumerateAccountStatistics")
    assert pages <= devices // (PAGE - 1) + (1 if counted else 2)


async def test_a_repeated_device_counts_once_if_the_count_agrees() -> None:
    found = await pull_of(Console(CUSTOMERS, [device(1, 10), device(2, 10), device(2, 10)], count=2))
    assert ids(found) == ["1", "2"]


@pytest.mark.parametrize("count", [-1, True, 1.0, "x", "-1", None, {}, [3], "9" * 30])
async def test_a_count_that_is_not_a_number_is_ignored(count: Any) -> None:
    assert ids(await pull_of(Console(CUSTOMERS, [device(1, 10)], count=count))) == ["1"]


async def test_a_count_fails_if_the_session_cannot_be_renewed() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["Count"] = [refusal(1701)] * 2
    assert "check this machine's clock" in str((await pull_of(console)).error)
