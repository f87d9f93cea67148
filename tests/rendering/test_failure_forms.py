"""Tests of a command that failed, in every form."""

from __future__ import annotations

from typing import Any

import pytest
from markdown_it import MarkdownIt

from reconciler.planning.error_document import ErrorDocument
from reconciler.rendering.failure_text import failure_text
from reconciler.rendering.html.failure import failure_html
from reconciler.rendering.markdown.failure import failure_markdown
from reconciler.rendering.paint import plain
from tests.rendering.plans import HOSTILE

PLACES = [
    {
        "file": "a.yaml",
        "line": 3,
        "column": 7,
        "message": "there is no kind X",
        "suggestion": "Write Y",
        "text": "kind: X",
    },
    {"file": "b.yaml", "message": "is not UTF-8"},
]


def document(**more: Any) -> dict[str, Any]:
    values = {"code": 1, "message": "2 errors in 1 file", "where": "manifests", "advice": "Correct `diagnostics`."}
    return ErrorDocument.model_validate({**values, **more}).model_dump(mode="json")


def text(error: dict[str, Any]) -> str:
    return "\n".join(failure_text(error, plain))


def test_each_error_has_its_place_and_what_to_do() -> None:
    found = failure_markdown(document(diagnostics=PLACES), workspace="billing").replace("&#8288;", "")

    assert found.startswith("<!-- reconciler plan billing -->\n### Plan: failed\n\n**manifests: 2 errors in 1 file**\n")
    assert "- **a.yaml:3:7** there is no kind X → Write Y\n- **b.yaml** is not UTF-8\n" in found
    assert found.endswith("\nCorrect these errors.\n")
    page = failure_html(document(diagnostics=PLACES))
    assert "<b>a.yaml:3:7</b> there is no kind X<pre>kind: X</pre><p>Write Y</p>" in page
    assert "<b>b.yaml</b> is not UTF-8</ul>" in page
    assert text(document(diagnostics=PLACES)).splitlines() == [
        "failed: manifests: 2 errors in 1 file",
        "  a.yaml:3:7: there is no kind X",
        "    Write Y",
        "  b.yaml: is not UTF-8",
        "  Correct these errors.",
    ]


def test_a_single_error_is_shown_once_with_its_advice() -> None:
    error = document(message="there is no kind X", where="a.yaml:3:7", advice="Write Y", diagnostics=PLACES[:1])

    assert text(error) == "failed: a.yaml:3:7: there is no kind X\n  Write Y"
    assert failure_markdown(error).count("there is no kind X") == 1


@pytest.mark.parametrize(("code", "word"), [(1, "failed"), (3, "refused"), (130, "interrupted")])
def test_the_heading_says_how_the_command_ended(code: int, word: str) -> None:
    assert f"### Plan: {word}\n" in failure_markdown(document(code=code, where=""))
    assert f"<h1>Plan: {word}</h1>" in failure_html(document(code=code))


def test_more_lines_of_a_message_are_a_block() -> None:
    error = document(
        message="the plan is stale\nWhat moved:\n  ~ Company/acme\n```", advice="Plan again.\n  Then apply."
    )
    found = failure_markdown(error)

    assert "**manifests: the plan is stale**\n\n````text\n  What moved:\n    ~ Company/acme\n  ```\n````\n" in found
    assert found.endswith("\nPlan again.\\\nThen apply.\n")
    assert "<pre>What moved:\n" in failure_html(error)
    assert "  What moved:" in text(error)


def test_a_long_error_is_cut_and_says_so() -> None:
    many = [{**PLACES[0], "line": number} for number in range(1, 4000)]
    found = failure_markdown(document(diagnostics=many), max_bytes=5000)

    assert len(found.encode()) <= 5000
    shown = found.count("- **a.yaml")
    assert f"**Left out here: {3999 - shown:,} of the errors.**" in found


def test_a_long_message_and_a_long_advice_are_cut() -> None:
    long = document(message="stale\n" + "\n".join(f"line {n}" for n in range(2000)), advice="run this\n" * 2000)
    found = failure_markdown(long, max_bytes=3000)

    assert len(found.encode()) <= 3000
    assert "more, which the log of the command has" in found
    assert "run this" in found


@pytest.mark.parametrize("name", HOSTILE)
def test_text_from_outside_stays_text(name: str) -> None:
    place = {"file": name, "line": 1, "column": 1, "message": name, "suggestion": name, "text": name}
    error = document(message=f"{name}\n{name}", where=name, advice=name, diagnostics=[place, place])
    found = failure_markdown(error, title=name, workspace=name)

    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(found)
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in (token.children or ())}
    assert kinds <= {
        "html_block", "heading_open", "heading_close", "inline", "text", "paragraph_open", "paragraph_close",
        "strong_open", "strong_close", "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
        "fence", "hardbreak", "softbreak",
    }  # fmt: skip
    assert sum(token.type == "html_block" for token in tokens) == 1
    assert "<script>alert" not in failure_html(error, title=name)
