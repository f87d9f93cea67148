"""Show the outcome of an apply on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.rendering.counts import numbered
from reconciler.rendering.notes_text import most_of
from reconciler.rendering.outcome_view import gaps, not_done
from reconciler.rendering.paint import Paint, safe

STATUSES = ("done", "already", "failed", "skipped", "unknown")
"""The statuses of an action, in the order in which they are counted."""

_STYLES = {"failed": "red", "unknown": "red", "skipped": "yellow"}


def outcome_text(outcome: Mapping[str, Any], paint: Paint, *, full: bool = True) -> Iterator[str]:
    """Yield a line for each action that was not carried out, then the counts, then what is not accounted for.

    `outcome` is the outcome's JSON. Without `full`, only the first of many actions and customers are shown: failed
    actions, then those whose result is unknown, then skipped ones.
    """
    results = not_done(outcome)
    shown = most_of(results, whole=full)
    for result in results[:shown]:
        yield paint(result_line(result), _STYLES[result["status"]])
    if left := results[shown:]:
        yield paint(f"… and {_counted(left)} more; --full shows all", "red")
    yield paint(f"{counts(outcome)} {advice(outcome)}".rstrip(), "bold")
    found = gaps(outcome)
    if found:
        yield paint(f"{len(found):,} not accounted for:", "yellow")
    shown = most_of(found, whole=full)
    yield from (f"  {state:10} {safe(text)}" for state, text in found[:shown])
    if more := len(found) - shown:
        yield paint(f"  … and {numbered(more, 'more customer')}; --full shows all", "yellow")


def result_line(result: Mapping[str, Any]) -> str:
    """Return the line of one action: its status, its address, and the error or the reason."""
    return f"{result['status']:8} {safe(result['address'])}: {_indented(result['detail'])}"


def _indented(text: str) -> str:
    return "\n".join(
        safe(line) if index == 0 else f"           {safe(line)}" for index, line in enumerate(text.split("\n"))
    )


def counts(outcome: Mapping[str, Any]) -> str:
    """Return the number of results by status, such as `Applied: 42 done, 1 failed, 3 skipped.`"""
    return f"Applied: {_counted(outcome['results']) or 'nothing to do'}."


def _counted(results: Sequence[Mapping[str, Any]]) -> str:
    number = Counter(result["status"] for result in results)
    return ", ".join(f"{number[status]:,} {status}" for status in STATUSES if number[status])


def advice(outcome: Mapping[str, Any]) -> str:
    """Return what to do next. Empty if everything is done."""
    if outcome["interrupted"]:
        return "Interrupted. Run again to continue."
    if not {result["status"] for result in outcome["results"]} <= {"done", "already"}:
        return "Fix the cause and run again; completed changes are not repeated."
    return ""
