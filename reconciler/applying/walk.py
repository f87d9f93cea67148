"""Walks the graph of a plan: everything that can run runs, at once; what failed skips only what depends on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from graphlib import TopologicalSorter

from reconciler.planning.outcome import Result
from reconciler.planning.plan import Action, Plan

Carry = Callable[[Action], Awaitable[Result]]

WORKERS = 64
"""Actions under way at once; how many requests are is the client's to decide."""


async def walk(
    plan: Plan,
    carry: Carry,
    *,
    already: Mapping[str, int],
    stop: asyncio.Event,
    on_result: Callable[[Result], None] = lambda _result: None,
) -> list[Result]:
    """One result for every action. After `stop` nothing new begins, and what is under way is waited for."""
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
            finish(_without_asking(action, results, already, stop) or await carry(action))
            ready.task_done()

    release()
    workers = [asyncio.create_task(work()) for _ in range(min(WORKERS, len(actions)))]
    try:
        await _drained(ready, workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [results[action.address] for action in plan.actions]


async def _drained(ready: asyncio.Queue[str], workers: list[asyncio.Task[None]]) -> None:
    """Until the queue is empty and all of it done; a worker that broke is raised, not waited for."""
    join = asyncio.create_task(ready.join())
    try:
        await asyncio.wait([join, *workers], return_when=asyncio.FIRST_COMPLETED)
        for worker in workers:
            if worker.done():
                worker.result()
    finally:
        join.cancel()
        await asyncio.gather(join, return_exceptions=True)


def _without_asking(
    action: Action, results: Mapping[str, Result], already: Mapping[str, int], stop: asyncio.Event
) -> Result | None:
    """The result of an action that is not carried out, or None for one that is to be."""
    if action.address in already:
        return _result(action, "already", already[action.address], "as planned when it was looked at again")
    for needed in action.depends_on:
        if results[needed].status not in ("done", "already"):
            return _result(action, "skipped", action.id, f"skipped because {needed} {_ended(results[needed])}")
    if stop.is_set():
        return _result(action, "skipped", action.id, "skipped because the run was interrupted")
    return None


def _result(action: Action, status: str, object_id: int | None, detail: str) -> Result:
    return Result.model_validate(
        {"address": action.address, "action": action.action, "status": status, "id": object_id, "detail": detail}
    )


def _ended(result: Result) -> str:
    return {"failed": "failed", "skipped": "was skipped", "unknown": "ended unknown"}[result.status]
