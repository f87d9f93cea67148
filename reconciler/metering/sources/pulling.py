"""What the sources share: a reading is whole, or it failed and says why."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from traceback import extract_tb

from reconciler.http.scrubbing import Secrets
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.metering.sources.errors import SourceError

Clock = Callable[[], float]
"""Seconds that only ever rise, as `time.monotonic`; for spans, never for dates."""

Sleep = Callable[[float], Awaitable[None]]

LONGEST_PULL = 45 * 60.0
"""Seconds; the next hourly run must not find this one still reading."""

LONGEST_ERROR = 20_000
"""Characters of an error that are kept."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that one whole reading found."""

    customers: tuple[Customer, ...]
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()


async def whole_or_failed(
    source: str,
    now: datetime,
    clock: Clock,
    read: Callable[[], Awaitable[Found]],
    secrets: Secrets | None = None,
    *,
    longest: float = LONGEST_PULL,
) -> Pull:
    """Run a reading that begins `now`; what goes wrong in it makes a failed pull. No secret gets into the pull."""
    began = clock()
    secrets = secrets or Secrets()
    found, error = Found((), ()), None
    try:
        async with asyncio.timeout(longest):
            found = await read()
    except SourceError as failure:
        error = str(failure)
    except TimeoutError:
        error = str(
            SourceError(
                f"the reading took longer than {longest / 60:g} minutes, and was ended",
                where=f"usage source {source}",
                advice="what was billed before is held; look at the network and at the source",
            )
        )
    except Exception as failure:  # noqa: BLE001 - one source must not stop the billing of the others
        error = str(_unforeseen(source, failure))
    return Pull(
        source=source,
        started_at=now,
        finished_at=now + timedelta(seconds=max(0.0, clock() - began)),
        state="whole" if error is None else "failed",
        customers=found.customers,
        samples=found.samples,
        error=None if error is None else secrets.scrub(error)[:LONGEST_ERROR],
        notes=tuple(secrets.scrub(note) for note in found.notes),
    )


def hidden(*values: str | None) -> Secrets:
    """Secrets that no message may show. One that is blank or no UTF-8 is never sent, and cannot come back."""
    return Secrets(value for value in values if value and value.strip() and _is_text(value))


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unforeseen(source: str, failure: Exception) -> SourceError:
    """A fault of this program, as a failed pull that names its place in the code."""
    frames = extract_tb(failure.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
    return SourceError(
        f"the reading broke off at {place}: {type(failure).__name__}: {failure}",
        where=f"usage source {source}",
        advice="this is a fault of reconciler: please report it; what was billed before is held",
    )
