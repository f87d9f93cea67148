"""A command that failed as Markdown: what happened, then each place, then the advice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.rendering.counts import numbered
from reconciler.rendering.failure_view import Place, failure_view
from reconciler.rendering.markdown.budget import Budget, size_of
from reconciler.rendering.markdown.escape import fence, short_text, text
from reconciler.rendering.markdown.marker import marker
from reconciler.rendering.markdown.plan import MAX_BYTES
from reconciler.rendering.paint import safe, shortened

_FOR_ADVICE = 4
"""The advice takes at most a quarter of the limit."""


def failure_markdown(
    error: Mapping[str, Any], *, title: str = "Plan", workspace: str = "", max_bytes: int = MAX_BYTES
) -> str:
    """Return an error document as Markdown of at most `max_bytes` bytes of UTF-8.

    With the title and the workspace of a plan, its first line begins like that of the plan, so that a pipeline puts it
    in place of the plan.
    """
    view = failure_view(error)
    advice = [text(shortened(line)) for line in view.advice]
    while size_of(advice) > max_bytes // _FOR_ADVICE:
        advice.pop()
    left_text = "**Left out here: {} of the errors.**"
    budget = Budget(max_bytes - size_of([*advice, "", left_text, "", ""]) - 50)
    budget.write(marker(title, workspace), f"### {short_text(title, 200)}: {view.result}", "")
    budget.write(f"**{short_text(view.message, 800)}**", "")
    if view.details:
        _write_block([f"  {safe(line)}" for line in view.details], budget)
    left = sum(not budget.write_if_room([_line(place)]) for place in view.places)
    if view.places:
        budget.write("")
    if left:
        budget.write(left_text.format(f"{left:,}"), "")
    budget.write(*(f"{line}\\" for line in advice[:-1]), *advice[-1:])
    return budget.text()


def _line(place: Place) -> str:
    suggestion = f" → {text(shortened(place.suggestion))}" if place.suggestion else ""
    return f"- **{text(shortened(place.where))}** {text(shortened(place.message))}{suggestion}"


def _write_block(lines: list[str], budget: Budget) -> None:
    """Write lines as a block, as many as there is room for."""
    shown = [shortened(line) for line in lines]
    kept, end = shown, [""]
    while kept and not budget.write_if_room([*fence(kept, "text"), *end]):
        kept = kept[: len(kept) // 2]
        end = [f"… and {numbered(len(shown) - len(kept), 'line')} more, which the log of the command has", ""]
