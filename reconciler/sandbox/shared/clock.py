"""The sandbox's own time: tests and the demo live through months in a second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that can be moved.

    With a `start` it stands still there until it is moved; without one it follows the machine's clock, plus
    whatever it was advanced by. All times are aware and in UTC.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._frozen: datetime | None = _utc(start) if start is not None else None
        self._offset = timedelta()

    def now(self) -> datetime:
        """The current time of the sandbox, aware, in UTC."""
        if self._frozen is not None:
            return self._frozen
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        """Move by an amount of time; backwards is allowed, as a clock set right by hand goes backwards too."""
        if self._frozen is not None:
            self._frozen += by
        else:
            self._offset += by

    def set(self, to: datetime) -> None:
        """Stand at a moment; a frozen clock stays frozen there, a running one runs on from there."""
        moment = _utc(to)
        if self._frozen is not None:
            self._frozen = moment
        else:
            self._offset = moment - datetime.now(UTC)

    def freeze(self) -> None:
        """Stop at the current time until moved."""
        self._frozen = self.now()

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still until it is moved."""
        return self._frozen is not None


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"the sandbox clock needs a time with a zone, not {moment.isoformat()}: add +00:00")
    return moment.astimezone(UTC)
