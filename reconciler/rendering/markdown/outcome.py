"""The outcome of an apply as Markdown: the counts, what was not done, what is not accounted for, what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.rendering.changes import GLYPHS
from reconciler.rendering.markdown.budget import Budget, size_of
from reconciler.rendering.markdown.escape import fence, short_text, text
from reconciler.rendering.markdown.marker import digest_text, marker
from reconciler.rendering.markdown.plan import MAX_BYTES
from reconciler.rendering.outcome_text import advice, counts
from reconciler.rendering.outcome_view import done, gaps, not_done
from reconciler.rendering.paint import LONGEST, safe, shortened

Json = Mapping[str, Any]


def outcome_markdown(outcome: Json, *, title: str = "Outcome", max_bytes: int = MAX_BYTES) -> str:
    """Return an outcome as Markdown of at most `max_bytes` bytes of UTF-8. What was not done comes first."""
    foot = [f"<sub>digest {digest_text(outcome['plan_digest'])}</sub>"]
    left_text = "**Left out here: {} lines.** `reconciler show` and the HTML report have all.\n"
    budget = Budget(max_bytes - size_of(foot) - size_of([left_text]) - 100)
    budget.write(marker(title), f"### {short_text(title, 200)}: {text(counts(outcome))}", "")
    if advice(outcome):
        budget.write(text(advice(outcome)), "")
    left = 0
    for result in not_done(outcome):
        detail = f": {text(shortened(result['detail']))}" if result["detail"] else ""
        left += not budget.write_if_room([f"- **{result['status']}** {text(shortened(result['address']))}{detail}"])
    if found := gaps(outcome):
        budget.write("", f"**Not accounted for: {len(found):,}**", "")
        left += sum(not budget.write_if_room([f"- **{state}** {text(shortened(what))}"]) for state, what in found)
    fitting: list[str] = []
    start = ["", "<details>", f"<summary>{len(done(outcome))} done</summary>", ""]
    room = (
        budget.room - size_of([*start, *fence([]), "", "</details>", ""]) - 2 * LONGEST
    )  # a fence has at most this length
    for result in done(outcome):
        line = f"{GLYPHS[result['action']]} {shortened(safe(result['address']))}"
        room -= size_of([line])
        if room < 0:
            left += 1
        else:
            fitting.append(line)
    if fitting:
        budget.write(*start, *fence(fitting), "", "</details>", "")
    if left:
        budget.write(left_text.format(f"{left:,}"))
    budget.write(*foot)
    return budget.text()
