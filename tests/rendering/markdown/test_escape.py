"""Tests of text from outside in Markdown. markdown-it, which follows CommonMark, reads what we write."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.rendering.markdown.escape import fence, text
from reconciler.rendering.paint import safe
from tests.rendering.plans import HOSTILE

JOINER = "\u2060"
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
LINES = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=40), st.text("`*_~[]()<>&#@!$|:\\/-+=.0123abc \n", max_size=40)
)
REACTS = re.compile(
    r"@\w|#\d|!\d|%\w|[&$]\d|~[\w\"']|GH-\d|://|www\.\w|:(?!\d+:)[\w+-]+:|:(100|1234):|(?<![0-9a-z])(?=\d*[a-f])[0-9a-f]{7,40}(?![0-9a-z])",
    re.IGNORECASE,
)
"""What GitHub and GitLab turn into mentions, references, links and emoji."""


def shown(line: str) -> list[str]:
    """Return the text that a reader sees of one line of Markdown, and fail if anything but text is in it."""
    block, *others = MARKDOWN.parse(f"x {line}")[1:-1]
    assert block.type == "inline"
    assert not others
    found = block.children or []
    assert {token.type for token in found} <= {"text"}
    return ["".join(token.content for token in found)[1:]]


@given(LINES)
def test_a_reader_sees_the_text_from_outside_and_nothing_of_it_is_markup(value: str) -> None:
    assert shown(text(value))[0].replace(JOINER, "").split() == safe(value).replace(JOINER, "").split()


@given(LINES)
def test_text_from_outside_mentions_nobody_and_refers_to_nothing(value: str) -> None:
    found = shown(text(value))[0]
    assert not REACTS.search(found)


@given(LINES)
def test_text_from_outside_at_the_start_of_a_line_is_a_paragraph(value: str) -> None:
    types = [token.type for token in MARKDOWN.parse(text(value))]
    assert types in ([], ["paragraph_open", "inline", "paragraph_close"])
    assert not text(value).startswith("/")


@given(LINES)
def test_text_from_outside_in_an_html_element_opens_no_tag(value: str) -> None:
    assert not re.search(r"[<>]", text(value))


@given(st.lists(LINES.map(safe), max_size=4))
def test_no_line_ends_the_block_that_it_is_in(lines: list[str]) -> None:
    block = MARKDOWN.parse("\n".join([*fence(lines), "after"]))

    assert [token.type for token in block] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert block[0].content == "".join(f"{line}\n" for line in lines)
    assert block[0].info == "diff"


@pytest.mark.parametrize(
    "value",
    [
        "Alder Dental",
        "-3.63 USD",
        "Müller & Söhne",
        "18.15 USD a month (-3.63)",
        "a: b",
        'O\'Brien "IT"',
        "cove/1001001",
        "2026-11-10 18:06:22 UTC",
        "a.yaml:3:7",
        "x = y",
    ],
)
def test_plain_names_and_amounts_stay_readable_in_the_source(value: str) -> None:
    assert text(value) == value
