"""Limits how many requests are in flight at once, and lowers the limit when the server is overloaded.

ConnectWise does not publish its rate limit. So the limiter probes for it, as TCP does for bandwidth: each response
raises the limit a little, a 429 halves it, and responses much slower than the fastest of the same route lower it by a
fifth. One decrease counts for all requests that were in flight when it happened.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

SLOWDOWN = 4.0
"""A route is slow when its recent latency is more than this many times its best latency."""
SLOW_SECONDS = 0.5
"""Seconds of latency below which no route is slow."""
_SMOOTHING = 0.2


class Limiter:
    """Gives out the slots for requests in flight, and none while the server has asked for a pause."""

    def __init__(self, ceiling: int, *, sleep: Callable[[float], Awaitable[object]]) -> None:
        self._ceiling = ceiling
        self._sleep = sleep
        self._exact_limit = float(ceiling)
        self._in_flight = 0
        self._generation = 0
        """How many times the limit was lowered."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._pause: asyncio.Event | None = None
        self._best: dict[str, float] = {}
        self._recent: dict[str, float] = {}
        self.paused_seconds = 0.0
        """Seconds of all pauses so far; a pause counts once, however many requests waited for it."""

    @property
    def limit(self) -> int:
        """Return the number of requests that may be in flight now, at least 1."""
        return max(1, int(self._exact_limit))

    async def acquire(self) -> int:
        """Wait for a slot. Returns the generation to pass to `record_latency` or `throttled`."""
        while self._pause is not None or self._in_flight >= self.limit:
            if self._pause is not None:
                await self._pause.wait()
                continue
            slot: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(slot)
            try:
                await slot
            except asyncio.CancelledError:
                if slot.done() and not slot.cancelled():
                    self._wake()
                raise
        self._in_flight += 1
        return self._generation

    def release(self) -> None:
        """Give the slot back."""
        self._in_flight -= 1
        self._wake()

    def record_latency(self, route: str, seconds: float, generation: int) -> None:
        """Record that a request of this route took so many seconds; raises the limit, or lowers it for a slow route."""
        best = self._best[route] = min(seconds, self._best.get(route, seconds))
        recent = self._recent.get(route, seconds)
        recent = self._recent[route] = recent + _SMOOTHING * (seconds - recent)
        if recent > SLOW_SECONDS and recent > SLOWDOWN * best:
            self._lower(0.8, generation)
        elif self._exact_limit < self._ceiling:
            self._exact_limit = min(float(self._ceiling), self._exact_limit + 1 / self._exact_limit)
            self._wake()

    async def throttled(self, seconds: float, generation: int) -> None:
        """Halve the limit after a 429, and start no request for so many seconds.

        Where a pause is on already, wait for its end only. Where the limit was lowered after the request was sent, do
        nothing: that decrease counts for this request, too.
        """
        if self._pause is not None:
            await self._pause.wait()
            return
        if generation != self._generation:
            return
        self._lower(0.5, generation)
        pause = self._pause = asyncio.Event()
        self.paused_seconds += seconds
        try:
            await self._sleep(seconds)
        finally:
            self._pause = None
            pause.set()
            self._wake()

    def _lower(self, factor: float, generation: int) -> None:
        if generation == self._generation:
            self._exact_limit = max(1.0, self._exact_limit * factor)
            self._generation += 1

    def _wake(self) -> None:
        free = self.limit - self._in_flight
        while free > 0 and self._waiting:
            slot = self._waiting.popleft()
            if not slot.done():
                slot.set_result(None)
                free -= 1
