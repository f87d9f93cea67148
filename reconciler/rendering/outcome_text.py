"""Show the outcome of an apply on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.rendering.paint import Paint, safe

STATUSES = ("done", "already", "failed", "skipped", "unknown")
"""The statuses of an action, in the order in which they are counted."""

_STYLES = {"failed": "red", "unknown": "red", "skipped": "yellow"}


def outcome_text(outcome: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    """Yield a line for each action that was not carried out, then the counts. `outcome` is the outcome's JSON."""
    for result in outcome["results"]:
        if result["status"] in _STYLES:
            yield paint(result_line(result), _STYLES[result["status"]])
    yield paint(counts(outcome), "bold")


def result_line(result: Mapping[str, Any]) -> str:
    """Return the line of one action: its status, its address, and the error or the reason."""
    return f"{result['status']:8} {safe(result['address'])}: {_indented(result['detail'])}"


def _indented(text: str) -> str:
    return "\n".join(
        safe(line) if index == 0 else f"           {safe(line)}" for index, line in enumerate(text.split("\n"))
    )


def counts(outcome: Mapping[str, Any]) -> str:
    """Return the last line: `Applied: 42 done, 1 failed, 3 skipped.`, with what to do next."""
    number = Counter(result["status"] for result in outcome["results"])
    counted = [f"{number[status]} {status}" for status in STATUSES if number[status]]
    text = f"Applied: {', '.join(counted) or 'nothing to do'}."
    if outcome["interrupted"]:
        text += " Interrupted. Run again to continue."
    elif not number.keys() <= {"done", "already"}:
        text += " Fix the cause and run again; completed changes are not repeated."
    return text
