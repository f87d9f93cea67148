"""What became of a plan, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.planning.outcome import Outcome, Result, Status
from reconciler.rendering.paint import Paint, safe

STATUSES: tuple[Status, ...] = ("done", "already", "failed", "skipped", "unknown")
_STYLES = {"failed": "red", "unknown": "red", "skipped": "yellow"}


def outcome_text(outcome: Outcome, paint: Paint) -> Iterator[str]:
    """Everything that did not go as planned, and the tally."""
    for result in outcome.results:
        if result.status in _STYLES:
            yield paint(result_line(result), _STYLES[result.status])
    yield paint(tally(outcome), "bold")


def result_line(result: Result) -> str:
    return f"{result.status:8} {safe(result.address)}: {_indented(result.detail)}"


def _indented(text: str) -> str:
    return "\n".join(
        safe(line) if index == 0 else f"           {safe(line)}" for index, line in enumerate(text.split("\n"))
    )


def tally(outcome: Outcome) -> str:
    """`Applied: 42 done, 1 failed, 3 skipped.` — nothing is rounded off, nothing left out."""
    counted = [f"{count} {status}" for status in STATUSES if (count := outcome.count(status))]
    text = f"Applied: {', '.join(counted) or 'nothing to do'}."
    if outcome.interrupted:
        text += " Interrupted: run again, and it goes on where it stopped."
    elif not outcome.complete:
        text += " Run again when the cause is mended: what is done is not done twice."
    return text
