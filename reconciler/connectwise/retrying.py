"""When to ask again, and how long to wait before it: numbers and pure functions; `wire` does the waiting.

A loop of our own rather than a library's: two budgets run side by side (tries for what failed, seconds for a 429,
shared by all requests under way), and the first try of each of ten thousand requests must cost nothing.
"""

from __future__ import annotations

TRIES = 4
"""Tries of a request that may be repeated, the first one included."""
LONGEST_PAUSE = 120.0
"""Seconds of one pause at most, whatever `Retry-After` says."""
LONGEST_STORM = 600.0
"""Seconds of pauses in one request's life, after which a 429 is an error."""


def backoff(tries: int, chance: float) -> float:
    """Seconds to wait after this many tries: 0.5, 1, 2 … up to 30, of which `chance` (0 to 1) takes up to a half."""
    return float(min(30.0, 0.5 * 2 ** (tries - 1)) * (1 - chance / 2))


def pause(asked: float | None, refusals: int, chance: float) -> float:
    """Seconds to wait after a 429: what was asked, capped, or else a growing wait of our own."""
    if asked is None:
        return min(LONGEST_PAUSE, 2 * backoff(refusals, chance))
    return max(capped(asked), 0.1)


def capped(asked: float | None) -> float:
    """What `Retry-After` asked for, as far as we follow; 0 when it asked for nothing."""
    return min(LONGEST_PAUSE, asked or 0.0)
