"""Tests of an outcome as Markdown and as HTML."""

from __future__ import annotations

import html
import re

import pytest

from reconciler.planning.outcome import Outcome, Result
from reconciler.planning.plan import CoverageRow
from reconciler.rendering.html.outcome import outcome_html
from reconciler.rendering.markdown.outcome import outcome_markdown
from reconciler.rendering.outcome_text import outcome_text
from reconciler.rendering.paint import plain
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
    assert f"**Left out here: {3300 - shown:,} lines.**" in found


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


def row(customer: str, state: str, **more: object) -> CoverageRow:
    return CoverageRow.model_validate(
        {"source": "cove", "customer": customer, "name": "", "state": state, "accounted": False, **more}
    )


GAPS = ALL.model_copy(
    update={
        "currency": "USD",
        "unaccounted": (
            row("1", "unmapped", name="Fir <b>", quantity="120", unit="GB", money="18.15", detail="no mapping"),
            row("2", "held", detail="guardrail quantity"),
        ),
    }
).model_dump(mode="json")


def test_what_is_not_accounted_for_is_listed_with_its_usage_its_amount_and_the_reason() -> None:
    lines = [*outcome_text(GAPS, plain)]

    assert lines == [
        "Applied: 1 done.",
        "2 not accounted for:",
        "  unmapped   cove/1 Fir <b>: 120 GB, 18.15 USD a month: no mapping",
        "  held       cove/2: guardrail quantity",
    ]
    found = outcome_markdown(GAPS)
    assert "**Not accounted for: 2**" in found
    assert "- **held** cove/2: guardrail quantity" in html.unescape(found).replace("\u2060", "")
    assert "<b>" not in found
    page = outcome_html(GAPS)
    assert "<h2 id=gaps>Not accounted for</h2>" in page
    assert "Fir &lt;b&gt;" in page


def test_a_source_that_cannot_be_read_is_one_gap() -> None:
    rows = (row("*", "unknown", detail="cove: 503"), row("1", "unknown"))
    failed = ALL.model_copy(update={"unaccounted": rows}).model_dump(mode="json")

    assert [*outcome_text(failed, plain)][1:] == [
        "1 not accounted for:", "  unknown    all customers of cove: cove: 503",
    ]  # fmt: skip


def test_an_outcome_of_an_earlier_version_has_no_gaps() -> None:
    old = {name: value for name, value in GAPS.items() if name not in ("unaccounted", "currency")}

    assert "Not accounted for" not in outcome_markdown(old)
    assert "gaps" not in outcome_html(old)


def test_many_gaps_are_cut() -> None:
    # the one action that is done does not fit either
    many = ALL.model_copy(update={"unaccounted": tuple(row(str(n), "unmapped") for n in range(500))})
    found = outcome_markdown(many.model_dump(mode="json"), max_bytes=3000)

    assert len(found.encode()) <= 3000
    assert f"Left out here: {501 - found.count('- **unmapped**')} lines" in found
