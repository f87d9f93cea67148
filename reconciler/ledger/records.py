"""What is kept, as values: every time is an aware UTC datetime, every amount of storage an int of bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

SKEW = timedelta(minutes=5)
"""By how much a source's clock may be ahead of the run's: a sample that is dated later counts as not read."""

PullState = Literal["whole", "failed", "disbelieved"]
"""`disbelieved`: read whole, but it lost so much at once that it counts as failed until a person approves it."""
WriteState = Literal["open", "done", "failed", "unknown"]

IN_RECYCLE_BIN = "RecycleBin"
"""The state of a customer whom the backup console keeps in a recycle bin: listed, and without devices that count."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one source said one device (or one customer as a whole) used at one moment."""

    source: str
    customer_id: str
    device_id: str | None
    observed_at: datetime
    bytes: int | None
    """Used storage; None is *missing* (the source gave no figure), which is not 0."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as the source names it; the id is what counts, the name only suggests."""

    source: str
    id: str
    name: str
    attributed: bool = True
    """False for usage that belongs to no end customer, such as a reseller's own devices."""
    state: str = ""
    """The source's word for the standing of the customer, such as `InTrial` or `IN_RECYCLE_BIN`; empty: it has none."""


@dataclass(frozen=True, slots=True)
class Pull:
    """One reading of a source. A customer absent from a whole pull used nothing; from a failed one: unknown."""

    source: str
    started_at: datetime
    finished_at: datetime
    state: PullState
    customers: tuple[Customer, ...] = ()
    samples: tuple[Sample, ...] = ()
    error: str | None = None
    notes: tuple[str, ...] = ()
    """What was seen and left out on purpose, such as partners in the recycle bin, in sentences."""


@dataclass(frozen=True, slots=True)
class PullRecord:
    """A pull as the ledger remembers it: without its samples."""

    id: int
    source: str
    started_at: datetime
    finished_at: datetime
    state: PullState
    error: str | None
    notes: tuple[str, ...]
    customers: int
    samples: int
    approved_by: str | None = None
    """Who believed a pull that had lost too much, as `user@host`."""
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The last figure that a device was known to use."""

    customer_id: str
    device_id: str | None
    bytes: int
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A device of a customer (or the customer as one, without devices), as believed pulls have told of it."""

    customer_id: str
    device_id: str | None
    first_seen_at: datetime
    """Of its first sample, with a figure or without."""
    last_seen_at: datetime
    first_read_at: datetime | None
    """Of its first figure; None where it never gave one."""
    last_read_at: datetime | None
    last_bytes: int | None


@dataclass(frozen=True, slots=True)
class LastSeen:
    """When a customer last appeared in a whole pull, and what its devices used then, as far as was known."""

    customer_id: str
    observed_at: datetime
    bytes: int | None


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A customer as last seen, with the name before the latest rename."""

    customer: Customer
    previous_name: str | None
    renamed_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to be sent, and whose answer nobody has noted."""

    id: int
    run_id: int
    address: str
    method: str
    path: str
    body: Any
    natural_key: Mapping[str, Any]
    sent_at: datetime
    state: WriteState
    object_id: int | None = None
    """The object's id, where an answer gave one."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write as it went: what was sent and what ConnectWise answered, for `explain`."""

    id: int
    run_id: int
    address: str
    method: str
    path: str
    body: Any
    sent_at: datetime
    state: WriteState
    object_id: int | None
    answer: Any
    error: str | None
    answered_at: datetime | None
