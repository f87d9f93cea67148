"""Run the pull of any source, and turn an error into a failed pull."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from traceback import extract_tb

from reconciler.http.scrubbing import Secrets
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.metering.sources.errors import HELD, SourceError

Clock = Callable[[], float]
"""Return seconds that never go back, like `time.monotonic`. Use it for durations, not for dates."""

Sleep = Callable[[float], Awaitable[None]]
"""Wait for a number of seconds, like `asyncio.sleep`."""

LONGEST_PULL = 45 * 60.0
"""The longest pull in seconds. It is shorter than an hour, so that it ends before the next hourly run."""

LONGEST_ERROR = 20_000
"""The most characters of an error that the ledger keeps."""


@dataclass(frozen=True, slots=True)
class SourceData:
    """The customers, samples and notes of one complete pull."""

    customers: tuple[Customer, ...]
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    """The columns that were read beside used storage."""


async def run_pull(
    source: str,
    now: datetime,
    clock: Clock,
    read: Callable[[], Awaitable[SourceData]],
    secrets: Secrets | None = None,
    *,
    longest: float = LONGEST_PULL,
) -> Pull:
    """Run `read` and return its data as a pull that started at `now`. An error in `read` makes it a failed pull.

    `longest` is a time limit in seconds. `secrets` are removed from the error and from the notes.
    """
    began = clock()
    secrets = secrets or Secrets()
    data, error = SourceData((), ()), None
    try:
        async with asyncio.timeout(longest):
            data = await read()
    except SourceError as failure:
        error = str(failure)
    except TimeoutError:
        error = str(
            SourceError(
                f"the pull took longer than {longest / 60:g} minutes, so it was stopped",
                where=f"usage source {source}",
                advice=f"check the network and the source; {HELD}",
            )
        )
    except Exception as failure:  # noqa: BLE001 - one source must not stop the others
        error = str(_bug(source, failure))
    return Pull(
        source=source,
        started_at=now,
        finished_at=now + timedelta(seconds=max(0.0, clock() - began)),
        state="whole" if error is None else "failed",
        customers=data.customers,
        samples=data.samples,
        error=None if error is None else secrets.scrub(error)[:LONGEST_ERROR],
        notes=tuple(secrets.scrub(note) for note in data.notes),
        columns=data.columns,
    )


def secrets_of(*values: str | None) -> Secrets:
    """Return the secrets of a source, so that they can be removed from messages.

    Blank values and values that are not UTF-8 are skipped, because they are never sent.
    """
    return Secrets(value for value in values if value and value.strip() and _is_text(value))


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bug(source: str, failure: Exception) -> SourceError:
    """Return the error for a bug in this program, with its place in the code."""
    frames = extract_tb(failure.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
    return SourceError(
        f"the pull failed at {place}: {type(failure).__name__}: {failure}",
        where=f"usage source {source}",
        advice=f"this is a bug in reconciler, please report it; {HELD}",
    )
