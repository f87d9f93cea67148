"""How the number of requests under way follows what the server can take."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectwise.limiter import Limiter


class Pauses:
    """A sleep that lasts until it is told to end."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.end = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.end.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_places_are_given_up_to_the_ceiling_and_then_one_by_one() -> None:
    limiter = Limiter(2, sleep=asyncio.sleep)
    await limiter.enter()
    await limiter.enter()
    third = asyncio.create_task(limiter.enter())
    await settle()
    assert not third.done()
    limiter.leave()
    assert await third == 0


async def test_a_429_halves_the_room_once_for_all_that_was_under_way() -> None:
    pauses = Pauses()
    limiter = Limiter(16, sleep=pauses)
    refused = [asyncio.create_task(limiter.refused(5, 0)) for _ in range(3)]
    await settle()
    assert (limiter.room, pauses.slept, limiter.paused) == (8, [5], 5)
    pauses.end.set()
    await asyncio.gather(*refused)
    await limiter.refused(5, 0)
    assert (limiter.room, pauses.slept) == (8, [5])
    await limiter.refused(5, 1)
    assert (limiter.room, pauses.slept) == (4, [5, 5])


async def test_nothing_starts_during_a_pause() -> None:
    pauses = Pauses()
    limiter = Limiter(4, sleep=pauses)
    refused = asyncio.create_task(limiter.refused(5, 0))
    await settle()
    entering = asyncio.create_task(limiter.enter())
    await settle()
    assert not entering.done()
    pauses.end.set()
    assert await entering == 1
    await refused


async def test_a_cancelled_pause_lets_the_others_go_on() -> None:
    limiter = Limiter(4, sleep=Pauses())
    refused = asyncio.create_task(limiter.refused(5, 0))
    await settle()
    entering = asyncio.create_task(limiter.enter())
    await settle()
    refused.cancel()
    with pytest.raises(asyncio.CancelledError):
        await refused
    assert await entering == 1


async def test_good_answers_win_the_room_back_slowly() -> None:
    limiter = Limiter(8, sleep=lambda seconds: asyncio.sleep(0))
    await limiter.refused(1, 0)
    assert limiter.room == 4
    for _ in range(5):
        limiter.answered("GET /x", 0.01, 1)
    assert limiter.room == 5
    for _ in range(40):
        limiter.answered("GET /x", 0.01, 1)
    assert limiter.room == 8


async def test_answers_that_come_clearly_slower_narrow_the_room_once_a_round() -> None:
    limiter = Limiter(10, sleep=asyncio.sleep)
    limiter.answered("GET /x", 0.1, 0)
    for _ in range(20):
        limiter.answered("GET /x", 5.0, 0)
    assert limiter.room == 8


async def test_slow_but_steady_answers_and_fast_ones_narrow_nothing() -> None:
    limiter = Limiter(10, sleep=asyncio.sleep)
    for _ in range(20):
        limiter.answered("POST /system/bundles", 3.0, 0)
    for seconds in (0.001, *[0.3] * 20):
        limiter.answered("GET /x", seconds, 0)
    assert limiter.room == 10


async def test_one_request_may_always_be_under_way() -> None:
    limiter = Limiter(2, sleep=lambda seconds: asyncio.sleep(0))
    for round_ in range(5):
        await limiter.refused(1, round_)
    assert limiter.room == 1
    await limiter.enter()


async def test_a_place_given_to_one_who_left_goes_to_the_next() -> None:
    limiter = Limiter(1, sleep=asyncio.sleep)
    await limiter.enter()
    first, second, third = (asyncio.create_task(limiter.enter()) for _ in range(3))
    await settle()
    first.cancel()
    await settle()
    limiter.leave()
    second.cancel()
    await settle()
    assert await third == 0
    for task in (first, second):
        with pytest.raises(asyncio.CancelledError):
            await task


@given(st.integers(1, 6), st.lists(st.sampled_from(["fine", "slow", "refused"]), max_size=60))
def test_never_more_than_the_ceiling_and_nobody_is_left_waiting(ceiling: int, answers: list[str]) -> None:
    async def story() -> int:
        limiter = Limiter(ceiling, sleep=lambda seconds: asyncio.sleep(0))
        under_way = most = 0

        async def request(answer: str) -> None:
            nonlocal under_way, most
            round_ = await limiter.enter()
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            limiter.answered("GET /x", 9.0 if answer == "slow" else 0.1, round_)
            under_way -= 1
            limiter.leave()
            if answer == "refused":
                await limiter.refused(1, round_)

        async with asyncio.timeout(20):
            await asyncio.gather(*(request(answer) for answer in answers))
        return most

    assert asyncio.run(story()) <= ceiling
