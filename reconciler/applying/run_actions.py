"""Runs the actions of a plan in the order of their dependencies, as many at once as possible.

A failed action skips only the actions that depend on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from graphlib import TopologicalSorter

from reconciler.planning.action import Action
from reconciler.planning.outcome import Result
from reconciler.planning.plan import Plan

CarryOut = Callable[[Action], Awaitable[Result]]
"""Carries out one action and returns its result."""

WORKERS = 64
"""Actions in progress at once. The client decides how many requests are in flight."""


_BLOCKING = {"failed": "failed", "skipped": "was skipped", "unknown": "has an unknown result"}
"""Statuses that skip the actions that depend on the action, in words."""


async def run_actions(
    plan: Plan,
    carry_out: CarryOut,
    *,
    already: Mapping[str, int],
    stop: asyncio.Event,
    on_result: Callable[[Result], None] = lambda _result: None,
) -> list[Result]:
    """Return one result for each action, in the order of the plan.

    `already` has the ids, by address, of the actions that an earlier run finished. After `stop`, no new action starts,
    and actions in progress finish.
    """
    actions = {action.address: action for action in plan.actions}
    sorter = TopologicalSorter({action.address: action.depends_on for action in plan.actions})
    sorter.prepare()
    ready: asyncio.Queue[str] = asyncio.Queue()
    results: dict[str, Result] = {}

    def release() -> None:
        for address in sorter.get_ready():
            ready.put_nowait(address)

    def finish(result: Result) -> None:
        results[result.address] = result
        on_result(result)
        sorter.done(result.address)
        release()

    async def work() -> None:
        while True:
            action = actions[await ready.get()]
            finish(_result_without_request(action, results, already, stop) or await carry_out(action))
            ready.task_done()

    release()
    workers = [asyncio.create_task(work()) for _ in range(min(WORKERS, len(actions)))]
    try:
        await _finish_all(ready, workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [results[action.address] for action in plan.actions]


async def _finish_all(ready: asyncio.Queue[str], workers: list[asyncio.Task[None]]) -> None:
    """Wait until every queued action is finished. Raise the error of a worker that failed."""
    join = asyncio.create_task(ready.join())
    try:
        await asyncio.wait([join, *workers], return_when=asyncio.FIRST_COMPLETED)
        for worker in workers:
            if worker.done():
                worker.result()
    finally:
        join.cancel()
        await asyncio.gather(join, return_exceptions=True)


def _result_without_request(
    action: Action, results: Mapping[str, Result], already: Mapping[str, int], stop: asyncio.Event
) -> Result | None:
    """Return the result of an action that sends no request, or None if it has to be carried out."""
    if action.address in already:
        return _result(action, "already", already[action.address], "already as planned")
    for needed in action.depends_on:
        if results[needed].status not in ("done", "already"):
            return _result(
                action, "skipped", action.id, f"skipped because {needed} {_BLOCKING[results[needed].status]}"
            )
    if stop.is_set():
        return _result(action, "skipped", action.id, "skipped because the run was interrupted")
    return None


def _result(action: Action, status: str, object_id: int | None, detail: str) -> Result:
    return Result.model_validate(
        {"address": action.address, "action": action.action, "status": status, "id": object_id, "detail": detail}
    )
