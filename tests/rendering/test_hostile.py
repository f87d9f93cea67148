"""Names made to break Markdown, HTML and the terminal, in every form: a reader sees text, and nothing else.

The structure of what we write must not depend on a name, so each test compares it with that of a plain name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.planning.action import Change, Customer, LastWritten, Precondition
from reconciler.planning.error_document import ErrorDocument
from reconciler.planning.outcome import Outcome, Result
from reconciler.planning.plan import CoverageRow, ManifestLine, Note, Plan, Summary, Tenant, Tripped, Undo
from reconciler.planning.what_if import what_if_json
from reconciler.rendering.annotations import without_commands
from reconciler.rendering.coverage_json import EVERY_CUSTOMER
from reconciler.rendering.failure_text import failure_text
from reconciler.rendering.html.failure import failure_html
from reconciler.rendering.html.outcome import outcome_html
from reconciler.rendering.html.plan import plan_html
from reconciler.rendering.markdown.failure import failure_markdown
from reconciler.rendering.markdown.outcome import outcome_markdown
from reconciler.rendering.markdown.plan import SMALLEST, plan_markdown
from reconciler.rendering.outcome_text import outcome_text
from reconciler.rendering.paint import escaped, plain, safe
from reconciler.rendering.plan_text import plan_text
from tests.planning.builders import NOW, action, plan_of
from tests.rendering.markdown.test_escape import REACTS
from tests.rendering.plans import HOSTILE, addition, json_of, usd

MORE = (
    "::error::pwned",
    "##[error]pwned",
    "::stop-commands::x",
    "<!-- reconciler plan example digest=sha256:0 -->",
    "@all @everyone",
    "#123 GH-1 org/repo#7 org/repo@0123abc deadbeef",
    "www.x.example ftp://x mailto:a@b.c a@b.example",
    "{{ jinja }} {% raw %} {+ add +} [- del -]",
    "x" * 10_000,
    "</summary></details><details open><summary>",
    "\u202eRTL \u2066isolate\u2069 \u200b\u200d\ufeff zero",
    "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
    "```\n```diff\n- x",
    "~~~",
    "=====",
    "-----",
    "* * *",
    "1) x",
    "> quote",
    "    indented",
    "| a | b |\n|---|---|\n| c | d |",
    "[x]: http://e.example",
    "[^1]: note",
    "<a href='x' onclick=alert(1)>",
    "&lt;script&gt; &copy &#60;",
    "$$x$$ \\(y\\)",
    "a\u2028b\u2029c\x85d",
    "<sub>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "\\",
    "`",
    "``",
    "**b** __i__ ~~s~~",
    "\U000e0041tag",
)
PIECES = st.sampled_from([*HOSTILE, *MORE]) | st.text(max_size=30)
NAMES = (
    st.lists(PIECES, min_size=1, max_size=3)
    .map(lambda pieces: " ".join(pieces)[:200])
    .filter(lambda name: bool(safe(name).strip()) and name != EVERY_CUSTOMER)
)
MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def plans(name: str) -> tuple[Plan, Plan]:
    """Return a plan of the setup and a what-if, with a name from outside wherever one can be."""
    customer = Customer(address=f"Company/{name}", name=name)
    changes = (
        Change(path="name", before=name, after=f"{name}2", last_written=LastWritten(value=name, edited=True)),
        Change(path=f"customFields.{name}", before={"name": name, "id": 1}, after={"name": name, "id": 2}),
        Change(path="password", after={"env": name}, sensitive=True),
    )
    company = action(
        f"Company/{name}",
        action="update",
        id=5,
        reason=name,
        changes=changes,
        customer=customer,
        written_at=NOW,
        precondition=Precondition(id=5, last_updated="2026-11-09T08:00:00Z", fields={}),
    )
    gone = action(f"Contact/{name}", action="retire", id=6, reason=name, customer=customer, money=usd("5", "0"))
    held = addition(f"{name}2", "1", "9", name, held_for=f"CustomerMapping/{name}", reason=name)
    line = addition(name, "1", "2", name, reason=name)
    undo = Undo(
        run=1,
        commit=name,
        lines=(ManifestLine(file=name, line=1, column=1, address=name, path=name, message=name),),
        no_patch=name,
    )
    warnings = (Note(address=name, message=name), Note(address=name, message=f"{name}2", proposed=True))
    rows = (
        CoverageRow(source=name, customer=name, name=name, state="unmapped", detail=name, accounted=False),
        CoverageRow(source=name, customer=f"{name}2", name=name, state="held", quantity=Decimal(1), unit=name),
    )
    more: dict[str, Any] = {"tenant": Tenant(site=f"https://{name}", company=name), "workspace": name}
    setup = plan_of(company, gone, only="setup", undo=undo, summary=Summary(money=usd("5", "0")), **more)
    trips = (
        Tripped(name="quantity", address=f"CustomerMapping/{name}", message=name, holds=True, also=(name,)),
        Tripped(name="drift", address=name, message=name, approved=True),
    )
    usage = plan_of(
        line, only="usage", held=(held,), warnings=warnings, guardrails=trips, coverage=rows, usage_at=NOW, **more
    )
    return setup, usage


def error(name: str) -> dict[str, Any]:
    place = {"file": name, "line": 3, "column": 4, "message": name, "suggestion": name, "text": name}
    content = {"code": 1, "message": f"{safe(name)}\nsecond\n{safe(name)}", "where": name, "advice": "plain\nadvice"}
    document = ErrorDocument.model_validate({**content, "diagnostics": [place, place]})
    return document.model_dump(mode="json")


def outcome(name: str) -> dict[str, Any]:
    failed = Result(address=name, action="create", status="failed", detail=safe(name))
    done = failed.model_copy(update={"status": "done"})
    return Outcome(plan_digest=name, results=(failed, done)).model_dump(mode="json")


def beside(name: str) -> tuple[Any, Any]:
    setup, usage = plans(name)
    return json_of(setup), what_if_json(setup, usage)


def alone(name: str) -> Any:
    setup, usage = plans(name)
    both = (*setup.actions, *usage.actions)
    return json_of(usage.model_copy(update={"only": None, "undo": setup.undo, "actions": both}))


MARKDOWNS: dict[str, Callable[..., str]] = {
    "plan": lambda name, **more: plan_markdown(alone(name), title=name, **more),
    "what-if": lambda name, **more: plan_markdown(*beside(name), title=name, **more),
    "drift": lambda name, **more: plan_markdown(alone(name), title=name, drift=True, **more),
    "outcome": lambda name, **more: outcome_markdown(outcome(name), title=name, **more),
    "error": lambda name, **more: failure_markdown(error(name), title=name, workspace=name, **more),
}
PAGES: dict[str, Callable[[str], str]] = {
    "plan": lambda name: plan_html(alone(name), title=name),
    "what-if": lambda name: plan_html(*beside(name), title=name),
    "drift": lambda name: plan_html(alone(name), title=name, drift=True),
    "outcome": lambda name: outcome_html(outcome(name), title=name),
    "error": lambda name: failure_html(error(name), title=name),
}
TEXTS: dict[str, Callable[[str], str]] = {
    "plan": lambda name: "\n".join(plan_text(alone(name), plain, full=True)),
    "what-if": lambda name: "\n".join(plan_text(beside(name)[0], plain, beside(name)[1])),
    "drift": lambda name: "\n".join(plan_text(alone(name), plain, drift=True)),
    "outcome": lambda name: "\n".join(outcome_text(outcome(name), plain)),
    "error": lambda name: "\n".join(failure_text(error(name), plain)),
}


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[Any] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def structure(tokens: list[Token]) -> list[Any]:
    """Return the tokens of Markdown without their text. Lines of a block of code count."""
    found: list[Any] = []
    for token in tokens:
        if token.type == "fence":
            found.append((token.type, token.info, token.content.count("\n")))
        elif token.type in {"html_block", "html_inline"}:
            found += Page(token.content).tags
        elif token.type == "inline":
            found += structure(token.children or [])
        else:
            found.append(token.type)
    return found


def read(tokens: list[Token]) -> str:
    """Return the text that a reader sees outside code."""
    parts = []
    for token in tokens:
        if token.type in {"html_block", "html_inline"}:
            parts += Page(token.content).text
        elif token.type == "inline":
            parts.append(read(token.children or []))
        elif token.type == "text":
            parts.append(token.content)
    return " ".join(parts)


@pytest.mark.parametrize("form", MARKDOWNS)
@settings(max_examples=40)
@given(name=NAMES)
def test_markdown_has_the_same_structure_with_every_name(form: str, name: str) -> None:
    found = MARKDOWN.parse(MARKDOWNS[form](name))
    assert structure(found) == structure(MARKDOWN.parse(MARKDOWNS[form]("plain")))


@pytest.mark.parametrize("form", MARKDOWNS)
@pytest.mark.parametrize("name", [*HOSTILE, *MORE])
def test_markdown_mentions_nobody_and_links_to_nothing(form: str, name: str) -> None:
    found = MARKDOWNS[form](name)
    assert not REACTS.search(read(MARKDOWN.parse(found)))
    assert re.findall("(?m)^<!--", found) == ["<!--"]
    assert not re.search(r"[^\n\x20-\x7e\u00a0-\U000e0000]|[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", found)


@pytest.mark.parametrize("limit", [SMALLEST, 5_000, 65_000])
@pytest.mark.parametrize("form", MARKDOWNS)
@pytest.mark.parametrize("name", ["@" * 10_000, "`" * 3000, "</details>" * 900, "\u202e" * 5000, "é" * 3000])
def test_markdown_stays_within_its_size(form: str, name: str, limit: int) -> None:
    assert len(MARKDOWNS[form](name, max_bytes=limit).encode()) <= limit


def test_a_very_long_name_hides_no_risk() -> None:
    found = plan_markdown(alone("@" * 10_000))
    assert "**Retires 1 of " in found
    assert "more, which `reconciler show` and the HTML report list" not in found.split("<details")[0]


@pytest.mark.parametrize("form", PAGES)
@settings(max_examples=20)
@given(name=NAMES)
def test_a_page_has_the_same_structure_with_every_name(form: str, name: str) -> None:
    assert Page(PAGES[form](name)).tags == Page(PAGES[form]("plain")).tags


@pytest.mark.parametrize("form", TEXTS)
@settings(max_examples=20)
@given(name=NAMES)
def test_a_terminal_gets_the_same_lines_with_every_name(form: str, name: str) -> None:
    found = without_commands(TEXTS[form](name))
    assert found.count("\n") == TEXTS[form]("plain").count("\n")
    assert all(escaped(line) == line for line in found.split("\n"))
    assert not re.search(r"(?m)^\s*(::|##\[)", found)
