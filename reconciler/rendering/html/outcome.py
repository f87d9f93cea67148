"""The outcome of an apply as a page of HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.rendering.changes import GLYPHS
from reconciler.rendering.html.page_maker import page, shown_lines, shown_text
from reconciler.rendering.outcome_text import advice, counts
from reconciler.rendering.outcome_view import done, gaps, not_done
from reconciler.rendering.paint import safe

Json = Mapping[str, Any]


def outcome_html(outcome: Json, *, title: str = "Outcome") -> str:
    """Return an outcome as a page of HTML. `outcome` is the JSON that `apply --json` prints."""
    values = {
        "counts": shown_text(counts(outcome)),
        "advice": shown_text(advice(outcome)),
        "not_done": [
            {
                "status": each["status"],
                "address": shown_text(each["address"]),
                "detail": shown_lines([safe(line) for line in each["detail"].split("\n")]),
            }
            for each in not_done(outcome)
        ],
        "gaps": [{"state": state, "text": shown_text(what)} for state, what in gaps(outcome)],
        "done": [shown_text(f"{GLYPHS[each['action']]} {each['address']}") for each in done(outcome)],
        "foot": shown_text(f"Digest of the plan: {outcome['plan_digest']}. {outcome['requests']} requests."),
    }
    return page("outcome", title, values)
