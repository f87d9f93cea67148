"""The customers that are not billed as measured, in a folded block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.rendering.coverage_view import reasons_of, states_text
from reconciler.rendering.markdown.budget import Budget, size_of
from reconciler.rendering.markdown.escape import text
from reconciler.rendering.paint import shortened

Json = Mapping[str, Any]

_END = ["", "</details>", ""]
_MORE = "- … and {:,} more, which `reconciler show` and the HTML report list"


def coverage_lines(plan: Json) -> tuple[str, list[str]]:
    """Return the heading of the block, and a line for each reason and each customer. No lines: no block is needed."""
    lines = list(_lines(plan))
    return (f"<b>Coverage</b> · {text(states_text(plan))}" if lines else ""), lines


def _lines(plan: Json) -> Iterator[str]:
    for reason in reasons_of(plan):
        detail = f": {text(shortened(reason.detail))}" if reason.detail else ""
        yield f"- **{text(reason.title)}**{detail}"
        yield from (f"  - {text(shortened(row))}" for row in reason.rows)


def write_coverage(heading: str, lines: list[str], budget: Budget) -> None:
    """Write the block with as many of its lines as there is room for."""
    start = ["<details>", f"<summary>{heading}</summary>", ""]
    last = _MORE.format(len(lines))
    room = budget.room - size_of([*start, last, *_END])
    fitting: list[str] = []
    for line in lines:
        room -= size_of([line])
        if room < 0:
            break
        fitting.append(line)
    if fitting:
        more = [_MORE.format(len(lines) - len(fitting))] if len(fitting) < len(lines) else []
        budget.write(*start, *fitting, *more, *_END)
