"""Runs a function for many items at once, and stops at the first failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


async def in_parallel(
    function: Callable[[Item], Awaitable[Result]], items: Sequence[Item], *, workers: int
) -> list[Result]:
    """Return the results of `function` for all items, in their order, from up to `workers` calls at once.

    The first failure cancels the other calls, and is raised itself, not in an exception group.
    """
    if len(items) <= 1:
        return [await function(item) for item in items]
    results: dict[int, Result] = {}
    queue = iter(enumerate(items))

    async def work() -> None:
        for index, item in queue:
            results[index] = await function(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(workers, len(items))):
                group.create_task(work())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [results[index] for index in range(len(items))]
