"""Causes in runs themselves: a run that failed or ended in part, and hours in which none was good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from reconciler.alerts.cause import Cause, Member
from reconciler.alerts.facts import JOB_NAMES, Facts, Job
from reconciler.planning.approvals import unapproved_trips
from reconciler.rendering.counts import numbered

REFUSED = "refused"
"""The kind of a run that was refused for another reason than those that have a kind of their own."""
NOT_RUN = "not-run"
SAY_NOTHING_OF_USAGE: tuple[Job, ...] = ("setup", "part")
_HOUR = timedelta(hours=1)

_KINDS: Mapping[str, str] = {
    "connectwise": "ConnectWise does not answer as it should",
    "login": "ConnectWise refuses the login",
    "manifest": "the manifests have errors",
    "secret": "a secret is missing",
    "ledger": "the ledger cannot be used",
    "lock": "another apply holds the lock",
    "clock": "the clock is wrong",
    "stale": "what the plan was based on has changed",
    "plan": "no plan can be made",
    "stopped": "it was stopped while it wrote",
    REFUSED: "it was refused",
}
_AGAIN: Mapping[Job, str] = {
    "usage": "reconciler apply --only usage --auto-approve",
    "setup": "reconciler apply --only setup",
    "apply": "reconciler apply",
    "part": "reconciler apply",
    "drift": "reconciler plan --alert",
    "pull": "reconciler usage pull --alert",
    "coverage": "reconciler usage coverage --alert",
}


def run_causes(facts: Facts) -> Iterator[Cause]:
    """Yield a cause if the run failed or ended in part.

    A guardrail that refuses the run has a cause of its own (`limits`).
    """
    name, failure = JOB_NAMES[facts.job], facts.failure
    again = f"run: {_AGAIN[facts.job]}"
    if failure is not None:
        by_guardrail = facts.plan is not None and unapproved_trips(facts.plan, facts.approvals)
        if failure.kind == REFUSED and by_guardrail:
            return
        reason = _KINDS.get(failure.kind, "there was an error")
        yield Cause(
            key=f"run:{facts.job}:{failure.kind}",
            event="run",
            title=f"{name} failed: {reason}",
            subject=f"{name} fails: {reason}",
            advice=failure.advice or f"Correct the cause, then {again}",
            why=f"{failure.where}: {failure.message}" if failure.where else failure.message,
        )
    elif facts.outcome is not None and not facts.outcome.complete:
        results = [each for each in facts.outcome.results if each.status not in ("done", "already")]
        yield Cause(
            key=f"run:{facts.job}:partial",
            event="run",
            title=f"{name} ended in part: {numbered(len(results), 'change')} not made",
            subject=f"{name} ends in part",
            advice=f"Correct the cause, then {again}. Completed changes are not repeated",
            members=tuple(Member(id=each.address, label=f"{each.address} ({each.status})") for each in results),
            members_are="Changes",
            why=next((each.detail for each in results if each.status == "failed"), ""),
        )


def not_run_causes(facts: Facts, limit: int) -> Iterator[Cause]:
    """Yield a cause if the last good apply of usage is more than `limit` hours ago.

    A run that never comes cannot tell: that is what a heartbeat is for. A run that comes late, or fails, can. So can a
    check, such as the one for drift.
    """
    if facts.job in SAY_NOTHING_OF_USAGE or facts.last_good is None or facts.now - facts.last_good <= limit * _HOUR:
        return
    hours = int((facts.now - facts.last_good) / _HOUR)
    yield Cause(
        key=NOT_RUN,
        event="not-run",
        title=f"no good run of usage for {numbered(hours, 'hour')}",
        subject="hours without a good run of usage",
        advice=f"Check what starts the hourly job: {_AGAIN['usage']}",
        why="Quantities were not updated in these hours",
        since=facts.last_good,
    )
