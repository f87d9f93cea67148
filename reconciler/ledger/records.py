"""Values that the ledger stores and returns. Every time is an aware datetime in UTC; every size is in bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

SKEW = timedelta(minutes=5)
"""How far a source's clock can be ahead of ours. A sample dated later than that counts as not read."""

PullState = Literal["whole", "failed", "disbelieved"]
"""`disbelieved`: the source was read to its end, but lost so many customers or devices that the pull counts as failed
until a person approves it."""
WriteState = Literal["open", "done", "failed", "unknown"]
"""`open`: sent, or about to be sent, without an answer yet. `unknown`: the answer was lost."""

IN_RECYCLE_BIN = "RecycleBin"
"""State of a customer in the backup console's recycle bin: it is listed, and its devices do not count."""


IN_TRIAL = "InTrial"
"""State of a customer in the backup console that tries the product."""


NO_VALUES: Mapping[str, str] = MappingProxyType({})
"""The values of a sample that has only its used storage."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The used storage of one device at one time, as its source reports it."""

    source: str
    customer_id: str
    device_id: str | None
    """None if the source reports one figure for the whole customer."""
    observed_at: datetime
    bytes: int | None
    """Used storage. None means that the source gave no figure, which is not 0."""
    values: Mapping[str, str] = field(default_factory=lambda: NO_VALUES, hash=False)
    """The values of other columns that meters use. A column without a value is left out."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as a source names it. Customers are matched by id; the name is only shown."""

    source: str
    id: str
    name: str
    attributed: bool = True
    """False for usage that belongs to no end customer, such as a reseller's own devices."""
    state: str = ""
    """The source's word for the customer's state, such as `InTrial` or `IN_RECYCLE_BIN`; empty if it has none."""


@dataclass(frozen=True, slots=True)
class Pull:
    """One reading of a source.

    A customer that a whole pull does not list used nothing. After a failed pull, the usage of each customer is unknown.
    """

    source: str
    started_at: datetime
    finished_at: datetime
    state: PullState
    customers: tuple[Customer, ...] = ()
    samples: tuple[Sample, ...] = ()
    error: str | None = None
    notes: tuple[str, ...] = ()
    """Sentences about usage that was left out on purpose, such as that of customers in the recycle bin."""
    columns: tuple[str, ...] = ()
    """The columns that it read beside used storage. A sample without a value of one of them lacks it."""
    past: bool = False
    """Whether it was read from the history of the source. The states of its customers are those of a later time."""


@dataclass(frozen=True, slots=True)
class PullRecord:
    """A pull in the ledger, without its samples."""

    id: int
    source: str
    started_at: datetime
    finished_at: datetime
    state: PullState
    error: str | None
    notes: tuple[str, ...]
    customers: int
    """How many customers it listed."""
    samples: int
    """How many samples it had."""
    approved_by: str | None = None
    """Who approved a pull that was not believed, as `user@host`."""
    approved_at: datetime | None = None
    columns: tuple[str, ...] = ()
    """The columns that it read beside used storage."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The last known figure of a device."""

    customer_id: str
    device_id: str | None
    bytes: int
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class LastValues:
    """The last known values of a device, in other columns than used storage."""

    customer_id: str
    device_id: str | None
    values: Mapping[str, str]
    observed_at: datetime
    """The last pull in which all of them held."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device of a customer, or a customer without devices, as the believed pulls list it."""

    customer_id: str
    device_id: str | None
    """None if the source reports one figure for the whole customer."""
    first_seen_at: datetime
    """When its first sample was observed, with or without a figure."""
    last_seen_at: datetime
    first_read_at: datetime | None
    """When its first figure was observed; None if it never had one."""
    last_read_at: datetime | None
    last_bytes: int | None


@dataclass(frozen=True, slots=True)
class LastSeen:
    """When a customer last appeared in a whole pull, and the sum of the figures that its devices had then."""

    customer_id: str
    observed_at: datetime
    bytes: int | None
    """None if no device had a figure."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The time in which a customer was in trial, as pulls have shown it."""

    since: datetime
    """The first pull that showed it."""
    until: datetime | None = None
    """The first pull after that which showed another state. None if none did."""


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A customer as it was last seen, with its name before the latest rename."""

    customer: Customer
    previous_name: str | None
    renamed_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    trials: tuple[Trial, ...] = ()
    """The oldest first."""

    def in_trial_at(self, moment: datetime) -> bool:
        """Return whether the customer was in trial at a moment, as far as pulls have shown it."""
        if not self.trials:  # a ledger of an earlier version has no trials until its next pull
            return self.customer.state == IN_TRIAL
        return any(each.since <= moment and (each.until is None or moment < each.until) for each in self.trials)


@dataclass(frozen=True, slots=True)
class RunOrigin:
    """Where a run comes from."""

    actor: str | None = None
    """Who started it: the person that the CI system names, or `user@host`."""
    git_commit: str | None = None
    """The commit of the manifests. `+dirty` follows it if they differ from the commit."""
    undoes: int | None = None
    """The run whose changes this run puts back."""


UNKNOWN_ORIGIN = RunOrigin()

Changes = Mapping[str, Sequence[Any]]
"""The fields that a write changes, by path: (before, after) in manifest words. A secret is only a reference."""


@dataclass(frozen=True, slots=True)
class LastWrite:
    """What our successful writes left of an object."""

    object_id: int | None
    fields: Mapping[str, Any]
    """The properties that they sent, by the names of ConnectWise. Fractions are Decimals."""
    written_at: datetime
    """The time of the last one."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A write in the journal without a final answer: it is unknown whether ConnectWise carried it out."""

    id: int
    run_id: int
    address: str
    method: str
    path: str
    body: Any
    natural_key: Mapping[str, Any]
    """Fields by which the next run looks up whether the write was carried out."""
    sent_at: datetime
    state: WriteState
    object_id: int | None = None
    """The object's id, if an answer gave one."""
