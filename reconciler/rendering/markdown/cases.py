"""The results of price cases as Markdown, for the comment of a pull request: what changes, then what fails."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.rendering.cases_view import (
    EXPECTATIONS,
    Json,
    about,
    change_lines,
    heading_text,
    money_text,
    state_text,
    summary_text,
    value_text,
)
from reconciler.rendering.counts import numbered
from reconciler.rendering.markdown.budget import Budget, size_of
from reconciler.rendering.markdown.escape import text
from reconciler.rendering.markdown.marker import marker
from reconciler.rendering.markdown.plan import MAX_BYTES
from reconciler.rendering.paint import shortened

TITLE = "Price cases"
"""The heading, and what the hidden first line says, by which a pipeline finds its own comment."""
_LEFT_OUT = "**Left out here: {} cases.** `reconciler test` shows all of them."
_FEW = 5
"""If so few cases change, their differences are open."""


def cases_markdown(report: Json, *, title: str = TITLE, max_bytes: int = MAX_BYTES) -> str:
    """Return a report as Markdown of at most `max_bytes` bytes of UTF-8. It is cut between two cases."""
    budget = Budget(max_bytes - size_of([_LEFT_OUT.format("1,000,000"), ""]))
    budget.write(marker(title), f"### {text(shortened(title))}: {text(summary_text(report))}", "")
    changes = report.get("changes") or {"cases": [], "removed": []}
    if "changes" in report:
        budget.write(f"**{text(shortened(heading_text(changes)))}**", "")
    if removed := changes["removed"]:
        names = ", ".join(text(shortened(each["name"])) for each in removed[:_FEW])
        more = f" and {len(removed) - _FEW:,} more" if len(removed) > _FEW else ""
        budget.write(f"{numbered(len(removed), 'case')} removed: {names}{more}", "")
    failed = [case for case in report["cases"] if not case["passed"]]
    left = sum(not budget.write_if_room([*_failed(case), ""]) for case in failed)
    few = len(changes["cases"]) <= _FEW
    left += sum(not budget.write_if_room([*_change(case, is_open=few), ""]) for case in changes["cases"])
    if left:
        budget.write(_LEFT_OUT.format(f"{left:,}"), "")
    return budget.text()


def _failed(case: Json) -> Iterator[str]:
    outcome = case["outcome"]
    yield f"❌ **{text(shortened(case['name']))}** ({text(about(case))}, {_place(case)})"
    yield ""
    yield "| | expected | actual |"
    yield "|---|---|---|"
    for each in case["mismatches"]:
        expected, actual = (value_text(each[side], each["form"], outcome) for side in ("expected", "actual"))
        yield f"| {text(shortened(each['what']))} | {text(shortened(expected))} | {text(shortened(actual))} |"
    yield ""
    yield f"<details><summary>{text(shortened(state_text(outcome)))}</summary>"
    yield ""
    yield from (f"- {text(shortened(step))}" for step in (*outcome["trace"], *outcome["warnings"]))
    yield ""
    yield "</details>"


def _change(case: Json, *, is_open: bool) -> Iterator[str]:
    note = "; ".join(filter(None, (EXPECTATIONS[case["expectation"]], "" if case["passed"] else "it fails")))
    yield f"<details{' open' if is_open else ''}>"
    yield f"<summary>{text(shortened(case['name']))}: {text(money_text(case))}{f' ({note})' if note else ''}</summary>"
    yield ""
    yield f"{text(about(case))}, {_place(case)}"
    yield ""
    yield "| | before | after |"
    yield "|---|---|---|"
    for what, before, after in change_lines(case):
        yield f"| {text(shortened(what))} | {text(shortened(before))} | {text(shortened(after))} |"
    yield ""
    yield "</details>"


def _place(case: Json) -> str:
    return text(f"{case['file']}:{case['line']}")
