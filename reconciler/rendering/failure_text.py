"""Show on the terminal why a command failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.rendering.failure_view import failure_view
from reconciler.rendering.paint import Paint, safe


def failure_text(error: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    """Yield the lines of an error document: what happened, each place, the advice."""
    view = failure_view(error)
    yield paint(f"{view.result}: {safe(view.message)}", "red")
    yield from (f"  {safe(line)}" for line in view.details)
    for place in view.places:
        yield f"  {safe(place.where)}: {safe(place.message)}"
        if place.suggestion:
            yield f"    {safe(place.suggestion)}"
    yield from (f"  {safe(line)}" for line in view.advice)
