"""Runs and their writes as the ledger returns them. Like `records`, this module does not import SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.ledger.records import Changes, WriteState

Counts = Mapping[str, Mapping[str, int]]
"""The number of actions, by action and status."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One apply, as the ledger has it. A value that an earlier version did not record is None."""

    id: int
    plan_digest: str
    started_at: datetime
    ended_at: datetime | None
    """None while the run goes on, and if it died."""
    actor: str | None
    git_commit: str | None
    undoes: int | None
    counts: Counts
    interrupted: bool
    """Whether the run was stopped before all actions had started."""

    @property
    def complete(self) -> bool:
        """Whether the run ended, and all its actions are done."""
        statuses = {status for counts in self.counts.values() for status in counts}
        return self.ended_at is not None and not self.interrupted and statuses <= {"done", "already"}


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """One request that writes, and its answer. A value that an earlier version did not record is None."""

    id: int
    run_id: int
    address: str
    below: str | None
    """The path of the subcollection. None for a write to the object itself."""
    action: str | None
    reason: str | None
    method: str
    path: str
    sent_at: datetime
    answered_at: datetime | None
    state: WriteState
    recovered: bool
    """Whether a later run looked up the result, because its own run did not record one."""
    object_id: int | None
    error: str | None
    changes: Changes | None
    """None for a further write to a subcollection: the first one recorded the change of the whole field."""
    body: Any
    """The sent body, without secrets."""
    answer: Mapping[str, Any] | None = None
    """The values in the answer of the properties that were sent. None without an answer."""


def sent_fields(body: Any) -> dict[str, Any]:
    """Return the fields of a request's body: of an object, or by path of a list of JSON Patch operations."""
    if isinstance(body, Mapping):
        return dict(body)
    if not isinstance(body, list):
        return {}
    return {
        str(operation["path"]).strip("/"): operation.get("value")
        for operation in body
        if operation.get("op") in {"add", "replace", "remove"}
    }
