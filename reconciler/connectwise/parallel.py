"""Many requests at once, with the first failure ending them all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


async def in_parallel(
    function: Callable[[Item], Awaitable[Result]], items: Sequence[Item], *, workers: int
) -> list[Result]:
    """`function` of every item, in the order of the items, by so many workers at once.

    The first failure ends the others and is raised as it is, not in a group.
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
