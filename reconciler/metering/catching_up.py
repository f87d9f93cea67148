"""Read the hours in which no run was there from the history of a source, and record each as a pull of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.errors import in_one_line
from reconciler.ledger import pulls
from reconciler.ledger.records import Pull
from reconciler.ledger.store import Ledger
from reconciler.metering.missing_hours import HOURS_PER_RUN, missing_hours, window
from reconciler.metering.wording import when

if TYPE_CHECKING:
    from reconciler.metering.sources.registry import SourceSettings

Owners = Mapping[str, str]
"""The customer id of each device in the newest believed pull, by device id."""

History = Callable[["SourceSettings", Sequence[datetime], datetime, Owners], AsyncGenerator[Pull, None] | None]
"""Read a source as it was at some moments, at the time of a run: a pull for each one, until too many have failed.

None if the source has no history.
"""


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How a run catches up: which hours it needs, and how to read a source's past."""

    timezone: str
    """The time zone in which hours are counted."""
    history: History
    month_before: bool = False
    """Whether hours of the month before can still change an addition: one that bills a single month."""

    async def add_to(
        self, live: Pull, ledger: Ledger, settings: SourceSettings, record: Callable[[Pull], Awaitable[Pull]]
    ) -> Pull:
        """Read and record the missing hours of a source, and return its whole new pull with a note about them.

        `record` decides whether a pull is believed, stores it, and returns it. A pull of the past is stored before the
        new one, so an interrupted run keeps what it has read. An hour that cannot be read is not stored: the note has
        the reason, and the next run tries again.
        """
        now = live.started_at
        missing = await asyncio.to_thread(self._missing, ledger, live)
        if not missing:
            return live
        owners = await asyncio.to_thread(_owners, ledger, live)
        past = self.history(settings, missing[:HOURS_PER_RUN], now, owners)
        if past is None:
            return live
        told = _Told(missing)
        async with aclosing(past):
            async for pull in past:
                if pull.state == "failed":
                    told.failed.append(pull)
                    continue
                stored = await record(pull)
                told.read += 1
                told.disbelieved += stored.state == "disbelieved"
        return replace(live, notes=(*live.notes, told.note()))

    def _missing(self, ledger: Ledger, live: Pull) -> tuple[datetime, ...]:
        periods = window(live.started_at, self.timezone, month_before=self.month_before)
        first = pulls.first_whole_pull_at(ledger, live.source)
        pulled = pulls.pulls_between(ledger, live.source, periods[-1].start, periods[0].end)
        return missing_hours(periods, (each.started_at for each in pulled), first, live.started_at)


def _owners(ledger: Ledger, live: Pull) -> Owners:
    last = pulls.latest_whole_pull(ledger, live.source, before=live.started_at)
    listed = [] if last is None else pulls.listed_in(ledger, last.id)
    return {device_id: customer_id for customer_id, device_id in listed if device_id is not None}


@dataclass(slots=True)
class _Told:
    """What a run tells of the missing hours."""

    missing: tuple[datetime, ...]
    read: int = 0
    disbelieved: int = 0
    failed: list[Pull] = field(default_factory=list)

    def note(self) -> str:
        """Return the note of the run: which hours were missing, and what became of them."""
        total, first, last = len(self.missing), when(self.missing[-1]), when(self.missing[0])
        hours = f"1 hour ({first})" if total == 1 else f"{total} hours (the first {first}, the last {last})"
        parts = [f"no run read {hours}: {self.read} read from the history of the console"]
        if self.disbelieved:
            parts.append(f"{self.disbelieved} of these lost too many customers or devices and are not believed")
        if self.failed:
            failure = self.failed[0]
            others = f" and {len(self.failed) - 1} more" if len(self.failed) > 1 else ""
            reason = f"that of {when(failure.started_at)}{others} could not be read: {in_one_line(failure.error or '')}"
            parts.append(f"{reason}; the next run tries again")
        elif self.read < total:
            parts.append(f"the next run reads up to {HOURS_PER_RUN} of the others")
        return "; ".join(parts)
