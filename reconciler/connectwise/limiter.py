"""How many requests are under way at once: up to the ceiling, less when the server shows that it is too many.

The unpublished limit of ConnectWise cannot be configured, so it is felt for, as TCP feels for a line's width: each
answer adds a little room, a 429 halves it, and answers that come clearly slower than the same kind of answer did at
its best take a fifth away. A decrease counts once for all that was under way when it happened.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

SLOWER = 4.0
"""Times its best latency above which a kind of request counts as slowed down."""
SLOW_SECONDS = 0.5
"""Latency, in seconds, below which nothing counts as slow."""
_SMOOTH = 0.2


class Limiter:
    """Gives out places; its gate closes while the server has asked for a pause."""

    def __init__(self, ceiling: int, *, sleep: Callable[[float], Awaitable[object]]) -> None:
        self._ceiling = ceiling
        self._sleep = sleep
        self._room = float(ceiling)
        self._under_way = 0
        self._round = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._pause: asyncio.Event | None = None
        self._best: dict[str, float] = {}
        self._recent: dict[str, float] = {}
        self.paused = 0.0
        """Seconds of pause so far, counted once however many requests waited."""

    @property
    def room(self) -> int:
        """Requests that may be under way at once now."""
        return max(1, int(self._room))

    async def enter(self) -> int:
        """Wait for a place; gives the round, to be handed back to `slower` or `faster`."""
        while self._pause is not None or self._under_way >= self.room:
            if self._pause is not None:
                await self._pause.wait()
                continue
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake()
                raise
        self._under_way += 1
        return self._round

    def leave(self) -> None:
        """Give the place back."""
        self._under_way -= 1
        self._wake()

    def answered(self, kind: str, seconds: float, round_: int) -> None:
        """A request of this kind was answered in so many seconds: widen, or narrow when that has become slow."""
        best = self._best[kind] = min(seconds, self._best.get(kind, seconds))
        recent = self._recent.get(kind, seconds)
        recent = self._recent[kind] = recent + _SMOOTH * (seconds - recent)
        if recent > SLOW_SECONDS and recent > SLOWER * best:
            self._narrow(0.8, round_)
        elif self._room < self._ceiling:
            self._room = min(float(self._ceiling), self._room + 1 / self._room)
            self._wake()

    async def refused(self, seconds: float, round_: int) -> None:
        """A 429: halve the room and hold everything back for so many seconds.

        A pause under way is shared, and one that came after the request was sent has answered for it already.
        """
        if self._pause is not None:
            await self._pause.wait()
            return
        if round_ != self._round:
            return
        self._narrow(0.5, round_)
        pause = self._pause = asyncio.Event()
        self.paused += seconds
        try:
            await self._sleep(seconds)
        finally:
            self._pause = None
            pause.set()
            self._wake()

    def _narrow(self, factor: float, round_: int) -> None:
        if round_ == self._round:
            self._room = max(1.0, self._room * factor)
            self._round += 1

    def _wake(self) -> None:
        free = self.room - self._under_way
        while free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1
