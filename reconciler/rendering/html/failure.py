"""A command that failed as a page of HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.rendering.failure_view import failure_view
from reconciler.rendering.html.page_maker import page, shown_lines, shown_text
from reconciler.rendering.paint import safe


def failure_html(error: Mapping[str, Any], *, title: str = "Plan") -> str:
    """Return an error document as a page of HTML."""
    view = failure_view(error)
    values = {
        "result": view.result,
        "message": shown_text(view.message),
        "details": shown_lines([safe(line) for line in view.details]),
        "places": [
            {
                "where": shown_text(each.where),
                "message": shown_text(each.message),
                "suggestion": shown_text(each.suggestion),
                "line": shown_text(each.line),
            }
            for each in view.places
        ],
        "advice": [shown_text(line) for line in view.advice],
    }
    return page("failure", f"{title}: {view.result}", values)
