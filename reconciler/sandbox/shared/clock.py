"""The time of a sandbox. Tests and the demo move it, so months pass in a second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that can be moved.

    With a `start` it is frozen: it stays at that time until it is moved. Without one it follows the machine's clock,
    plus the time by which it was advanced. All times have a zone and are in UTC.

    Raises:
        ValueError: a time without a zone.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._frozen: datetime | None = _utc(start) if start is not None else None
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the current time of the sandbox, in UTC."""
        if self._frozen is not None:
            return self._frozen
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        """Move the clock by an amount of time. A negative amount moves it back."""
        if self._frozen is not None:
            self._frozen += by
        else:
            self._offset += by

    def set(self, to: datetime) -> None:
        """Set the clock. A frozen clock stays frozen at the new time; a running one continues from it."""
        moment = _utc(to)
        if self._frozen is not None:
            self._frozen = moment
        else:
            self._offset = moment - datetime.now(UTC)

    def freeze(self) -> None:
        """Freeze the clock at the current time."""
        self._frozen = self.now()

    @property
    def frozen(self) -> bool:
        """Return whether the clock stays at its time until it is moved."""
        return self._frozen is not None


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"the sandbox clock needs a time with a zone, not {moment.isoformat()}: add +00:00")
    return moment.astimezone(UTC)
