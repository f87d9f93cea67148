"""Show a closed month on the terminal, and what keeps a month from being closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import Paint, safe
from reconciler.rendering.tables import WIDTH
from reconciler.rendering.times import time_text
from reconciler.rendering.true_up_text import true_up_text

Json = Mapping[str, Any]


def close_text(found: Json, paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield a closed month. `found` is what `usage close --json` prints."""
    newest = found["closes"][-1]
    who = f"by {newest['closed_by']} at {time_text(newest['closed_at'])}"
    if found["changed"]:
        yield paint(safe(f"Closed {found['period']} {who}."), "bold")
    else:
        yield safe(f"{found['period']} is closed already, {who}. Nothing changes.")
    customers = {each["customer"] for each in found["charges"]}
    total = amount_text(Decimal(found["billed"]), found["currency"])
    yield f"{numbered(len(found['charges']), 'charge')} of {numbered(len(customers), 'customer')}, {total} billed."
    for each in found["accepted"]:
        yield safe(f"Left out, {each['address']}: {each['what']} ({each['reason']})")
    for each in found["left_open"]:
        yield paint(safe(f"Left open, {each['address']}: {each['what']} ({each['reason']})"), "yellow")
    for each in found["true_up"]:
        yield ""
        yield from true_up_text(each, found["currency"], paint, width)


def closed_line(close: Json) -> str:
    """Return who closed a month when, with the first characters of the digest of its samples."""
    return safe(f"Closed {time_text(close['closed_at'])} by {close['closed_by']}, samples {close['samples'][:12]}…")


def unknown_text(unknown: Iterable[Json], paint: Paint) -> Iterator[str]:
    """Yield what keeps a month from being closed: what is unknown of each part, what to do, and how to accept it."""
    for each in unknown:
        name = f"{each['address']} ({each['mapping']})" if each["mapping"] else each["address"]
        yield paint(safe(name), "bold")
        yield f"  {safe(each['what'])}"
        yield f"  {safe(each['advice'])}"
        if each["accept"]:
            yield paint(f"  {safe(each['accept'])}", "dim")
