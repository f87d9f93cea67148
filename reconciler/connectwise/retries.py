"""When to retry and how long to wait before it, as constants and pure functions; `session` does the waiting.

This is not a library's retry loop, for two reasons. Two budgets run side by side: tries for failures, and seconds of
pauses for 429, which all requests in flight share. The first try of each of ten thousand requests must cost nothing.
"""

from __future__ import annotations

MAX_TRIES = 4
"""Tries of a request that is safe to repeat, including the first."""
MAX_PAUSE = 120.0
"""The longest pause in seconds, also after a longer `Retry-After`."""
MAX_THROTTLED = 600.0
"""Seconds of pauses during one request, after which a 429 becomes an error."""


def backoff(tries: int, jitter: float) -> float:
    """Return the seconds to wait after this many tries: 0.5, 1, 2 … up to 30, less up to half by `jitter` (0 to 1)."""
    return float(min(30.0, 0.5 * 2 ** (tries - 1)) * (1 - jitter / 2))


def throttle_delay(retry_after: float | None, throttled: int, jitter: float) -> float:
    """Return the seconds to wait after a 429, from `Retry-After` or else growing with the number of 429s in a row."""
    if retry_after is None:
        return min(MAX_PAUSE, 2 * backoff(throttled, jitter))
    return max(capped(retry_after), 0.1)


def capped(retry_after: float | None) -> float:
    """Return the seconds of `Retry-After`, at most `MAX_PAUSE`; 0 without one."""
    return min(MAX_PAUSE, retry_after or 0.0)
