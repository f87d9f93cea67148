"""Running the actions of a plan in the order of their dependencies, without requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from reconciler.applying.run_actions import WORKERS, run_actions
from reconciler.planning.action import Action
from reconciler.planning.outcome import Result
from reconciler.planning.plan import Plan
from tests.applying.builders import action, plan


class Recorder:
    """Records the actions that start. Those in `fails` fail, those in `waits` wait for their gate."""

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


async def results_of(
    found: Plan, recorder: Recorder, already: Mapping[str, int] | None = None, stop: asyncio.Event | None = None
) -> dict[str, Result]:
    results = await run_actions(found, recorder, already=already or {}, stop=stop or asyncio.Event())
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
    assert await results_of(plan(), Recorder()) == {}


async def test_an_action_starts_when_everything_that_it_depends_on_is_done() -> None:
    recorder = Recorder(waits=("Contact/a",))
    running = asyncio.create_task(results_of(CHAIN, recorder))
    await recorder.has_begun("Contact/b", "Contact/a")

    assert "Agreement/a" not in recorder.begun
    recorder.gates["Contact/a"].set()
    results = await running
    assert {result.status for result in results.values()} == {"done"}
    assert recorder.begun[-1] == "Agreement/a"


async def test_independent_actions_run_at_once() -> None:
    names = tuple(f"Company/{number}" for number in range(WORKERS))
    recorder = Recorder(waits=names)
    running = asyncio.create_task(results_of(plan(*map(action, names)), recorder))
    await recorder.has_begun(*names)

    for gate in recorder.gates.values():
        gate.set()
    assert len(await running) == WORKERS


@pytest.mark.parametrize(("status", "ended"), [("failed", "failed"), ("unknown", "has an unknown result")])
async def test_a_failed_action_skips_only_what_depends_on_it_with_the_reason(status: str, ended: str) -> None:
    results = await results_of(CHAIN, Recorder(fails={"Company/a": status}))

    assert results["Contact/a"].status == "skipped"
    assert results["Contact/a"].detail == f"skipped because Company/a {ended}"
    assert results["Agreement/a"].status == "skipped"
    assert results["Company/b"].status == results["Contact/b"].status == "done"


async def test_an_action_that_depends_on_a_skipped_one_is_skipped_too() -> None:
    chain = plan(
        action("Company/a"), action("Contact/a", after=("Company/a",)), action("Agreement/a", after=("Contact/a",))
    )

    results = await results_of(chain, Recorder(fails={"Company/a": "failed"}))

    assert results["Agreement/a"].detail == "skipped because Contact/a was skipped"


async def test_an_action_of_an_earlier_run_is_not_carried_out_and_counts_as_done() -> None:
    recorder = Recorder()

    results = await results_of(CHAIN, recorder, already={"Company/a": 41})

    assert (results["Company/a"].status, results["Company/a"].id) == ("already", 41)
    assert "Company/a" not in recorder.begun
    assert results["Agreement/a"].status == "done"


async def test_after_a_stop_no_action_starts_and_actions_in_progress_finish() -> None:
    recorder, stop = Recorder(waits=("Company/a",)), asyncio.Event()
    running = asyncio.create_task(results_of(CHAIN, recorder, stop=stop))
    await recorder.has_begun("Contact/b")
    stop.set()
    recorder.gates["Company/a"].set()

    results = await running

    assert results["Company/a"].status == "done"
    assert results["Contact/a"].detail == "skipped because the run was interrupted"
    assert "Contact/a" not in recorder.begun


async def test_on_result_is_called_for_each_result() -> None:
    reported: list[str] = []

    await run_actions(
        CHAIN, Recorder(), already={}, stop=asyncio.Event(), on_result=lambda result: reported.append(result.address)
    )

    assert sorted(reported) == sorted(each.address for each in CHAIN.actions)


async def test_an_error_of_the_program_is_raised_at_once() -> None:
    async def broken(_action: Action) -> Result:
        raise KeyError("a fault")

    with pytest.raises(KeyError, match="a fault"):
        await run_actions(CHAIN, broken, already={}, stop=asyncio.Event())


async def test_after_a_cancellation_no_action_keeps_running() -> None:
    recorder = Recorder(waits=("Company/a", "Company/b"))
    running = asyncio.create_task(results_of(CHAIN, recorder))
    await recorder.has_begun("Company/a", "Company/b")

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert asyncio.all_tasks() == {asyncio.current_task()}
