"""Show the results of price cases on the terminal: what failed, side by side, and what a change does to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.rendering.cases_view import (
    EXPECTATIONS,
    Json,
    about,
    change_lines,
    heading_text,
    line_text,
    money_text,
    others_text,
    state_text,
    summary_text,
    value_text,
)
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import Paint, safe
from reconciler.rendering.tables import WIDTH, table


def cases_text(report: Json, paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the lines of a report, without line ends. `report` is the document of `test --json`."""
    for case in report.get("accepted", ()):
        yield from _accepted(case, paint)
    for case in report["cases"]:
        if not case["passed"]:
            yield from _failed(case, paint, width)
            yield ""
    if changes := report.get("changes"):
        yield from changes_text(changes, paint)
        yield ""
    if others := others_text(report):
        yield safe(others)
    yield paint(summary_text(report), "red" if report["summary"]["failed"] else "bold")


def _accepted(case: Json, paint: Paint) -> Iterator[str]:
    """Yield a case with the expectations that were replaced."""
    outcome = case["outcome"]
    yield paint(f"ACCEPTED {safe(_title(case))}", "yellow")
    for each in case["mismatches"]:
        expected, actual = (value_text(each[side], each["form"], outcome) for side in ("expected", "actual"))
        yield f"  {safe(each['what'])}: {safe(expected)} → {safe(actual)}"


def _failed(case: Json, paint: Paint, width: int) -> Iterator[str]:
    outcome = case["outcome"]
    yield paint(f"FAILED {safe(_title(case))}", "red")
    columns = (("", "left"), ("expected", "left"), ("actual", "left"), ("", "whole"))
    rows = [
        [
            each["what"],
            value_text(each["expected"], each["form"], outcome),
            value_text(each["actual"], each["form"], outcome),
            f"{case['file']}:{each['line']}:{each['column']}",
        ]
        for each in case["mismatches"]
    ]
    yield from _indented(table(columns, rows, width - 2))
    yield f"  state      {safe(state_text(outcome))}"
    yield from _list("lines", [line_text(line, outcome) for line in outcome["lines"]] or ["none"])
    yield from _list("trace", outcome["trace"])
    yield from _list("warnings", outcome["warnings"])


def _title(case: Json) -> str:
    return f"{case['file']}:{case['line']}:{case['column']} {case['name']} ({about(case)})"


def _list(title: str, entries: Any) -> Iterator[str]:
    for index, entry in enumerate(entries):
        yield f"  {'' if index else title:<10} {safe(entry)}"


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}".rstrip() for line in lines)


def changes_text(changes: Json, paint: Paint) -> Iterator[str]:
    """Yield what a change of the manifests does to the cases."""
    yield paint(safe(heading_text(changes)), "bold")
    for case in changes["cases"]:
        more = EXPECTATIONS[case["expectation"]]
        note = "; ".join(filter(None, (more, "" if case["passed"] else "it fails")))
        yield f"  {safe(_title(case))}{f'; {note}' if note else ''}"
        for what, before, after in change_lines(case):
            yield f"    {safe(what)}: {safe(before)} → {safe(after)}"
        yield f"    money: {money_text(case)}"
    if changes["removed"]:
        names = ", ".join(f"{each['file']}: {each['name']}" for each in changes["removed"])
        yield f"{numbered(len(changes['removed']), 'case')} removed: {safe(names)}"
