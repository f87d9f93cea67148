"""What became of a plan, action by action: the honest tally. Applying fills it in, rendering reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from reconciler.planning.plan import Plan, Record, Verb

Status = Literal["done", "already", "failed", "skipped", "unknown"]


class Result(Record):
    """One action: `done`; `already` as wanted when it was looked at; `failed`; `skipped` because of another;
    `unknown` when the answer was lost and could not be looked up."""

    address: str
    action: Verb
    status: Status
    id: int | None = None
    detail: str = ""
    """The error, or why it was skipped."""


class Outcome(Record):
    plan_digest: str
    results: tuple[Result, ...]
    interrupted: bool = False
    """Stopped before everything had begun."""
    requests: int = 0
    """All that this run has sent, the reading of its plan included."""

    def count(self, status: Status) -> int:
        return Counter(result.status for result in self.results)[status]

    @property
    def complete(self) -> bool:
        return all(result.status in ("done", "already") for result in self.results)


def outcome_of(plan: Plan, results: Iterable[Result], *, stopped: bool, requests: int) -> Outcome:
    """Results in the order of the plan. A stop that came when all was done has interrupted nothing."""
    by_address = {result.address: result for result in results}
    found = tuple(by_address[action.address] for action in plan.actions)
    return Outcome(
        plan_digest=plan.digest,
        results=found,
        interrupted=stopped and any(result.status == "skipped" for result in found),
        requests=requests,
    )
