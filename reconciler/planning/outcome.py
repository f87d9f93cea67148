"""The outcome of an apply: the result of each action. `applying` makes it, and `rendering` shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

from reconciler.planning.action import Record, Verb
from reconciler.planning.plan import CoverageRow, Plan

Status = Literal["done", "already", "failed", "skipped", "unknown"]


class Result(Record):
    """The result of one action."""

    address: str
    """The address of the action."""
    action: Verb
    """What the plan does to the object."""
    status: Status
    """`done`. `already`: it was as planned before this run. `failed`: ConnectWise refused the write, or stored
    something else. `skipped`: an action that it depends on failed, or the run was stopped. `unknown`: the response was
    lost, and the object could not be looked up. The next run finds out what happened, before it writes anything new."""
    id: int | None = None
    """The id of the object in ConnectWise, if it is known."""
    detail: str = ""
    """The error, or why the action was skipped."""


class Outcome(Record):
    """The results of one apply, in the order of the plan."""

    plan_digest: str
    """The `digest` of the plan that was applied."""
    results: tuple[Result, ...]
    """The result of each action."""
    interrupted: bool = False
    """Whether the run was stopped before all actions had started."""
    requests: int = 0
    """Number of requests that this run sent, including those to read the live state."""
    unaccounted: tuple[CoverageRow, ...] = ()
    """The rows of the plan's coverage that are not accounted for. If there is one, the exit code is 5."""
    currency: str | None = None
    """The currency of the amounts of these rows. Null if it is unknown."""

    def count(self, status: Status) -> int:
        """Return the number of results with this status."""
        return Counter(result.status for result in self.results)[status]

    @property
    def complete(self) -> bool:
        """Whether every action is done."""
        return all(result.status in ("done", "already") for result in self.results)


def outcome_of(plan: Plan, results: Iterable[Result], *, stopped: bool, requests: int) -> Outcome:
    """Return the outcome with results in the order of the plan. A stop after the last action interrupts nothing."""
    by_address = {result.address: result for result in results}
    found = tuple(by_address[action.address] for action in plan.actions)
    return Outcome(
        plan_digest=plan.digest,
        results=found,
        interrupted=stopped and any(result.status == "skipped" for result in found),
        requests=requests,
    )


def record_of(outcome: Outcome) -> dict[str, Any]:
    """Return what the ledger stores of an outcome: the number of actions by result, and the actions that are not done.

    The journal has each write already, so actions that are done are not stored a second time.
    """
    counts: dict[str, dict[str, int]] = {}
    for result in outcome.results:
        by_status = counts.setdefault(result.action, {})
        by_status[result.status] = by_status.get(result.status, 0) + 1
    return {
        "counts": counts,
        "not_done": [
            result.model_dump(mode="json") for result in outcome.results if result.status not in ("done", "already")
        ],
        "interrupted": outcome.interrupted,
        "requests": outcome.requests,
    }
