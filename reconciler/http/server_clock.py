"""The difference between a server's clock and this machine's, from the `Date` headers of its responses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

_RESOLUTION = timedelta(seconds=1)
"""An HTTP date has whole seconds: the server's time is somewhere within that second."""


@dataclass(frozen=True, slots=True)
class ServerClock:
    """The server's time minus this machine's time: `offset`, give or take `uncertainty`."""

    offset: timedelta
    uncertainty: timedelta

    @classmethod
    def from_response(cls, date: datetime, *, sent: datetime, received: datetime) -> Self:
        """Return the difference that one response shows.

        `date` is its `Date`. `sent` and `received` are this machine's times of the request and of the response; the
        server wrote its date between the two.
        """
        return cls._between(date - received, date - sent + _RESOLUTION)

    def combined_with(self, newer: Self) -> Self:
        """Return the difference that fits two responses. If none fits, a clock was set, and only `newer` counts."""
        low = max(self.offset - self.uncertainty, newer.offset - newer.uncertainty)
        high = min(self.offset + self.uncertainty, newer.offset + newer.uncertainty)
        return self._between(low, high) if low <= high else newer

    @property
    def minimum_skew(self) -> timedelta:
        """Return the smallest difference between the clocks that fits all responses; never negative."""
        return max(timedelta(), abs(self.offset) - self.uncertainty)

    @classmethod
    def _between(cls, low: timedelta, high: timedelta) -> Self:
        half = (high - low) / 2
        return cls(low + half, half)
