"""Show the outcome of an apply on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.rendering.outcome_view import gaps
from reconciler.rendering.paint import Paint, safe

STATUSES = ("done", "already", "failed", "skipped", "unknown")
"""The statuses of an action, in the order in which they are counted."""

_STYLES = {"failed": "red", "unknown": "red", "skipped": "yellow"}


def outcome_text(outcome: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    """Yield a line for each action that was not carried out, then the counts, then what is not accounted for.

    `outcome` is the outcome's JSON.
    """
    for result in outcome["results"]:
        if result["status"] in _STYLES:
            yield paint(result_line(result), _STYLES[result["status"]])
    yield paint(f"{counts(outcome)} {advice(outcome)}".rstrip(), "bold")
    found = gaps(outcome)
    if found:
        yield paint(f"{len(found)} not accounted for:", "yellow")
    yield from (f"  {state:10} {safe(text)}" for state, text in found)


def result_line(result: Mapping[str, Any]) -> str:
    """Return the line of one action: its status, its address, and the error or the reason."""
    return f"{result['status']:8} {safe(result['address'])}: {_indented(result['detail'])}"


def _indented(text: str) -> str:
    return "\n".join(
        safe(line) if index == 0 else f"           {safe(line)}" for index, line in enumerate(text.split("\n"))
    )


def counts(outcome: Mapping[str, Any]) -> str:
    """Return the number of results by status, such as `Applied: 42 done, 1 failed, 3 skipped.`"""
    number = Counter(result["status"] for result in outcome["results"])
    counted = [f"{number[status]} {status}" for status in STATUSES if number[status]]
    return f"Applied: {', '.join(counted) or 'nothing to do'}."


def advice(outcome: Mapping[str, Any]) -> str:
    """Return what to do next. Empty if everything is done."""
    if outcome["interrupted"]:
        return "Interrupted. Run again to continue."
    if not {result["status"] for result in outcome["results"]} <= {"done", "already"}:
        return "Fix the cause and run again; completed changes are not repeated."
    return ""
