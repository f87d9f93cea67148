"""What a run shows of itself. The causes are found in it, and in nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from reconciler.planning.approvals import Approved
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import Plan

Job = Literal["usage", "setup", "apply", "part", "drift", "pull", "coverage"]
"""The work of a run: an apply of usage, of the setup, of both or of a part; or a check of drift, sources, coverage."""

JOB_NAMES: Mapping[Job, str] = {
    "usage": "the apply of usage",
    "setup": "the apply of the setup",
    "apply": "the apply of setup and usage",
    "part": "the apply of a part",
    "drift": "the check for drift",
    "pull": "the pull of usage",
    "coverage": "the check of the coverage",
}


@dataclass(frozen=True, slots=True)
class SourceReading:
    """The newest pull of a usage source."""

    state: Literal["whole", "failed", "disbelieved", "unread"]
    """`unread`: there is no pull."""
    error: str = ""
    believed_at: datetime | None = None
    """When the last believed pull started. None without one."""


@dataclass(frozen=True, slots=True)
class RunFailure:
    """The error that ended a run."""

    kind: str
    """What sort of error it is, such as `manifest`. Two runs that fail with the same kind have the same cause."""
    message: str
    where: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """One run, seen from its end."""

    job: Job
    now: datetime
    today: date
    """In the billing time zone."""
    plan: Plan | None = None
    """The plan of everything in the scope of the job. None if none was made, or a plan of a part only."""
    approvals: Sequence[Approved] = ()
    outcome: Outcome | None = None
    """The result of an apply. None if nothing was applied."""
    failure: RunFailure | None = None
    sources: Mapping[str, SourceReading] = field(default_factory=dict)
    """By source. Empty if the run has nothing to do with usage."""
    invoices: Mapping[str, date] = field(default_factory=dict)
    """By address of a mapping: the next invoice date of its agreement, where it is known."""
    last_good: datetime | None = None
    """When the last good apply of usage ended. None if it is unknown."""

    @property
    def applies_usage(self) -> bool:
        """Return whether this run is one that bills usage."""
        return self.job in ("usage", "apply")

    @property
    def is_good(self) -> bool:
        """Return whether the run did all that it had to do. Customers that are not accounted for do not matter here."""
        return self.failure is None and (self.outcome is None or self.outcome.complete)
