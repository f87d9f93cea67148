"""Collect what a run shows of itself while it works. Its alerts are found in that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.alerts.facts import Job, SourceReading
from reconciler.ledger.pulls import latest_pull, latest_whole_pull
from reconciler.metering.monthly_report import report_of
from reconciler.planning.approvals import Approved
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import Plan
from reconciler.rating.meters import has_reported

if TYPE_CHECKING:
    from reconciler.cli.planning import Planned, PlanOptions
    from reconciler.cli.session import Session
    from reconciler.manifests.documents import Manifests


SendAlerts = Annotated[
    bool, typer.Option("--alert", help="Send what needs a person to the receivers of the workspace.")
]


@dataclass(slots=True)
class Watch:
    """What a run shows of itself while it works."""

    job: Job
    on: bool = True
    """False: the run sends no alerts, and nothing is collected."""
    manifests: Manifests | None = None
    """None if the run ended before its session was open."""
    plan: Plan | None = None
    """The plan of everything in the scope of the job."""
    approvals: Sequence[Approved] = ()
    outcome: Outcome | None = None
    sources: Mapping[str, SourceReading] = field(default_factory=dict)
    invoices: Mapping[str, date] = field(default_factory=dict)
    error: BaseException | None = None
    """The error that ended the run. An apply that has written reports its error by itself, and returns an exit code."""

    def opened(self, session: Session) -> None:
        """Note the manifests of the run."""
        self.manifests = session.manifests

    def planned(self, session: Session, made: Planned, approvals: Sequence[Approved] = ()) -> None:
        """Note the plan of the run, and how its sources were read. A plan of a part is not noted."""
        if self.on and not session.manifests.is_partial and not made.plan.targets:
            self.plan, self.invoices, self.approvals = made.plan, made.invoices, approvals
            self.pulled(session)

    def pulled(self, session: Session) -> None:
        """Note the newest pull of each source."""
        if self.on and session.workspace.alerts is not None:
            names = [each.name for each in session.workspace.usage]
            names += [report_of(name) for name in names if has_reported(session.manifests, name)]
            self.sources = {name: _reading(session, name) for name in names}


def job_of(plan: Plan | None, options: PlanOptions) -> Job:
    """Return the job of an apply. `plan` is that of the plan file, if there is one."""
    only = plan.only if plan else options.asked.only
    asked = plan or options
    in_part = asked.targets or asked.changed_since is not None or (plan is not None and plan.undo is not None)
    return "part" if in_part else only or "apply"


def _reading(session: Session, source: str) -> SourceReading:
    newest = latest_pull(session.ledger, source)
    if newest is None:
        return SourceReading("unread")
    believed = newest if newest.state == "whole" else latest_whole_pull(session.ledger, source)
    return SourceReading(newest.state, newest.error or "", None if believed is None else believed.started_at)
