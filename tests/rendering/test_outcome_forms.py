"""Tests of an outcome as Markdown and as HTML."""

from __future__ import annotations

import re

import pytest

from reconciler.planning.outcome import Outcome, Result
from reconciler.rendering.html.outcome import outcome_html
from reconciler.rendering.markdown.outcome import outcome_markdown
from tests.rendering.plans import HOSTILE

PART = Outcome(
    plan_digest="sha256:0",
    results=(
        Result(address="Company/acme", action="create", status="done"),
        Result(address="Contact/acme", action="create", status="skipped", detail="Agreement/acme failed"),
        Result(address="Agreement/acme", action="create", status="failed", detail="400: name is too long\nfinance/x"),
        Result(address="Product/gb", action="update", status="unknown", detail="no answer"),
    ),
)
ALL = Outcome(plan_digest="sha256:0", results=(Result(address="Company/acme", action="create", status="done"),))


def test_what_was_not_done_comes_first_failures_before_all() -> None:
    found = outcome_markdown(PART.model_dump(mode="json"))

    assert "### Outcome: Applied: 1 done, 1 failed, 1 skipped, 1 unknown." in found
    assert "Fix the cause and run again; completed changes are not repeated." in found
    order = ["**failed** Agreement/acme: 400", "**unknown** Product/gb", "**skipped** Contact/acme", "+ Company/acme"]
    assert [found.index(each) for each in order] == sorted(found.index(each) for each in order)


def test_an_outcome_without_failures_has_no_advice() -> None:
    assert "Fix the cause" not in outcome_markdown(ALL.model_dump(mode="json"))
    assert "Not done" not in outcome_html(ALL.model_dump(mode="json"))


def test_an_interrupted_outcome_says_how_to_continue() -> None:
    stopped = PART.model_copy(update={"interrupted": True}).model_dump(mode="json")

    assert "Interrupted. Run again to continue." in outcome_markdown(stopped)
    assert "Interrupted. Run again to continue." in outcome_html(stopped)


def test_an_outcome_of_nothing_has_no_blocks() -> None:
    empty = Outcome(plan_digest="sha256:0", results=()).model_dump(mode="json")

    assert "<details>" not in outcome_markdown(empty)
    assert "nothing to do" in outcome_html(empty)


def test_a_large_outcome_is_cut_and_says_what_is_left_out() -> None:
    results = [Result(address=f"Company/c{n}", action="create", status="done") for n in range(3000)]
    results += [Result(address=f"Contact/c{n}", action="create", status="failed", detail="x" * 250) for n in range(300)]
    found = outcome_markdown(Outcome(plan_digest="s", results=tuple(results)).model_dump(mode="json"), max_bytes=9000)

    assert len(found.encode()) <= 9000
    shown = found.count("- **failed**") + found.count("\n+ Company/")
    assert f"**Left out here: {3300 - shown:,} results.**" in found


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_stays_text(text: str) -> None:
    failed = Result(address=text, action="create", status="failed", detail=text)
    content = Outcome(plan_digest="s", results=(failed, failed.model_copy(update={"status": "done"})))

    markdown, html = outcome_markdown(content.model_dump(mode="json")), outcome_html(content.model_dump(mode="json"))

    outside = re.sub(r"(?ms)^(`{3,})diff\n.*?^\1$", "", markdown)
    assert outside.count("<") == 7  # those of the marker, of the block with its summary, and of the foot
    assert "<script>alert" not in html
    assert "</details>|" not in html


def test_the_page_lists_what_is_done_in_a_folded_block() -> None:
    html = outcome_html(PART.model_dump(mode="json"), title="Apply of <main>")

    assert "<title>Apply of &lt;main&gt;</title>" in html
    assert "<b>failed</b> Agreement/acme<pre>400: name is too long\nfinance/x</pre>" in html
    assert "<details><summary>1 done</summary>" in html
