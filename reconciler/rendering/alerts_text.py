"""Print the tables of `alerts list` and `alerts test`, from their JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import Paint
from reconciler.rendering.tables import WIDTH, table

Rows = Sequence[Mapping[str, Any]]


def alerts_table(rows: Rows, paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the table of open alerts, a row for each, and a line with their number."""
    if not rows:
        yield paint("There are no open alerts.", "bold")
        return
    columns = (("since", "whole"), ("alert", "left"), ("money at risk", "left"), ("told", "left"), ("to do", "left"))
    yield from table(columns, [_alert_row(row) for row in rows], width)
    yield paint(f"{numbered(len(rows), 'open alert')}.", "bold")


def _alert_row(row: Mapping[str, Any]) -> list[str]:
    told = ", ".join(row["told"]) or "nobody yet"
    return [_minute(row["since"]), row["title"], row["money_at_risk"], told, row["advice"]]


def _minute(moment: str) -> str:
    """Return an ISO 8601 time in UTC to the minute, such as `2026-11-01 06:00`."""
    return moment[:16].replace("T", " ")


def trials_table(rows: Rows, paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the table of trial alerts, a row for each receiver, and a line that counts those that were not sent."""
    shown = [[row["receiver"], "sent" if row["sent"] else "not sent", row["error"] or ""] for row in rows]
    yield from table((("receiver", "left"), ("state", "left"), ("", "left")), shown, width)
    failed = sum(not row["sent"] for row in rows)
    sent = numbered(len(rows) - failed, "trial alert")
    yield paint(f"{sent} sent, {failed} not sent.", "red" if failed else "bold")
