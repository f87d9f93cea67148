"""Tests of the console's history, with a test console and with the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from reconciler.ledger.records import Pull
from reconciler.metering.sources.cove_history import LONGEST, history
from reconciler.metering.sources.registry import history as history_of

from .console import CUSTOMERS, NOW, Console, device, refusal, settings, used
from .servers import Server, Time
from .test_cove_sandbox import login_of, running  # noqa: F401 - a fixture

HOUR = timedelta(hours=1)
PAST = (NOW - HOUR, NOW - 2 * HOUR)


async def read(
    console: Any,
    owners: Mapping[str, str] | None = None,
    time: Time | None = None,
    moments: Sequence[datetime] = PAST,
) -> list[Pull]:
    """Return the pulls of the two hours before `NOW` from a server that responds like `console`."""
    time = time or Time()
    async with Server(console) as server:
        found = history(settings(server.url), moments, NOW, owners or {}, sleep=time.sleep, clock=time)
        return [pull async for pull in found]


async def test_each_moment_is_a_pull_that_started_then_and_says_when_it_was_read() -> None:
    first, second = await read(Console(CUSTOMERS, [device(1, 10), device(2, 20, None)]))
    assert [first.started_at, second.started_at] == list(PAST)
    assert first.past
    assert {sample.observed_at for sample in first.samples} == {NOW - HOUR}
    assert used(first) == {"10": 10**9, "20": None}
    assert (first.finished_at, first.notes) == (NOW, ("read from the history of the console at 2026-11-22 12:00 UTC",))


async def test_the_partners_are_read_once_and_each_moment_costs_two_calls() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    await read(console)
    method = "EnumerateAccountHistoryStatistics"
    assert console.methods() == ["Login", "EnumeratePartners", "Count", method, "Count", method]
    slices = [call["params"]["timeslice"] for call in console.calls[2:]]
    assert slices == [int(moment.timestamp()) for moment in PAST for _ in range(2)]
    assert {call["method"] for call in console.calls[2:]} == {method}


async def test_a_moment_that_fails_does_not_end_the_history() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumerateAccountHistoryStatistics"] = [refusal(13501) for _ in range(3)]
    first, second = await read(console)
    assert (first.state, second.state) == ("failed", "whole")
    assert "EnumerateAccountHistoryStatistics" in str(first.error)


async def test_after_two_moments_in_a_row_that_fail_no_further_one_is_read() -> None:
    console = Console(CUSTOMERS, [device(1, 10)])
    console.instead["EnumerateAccountHistoryStatistics"] = [refusal(13501) for _ in range(30)]
    found = await read(console, moments=(*PAST, NOW - 3 * HOUR))
    assert [each.state for each in found] == ["failed", "failed"]


async def test_a_device_of_a_partner_that_is_gone_belongs_to_the_customer_that_had_it() -> None:
    console = Console(CUSTOMERS, [device(1, 10), device(2, 99), device(3, 98)])
    first, _ = await read(console, {"2": "20"})
    assert used(first) == {"10": 10**9, "20": 10**9}
    assert [each.id for each in first.customers] == ["10", "20"]
    assert first.notes[-1].startswith("1 device belongs to partners that the console no longer lists")
    first, _ = await read(console)
    assert first.notes[-1].startswith("2 devices belong")


async def test_after_a_quarter_of_an_hour_no_further_moment_is_read() -> None:
    time = Time()

    class Slow(Console):
        def good(self, call: Mapping[str, Any]) -> Any:
            time.now += LONGEST / 3
            return super().good(call)

    assert len(await read(Slow(CUSTOMERS, [device(1, 10)]), time=time)) == 1


async def test_the_sandbox_returns_the_usage_of_each_hour(running: Any) -> None:  # noqa: F811 - the fixture
    world = running.sandbox.console.world
    moments: list[datetime] = [NOW - number * HOUR for number in (1, 30)]
    past = history_of(login_of(running), moments, NOW, {})
    assert past is not None
    found = [pull async for pull in past]
    for moment, pull in zip(moments, found, strict=True):
        expected = {str(each.id): each.used for each in world.usage(moment) if each.devices}
        assert {key: size or 0 for key, size in used(pull).items()} == expected
