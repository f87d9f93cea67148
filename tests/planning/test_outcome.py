"""The tally."""

from __future__ import annotations

from reconciler.planning.outcome import Outcome, Result, Status, outcome_of
from tests.applying.builders import action, plan

PLAN = plan(action("Company/a"), action("Company/b"))


def outcome(first: Status, second: Status, *, stopped: bool = False) -> Outcome:
    results = [
        Result(address="Company/b", action="create", status=second),
        Result(address="Company/a", action="create", status=first),
    ]
    return outcome_of(PLAN, results, stopped=stopped, requests=7)


def test_results_stand_in_the_order_of_the_plan() -> None:
    assert [result.address for result in outcome("done", "done").results] == ["Company/a", "Company/b"]


def test_done_and_already_done_are_complete_and_everything_else_is_not() -> None:
    assert outcome("done", "already").complete
    assert not any(outcome("done", status).complete for status in ("failed", "skipped", "unknown"))


def test_each_status_is_counted() -> None:
    assert (outcome("failed", "skipped").count("failed"), outcome("failed", "skipped").count("done")) == (1, 0)


def test_a_stop_that_came_when_all_was_done_has_interrupted_nothing() -> None:
    assert not outcome("done", "done", stopped=True).interrupted
    assert outcome("done", "skipped", stopped=True).interrupted


def test_it_belongs_to_its_plan() -> None:
    assert (outcome("done", "done").plan_digest, outcome("done", "done").requests) == (PLAN.digest, 7)
