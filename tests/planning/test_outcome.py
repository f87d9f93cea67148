"""The outcome of an apply."""

from __future__ import annotations

from reconciler.planning.outcome import Result, Status, outcome_of
from tests.planning.builders import action, plan_of

ADDRESSES = ("Product/a", "Product/b", "Product/c")
PLAN = plan_of(*map(action, ADDRESSES))


def results(*statuses: Status) -> list[Result]:
    return [
        Result(address=address, action="create", status=status)
        for address, status in zip(ADDRESSES, statuses, strict=True)
    ]


def test_results_are_in_the_order_of_the_plan() -> None:
    found = outcome_of(PLAN, reversed(results("done", "failed", "skipped")), stopped=False, requests=7)
    assert [result.address for result in found.results] == list(ADDRESSES)
    assert (found.plan_digest, found.requests) == (PLAN.digest, 7)


def test_each_status_is_counted() -> None:
    found = outcome_of(PLAN, results("done", "failed", "done"), stopped=False, requests=0)
    assert (found.count("done"), found.count("failed"), found.count("unknown")) == (2, 1, 0)


def test_an_outcome_is_complete_when_every_action_is_done() -> None:
    assert outcome_of(PLAN, results("done", "already", "done"), stopped=False, requests=0).complete
    assert not outcome_of(PLAN, results("done", "unknown", "done"), stopped=False, requests=0).complete


def test_a_stop_after_the_last_action_interrupts_nothing() -> None:
    assert not outcome_of(PLAN, results("done", "done", "failed"), stopped=True, requests=0).interrupted
    assert outcome_of(PLAN, results("done", "skipped", "skipped"), stopped=True, requests=0).interrupted
    assert not outcome_of(PLAN, results("failed", "skipped", "done"), stopped=False, requests=0).interrupted
