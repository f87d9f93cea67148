"""Take the lock of a workspace: at once, after watching an expired lock, or after waiting for the run that holds it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from reconciler.ledger import lock
from reconciler.ledger.errors import LockHeld
from reconciler.ledger.lock import HeldLock, span_text

POLL_SECONDS = 2.0
"""Seconds between two attempts while another run holds the lock."""


def steady_seconds() -> float:
    """Return seconds of a clock that also counts while the machine is suspended, if the system has one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time()


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long a run waits for the lock, and by which clock."""

    longest: timedelta
    """Zero: a lock that another run holds is an error at once."""
    sleep: Callable[[float], Awaitable[object]]
    seconds: Callable[[], float]
    tell: Callable[[str], None]
    """Called with a message before a wait."""


async def take_in_time(take: Callable[[HeldLock | None], HeldLock | None], waiting: Waiting) -> bool:
    """Take the lock with `take` (see `lock.take_lock`), and return true if this run had to wait for it.

    A message names each run that this one waits for. Raises `LockHeld` if another run holds the lock at the end.
    """
    end = waiting.seconds() + waiting.longest.total_seconds()
    waited, told = False, ""
    while True:
        held = await _held_by(take, waiting)
        if not isinstance(held, LockHeld):
            return waited or held
        left = end - waiting.seconds()
        if left <= 0:
            raise _after(held, waiting.longest) if waited else held
        if held.what != told:
            told = held.what
            waiting.tell(f"{told}; waiting for it for up to {span_text(timedelta(seconds=round(left)))}")
        waited = True
        await waiting.sleep(min(POLL_SECONDS, left))


async def _held_by(take: Callable[[HeldLock | None], HeldLock | None], waiting: Waiting) -> LockHeld | bool:
    """Take the lock, and return true if it was watched first. Return the error if another run holds it."""
    try:
        expired = take(None)
        if expired is None:
            return False
        watch = f"watching its lock for {lock.WATCH_SECONDS:.0f} seconds before taking it"
        waiting.tell(f"{lock.describe(expired)} seems to have ended; {watch}")
        await waiting.sleep(lock.WATCH_SECONDS)
        take(expired)
    except LockHeld as held:
        return held
    return True


def _after(held: LockHeld, longest: timedelta) -> LockHeld:
    """Return the error of a lock that is still held after the longest wait."""
    return LockHeld(held.what, where=held.where, advice=f"This run waited {span_text(longest)} for it. {held.advice}")
