"""What the sources share: a reading is whole, or it failed and says why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.usage.errors import SourceError

Clock = Callable[[], float]
"""Seconds that only ever rise, as `time.monotonic`; for spans, never for dates."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Found:
    """All that one whole reading found."""

    customers: tuple[Customer, ...]
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()


async def whole_or_failed(source: str, now: datetime, clock: Clock, read: Callable[[], Awaitable[Found]]) -> Pull:
    """Run a reading that begins `now`; its SourceError becomes a failed pull."""
    began = clock()
    found, error = Found((), ()), None
    try:
        found = await read()
    except SourceError as failure:
        error = str(failure)
    return Pull(
        source=source,
        started_at=now,
        finished_at=now + timedelta(seconds=max(0.0, clock() - began)),
        state="whole" if error is None else "failed",
        customers=found.customers,
        samples=found.samples,
        error=error,
        notes=found.notes,
    )


def shown(url: str) -> str:
    """An address for a message: without what may be secret in it, a user's password or a query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "its address"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if parts.scheme else parts.path


def check_encrypted(url: str, source: str) -> None:
    """Refuse to send credentials or read usage in the clear, except to this machine itself."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        what = f"is not a URL: {error}"
    else:
        if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
            return
        what = "is not encrypted" if parts.scheme == "http" else "is not an https address"
    raise SourceError(
        f"{shown(url)} {what}", where=f"usage source {source}", advice="write an address that begins with https://"
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: 127.0.0.0/8, ::1 or localhost."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
