"""Tests of an outcome as `apply` prints it."""

from __future__ import annotations

from typing import Any

from reconciler.planning.outcome import Outcome, Result, Status
from reconciler.planning.plan import CoverageRow
from reconciler.rendering.outcome_text import outcome_text
from reconciler.rendering.paint import plain


def outcome(*statuses: Status, **more: Any) -> Outcome:
    results = tuple(
        Result(address=f"Product/p{number}", action="create", status=status, detail="why" if status != "done" else "")
        for number, status in enumerate(statuses)
    )
    return Outcome(plan_digest="sha256:0", results=results, **more)


def text(found: Outcome) -> list[str]:
    return [*outcome_text(found.model_dump(mode="json"), plain)]


def test_completed_actions_are_only_counted() -> None:
    assert text(outcome("done", "done", "already")) == ["Applied: 2 done, 1 already."]


def test_other_actions_are_listed_with_their_reason() -> None:
    assert text(outcome("done", "failed", "skipped", "unknown")) == [
        "failed   Product/p1: why",
        "unknown  Product/p3: why",
        "skipped  Product/p2: why",
        "Applied: 1 done, 1 failed, 1 skipped, 1 unknown. "
        "Fix the cause and run again; completed changes are not repeated.",
    ]


def test_failed_actions_come_first() -> None:
    found = text(outcome("skipped", "unknown", "failed"))
    assert [line.split()[0] for line in found[:3]] == ["failed", "unknown", "skipped"]


def test_many_actions_and_customers_are_cut_unless_all_is_asked_for() -> None:
    rows = [CoverageRow(source="cove", customer=str(n), name="A", state="held", accounted=False) for n in range(70)]
    many = outcome(*["skipped"] * 1000, *["failed"] * 20, unaccounted=tuple(rows)).model_dump(mode="json")
    cut, full = (list(outcome_text(many, plain, full=full)) for full in (False, True))

    assert cut[30] == "… and 990 skipped more; --full shows all"
    assert cut[31].startswith("Applied: 20 failed, 1,000 skipped.")
    assert cut[-1] == "  … and 40 more customers; --full shows all"
    assert (len(cut), len(full)) == (64, 1092)


def test_an_interrupted_run_says_how_to_continue() -> None:
    (_, tally) = text(outcome("done", "skipped", interrupted=True))
    assert tally == "Applied: 1 done, 1 skipped. Interrupted. Run again to continue."


def test_an_outcome_without_actions_says_so() -> None:
    assert text(outcome()) == ["Applied: nothing to do."]


def test_an_error_of_several_lines_is_indented_and_harmless() -> None:
    result = Result(address="Product/\x1bp", action="create", status="failed", detail="first\x1b\nsecond")
    assert text(Outcome(plan_digest="x", results=(result,)))[0] == (
        "failed   Product/\\u001bp: first\\u001b\n           second"
    )
