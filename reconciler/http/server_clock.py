"""How far a server's clock is from ours, as the `Date` headers of its answers show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

_RESOLUTION = timedelta(seconds=1)
"""An HTTP date names a second; the moment may lie anywhere in it."""


@dataclass(frozen=True, slots=True)
class ServerClock:
    """The server's time less ours lies within `uncertainty` of `offset`."""

    offset: timedelta
    uncertainty: timedelta

    @classmethod
    def seen(cls, date: datetime, *, sent: datetime, received: datetime) -> Self:
        """What one answer shows: `date` is its `Date`, the others our time when the request left and the answer came.

        The server wrote its date between the two.
        """
        return cls._between(date - received, date - sent + _RESOLUTION)

    def narrowed(self, newer: Self) -> Self:
        """What two answers show together. If they exclude each other, a clock was set: the newer holds."""
        low = max(self.offset - self.uncertainty, newer.offset - newer.uncertainty)
        high = min(self.offset + self.uncertainty, newer.offset + newer.uncertainty)
        return self._between(low, high) if low <= high else newer

    @property
    def least_skew(self) -> timedelta:
        """The amount that the clocks differ by at least, never negative."""
        return max(timedelta(), abs(self.offset) - self.uncertainty)

    @classmethod
    def _between(cls, low: timedelta, high: timedelta) -> Self:
        half = (high - low) / 2
        return cls(low + half, half)
