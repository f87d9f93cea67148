"""The limit of requests in flight, and how 429s and slow responses lower it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectwise.limiter import Limiter


class Pauses:
    """A `sleep` that returns when `end` is set."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.end = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.end.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_slots_are_given_out_up_to_the_ceiling_and_then_one_by_one() -> None:
    limiter = Limiter(2, sleep=asyncio.sleep)
    await limiter.acquire()
    await limiter.acquire()
    third = asyncio.create_task(limiter.acquire())
    await settle()
    assert not third.done()
    limiter.release()
    assert await third == 0


async def test_a_429_halves_the_limit_once_for_all_requests_in_flight() -> None:
    pauses = Pauses()
    limiter = Limiter(16, sleep=pauses)
    refused = [asyncio.create_task(limiter.throttled(5, 0)) for _ in range(3)]
    await settle()
    assert (limiter.limit, pauses.slept, limiter.paused_seconds) == (8, [5], 5)
    pauses.end.set()
    await asyncio.gather(*refused)
    await limiter.throttled(5, 0)
    assert (limiter.limit, pauses.slept) == (8, [5])
    await limiter.throttled(5, 1)
    assert (limiter.limit, pauses.slept) == (4, [5, 5])


async def test_no_request_starts_during_a_pause() -> None:
    pauses = Pauses()
    limiter = Limiter(4, sleep=pauses)
    refused = asyncio.create_task(limiter.throttled(5, 0))
    await settle()
    entering = asyncio.create_task(limiter.acquire())
    await settle()
    assert not entering.done()
    pauses.end.set()
    assert await entering == 1
    await refused


async def test_a_cancelled_pause_lets_the_other_requests_start() -> None:
    limiter = Limiter(4, sleep=Pauses())
    refused = asyncio.create_task(limiter.throttled(5, 0))
    await settle()
    entering = asyncio.create_task(limiter.acquire())
    await settle()
    refused.cancel()
    with pytest.raises(asyncio.CancelledError):
        await refused
    assert await entering == 1


async def test_fast_responses_raise_the_limit_again_slowly() -> None:
    limiter = Limiter(8, sleep=lambda seconds: asyncio.sleep(0))
    await limiter.throttled(1, 0)
    assert limiter.limit == 4
    for _ in range(5):
        limiter.record_latency("GET /x", 0.01, 1)
    assert limiter.limit == 5
    for _ in range(40):
        limiter.record_latency("GET /x", 0.01, 1)
    assert limiter.limit == 8


async def test_much_slower_responses_lower_the_limit_once_a_generation() -> None:
    limiter = Limiter(10, sleep=asyncio.sleep)
    limiter.record_latency("GET /x", 0.1, 0)
    for _ in range(20):
        limiter.record_latency("GET /x", 5.0, 0)
    assert limiter.limit == 8


async def test_steady_responses_do_not_lower_the_limit_whether_slow_or_fast() -> None:
    limiter = Limiter(10, sleep=asyncio.sleep)
    for _ in range(20):
        limiter.record_latency("POST /system/bundles", 3.0, 0)
    for seconds in (0.001, *[0.3] * 20):
        limiter.record_latency("GET /x", seconds, 0)
    assert limiter.limit == 10


async def test_one_request_may_always_be_in_flight() -> None:
    limiter = Limiter(2, sleep=lambda seconds: asyncio.sleep(0))
    for generation in range(5):
        await limiter.throttled(1, generation)
    assert limiter.limit == 1
    await limiter.acquire()


async def test_the_slot_of_a_cancelled_request_goes_to_the_next_one() -> None:
    limiter = Limiter(1, sleep=asyncio.sleep)
    await limiter.acquire()
    first, second, third = (asyncio.create_task(limiter.acquire()) for _ in range(3))
    await settle()
    first.cancel()
    await settle()
    limiter.release()
    second.cancel()
    await settle()
    assert await third == 0
    for task in (first, second):
        with pytest.raises(asyncio.CancelledError):
            await task


@given(st.integers(1, 6), st.lists(st.sampled_from(["fine", "slow", "refused"]), max_size=60))
def test_the_ceiling_holds_and_no_request_waits_forever(ceiling: int, replies: list[str]) -> None:
    async def run() -> int:
        limiter = Limiter(ceiling, sleep=lambda seconds: asyncio.sleep(0))
        in_flight = most = 0

        async def request(reply: str) -> None:
            nonlocal in_flight, most
            generation = await limiter.acquire()
            in_flight += 1
            most = max(most, in_flight)
            await asyncio.sleep(0)
            limiter.record_latency("GET /x", 9.0 if reply == "slow" else 0.1, generation)
            in_flight -= 1
            limiter.release()
            if reply == "refused":
                await limiter.throttled(1, generation)

        async with asyncio.timeout(20):
            await asyncio.gather(*(request(reply) for reply in replies))
        return most

    assert asyncio.run(run()) <= ceiling
