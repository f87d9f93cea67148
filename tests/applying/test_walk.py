"""The walk of a plan's graph, with actions that only pretend to be carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from reconciler.applying.walk import WORKERS, walk
from reconciler.planning.outcome import Result
from reconciler.planning.plan import Action, Plan
from tests.applying.builders import action, plan


class Carrier:
    """Carries actions out by noting them; those in `fails` fail, those in `waits` wait until let go."""

    def __init__(self, *, fails: Mapping[str, str] | None = None, waits: tuple[str, ...] = ()) -> None:
        self.begun: list[str] = []
        self.fails = fails or {}
        self._news = asyncio.Condition()
        self.gates = {address: asyncio.Event() for address in waits}

    async def has_begun(self, *addresses: str) -> None:
        async with self._news:
            await self._news.wait_for(lambda: set(addresses) <= set(self.begun))

    async def __call__(self, each: Action) -> Result:
        async with self._news:
            self.begun.append(each.address)
            self._news.notify_all()
        if each.address in self.gates:
            await self.gates[each.address].wait()
        status = self.fails.get(each.address, "done")
        return Result.model_validate({"address": each.address, "action": "create", "status": status, "id": 1})


async def walked(
    found: Plan, carrier: Carrier, already: Mapping[str, int] | None = None, stop: asyncio.Event | None = None
) -> dict[str, Result]:
    results = await walk(found, carrier, already=already or {}, stop=stop or asyncio.Event())
    assert [result.address for result in results] == [each.address for each in found.actions]
    return {result.address: result for result in results}


CHAIN = plan(
    action("Company/a"),
    action("Contact/a", after=("Company/a",)),
    action("Agreement/a", after=("Company/a", "Contact/a")),
    action("Company/b"),
    action("Contact/b", after=("Company/b",)),
)


async def test_a_plan_without_actions_has_no_results() -> None:
    assert await walked(plan(), Carrier()) == {}


async def test_an_action_begins_when_all_that_it_depends_on_is_done() -> None:
    carrier = Carrier(waits=("Contact/a",))
    walking = asyncio.create_task(walked(CHAIN, carrier))
    await carrier.has_begun("Contact/b", "Contact/a")

    assert "Agreement/a" not in carrier.begun
    carrier.gates["Contact/a"].set()
    results = await walking
    assert {result.status for result in results.values()} == {"done"}
    assert carrier.begun[-1] == "Agreement/a"


async def test_independent_actions_are_under_way_at_once() -> None:
    names = tuple(f"Company/{number}" for number in range(WORKERS))
    carrier = Carrier(waits=names)
    walking = asyncio.create_task(walked(plan(*map(action, names)), carrier))
    await carrier.has_begun(*names)

    for gate in carrier.gates.values():
        gate.set()
    assert len(await walking) == WORKERS


@pytest.mark.parametrize(("status", "ended"), [("failed", "failed"), ("unknown", "ended unknown")])
async def test_what_failed_skips_only_what_depends_on_it_and_says_why(status: str, ended: str) -> None:
    results = await walked(CHAIN, Carrier(fails={"Company/a": status}))

    assert results["Contact/a"].status == "skipped"
    assert results["Contact/a"].detail == f"skipped because Company/a {ended}"
    assert results["Agreement/a"].status == "skipped"
    assert results["Company/b"].status == results["Contact/b"].status == "done"


async def test_what_depends_on_something_skipped_is_skipped_too() -> None:
    chain = plan(
        action("Company/a"), action("Contact/a", after=("Company/a",)), action("Agreement/a", after=("Contact/a",))
    )

    results = await walked(chain, Carrier(fails={"Company/a": "failed"}))

    assert results["Agreement/a"].detail == "skipped because Contact/a was skipped"


async def test_what_an_earlier_run_has_done_is_not_carried_out_and_lets_others_go_on() -> None:
    carrier = Carrier()

    results = await walked(CHAIN, carrier, already={"Company/a": 41})

    assert (results["Company/a"].status, results["Company/a"].id) == ("already", 41)
    assert "Company/a" not in carrier.begun
    assert results["Agreement/a"].status == "done"


async def test_after_a_stop_nothing_begins_and_what_is_under_way_is_waited_for() -> None:
    carrier, stop = Carrier(waits=("Company/a",)), asyncio.Event()
    walking = asyncio.create_task(walked(CHAIN, carrier, stop=stop))
    await carrier.has_begun("Contact/b")
    stop.set()
    carrier.gates["Company/a"].set()

    results = await walking

    assert results["Company/a"].status == "done"
    assert results["Contact/a"].detail == "skipped because the run was interrupted"
    assert "Contact/a" not in carrier.begun


async def test_every_result_is_told_as_it_comes() -> None:
    told: list[str] = []

    await walk(CHAIN, Carrier(), already={}, stop=asyncio.Event(), on_result=lambda result: told.append(result.address))

    assert sorted(told) == sorted(each.address for each in CHAIN.actions)


async def test_a_fault_of_the_program_is_raised_and_not_waited_for() -> None:
    async def broken(_action: Action) -> Result:
        raise KeyError("a fault")

    with pytest.raises(KeyError, match="a fault"):
        await walk(CHAIN, broken, already={}, stop=asyncio.Event())


async def test_a_cancelled_walk_leaves_nothing_running() -> None:
    carrier = Carrier(waits=("Company/a", "Company/b"))
    walking = asyncio.create_task(walked(CHAIN, carrier))
    await carrier.has_begun("Company/a", "Company/b")

    walking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await walking
    assert asyncio.all_tasks() == {asyncio.current_task()}
