"""Show the history on the terminal: the runs as a table, and the writes with each field before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.errors import in_one_line
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import Paint, safe, shown
from reconciler.rendering.tables import WIDTH, Column, table

Json = Mapping[str, Any]

_PAST = {"create": "created", "update": "updated", "adopt": "adopted", "retire": "retired"}
_COMMIT = 8
"""How many characters of a commit are shown."""
_DIGEST = 12
"""How many characters of a digest are shown, after `sha256:`."""


def runs_table(found: Json, paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the table of runs, oldest first. `found` is what `history --json` prints."""
    columns: Sequence[Column] = (
        ("run", "right"),
        ("started (UTC)", "whole"),
        ("who", "left"),
        ("commit", "left"),
        ("plan", "whole"),
        ("changes", "left"),
        ("", "left"),
    )
    if found["runs"]:
        yield from table(columns, [_run_row(run) for run in found["runs"]], width)
    earlier = f"; {found['earlier']} earlier ones are left out: --since 30d shows more" if found["earlier"] else ""
    yield paint(f"{numbered(len(found['runs']), 'run')}{earlier}.", "bold")


def _run_row(run: Json) -> list[str]:
    return [
        str(run["run"]),
        _utc(run["started_at"]),
        run["who"] or "unknown",
        commit_text(run["commit"]),
        run["plan_digest"].removeprefix("sha256:")[:_DIGEST],
        _counts(run["counts"]),
        _status(run),
    ]


def _status(run: Json) -> str:
    undoes = f", undoes run {run['undoes']}" if run["undoes"] else ""
    return f"{run['status']}{undoes}"


def _counts(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Return the number of actions by result, such as `3 created, 12 updated, 1 failed`."""
    parts: list[str] = []
    others: dict[str, int] = {}
    for action, by_status in counts.items():
        for status, number in by_status.items():
            if status == "done":
                parts.append(f"{number} {_PAST.get(action, action)}")
            else:
                others[status] = others.get(status, 0) + number
    return ", ".join([*parts, *(f"{number} {_STATUS.get(status, status)}" for status, number in others.items())])


_STATUS = {"already": "already as planned", "open": "without an answer"}


def commit_text(commit: str | None) -> str:
    """Return a commit, shortened as git does, with its mark: `abc12345+dirty`."""
    if commit is None:
        return "unknown"
    name, plus, mark = commit.partition("+")
    return f"{name[:_COMMIT]}{plus}{mark}"


def run_text(run: Json, timezone: str, paint: Paint) -> Iterator[str]:
    """Yield the lines about one run: who made it when, from which commit, and how it ended."""
    started = datetime.fromisoformat(run["started_at"])
    local = started.astimezone(ZoneInfo(timezone))
    yield paint(f"Run {run['run']}: {_counts(run['counts']) or 'no changes'}. {_status(run).capitalize()}.", "bold")
    yield f"  started  {_utc(run['started_at'])} UTC ({local:%Y-%m-%d %H:%M:%S} {timezone})"
    yield f"  who      {safe(run['who'] or 'unknown')}"
    yield f"  commit   {safe(run['commit'] or 'unknown')}"
    yield f"  plan     {safe(run['plan_digest'])}"
    yield ""


def writes_table(found: Json, paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the table of writes, oldest first. Each changed field has a line of its own.

    The writes of one run have no columns for the run. Those of one address have no column for the address.
    """
    writes: Sequence[Json] = found["writes"]
    of_run = "run" in found
    of_address = len({write["address"] for write in writes}) <= 1 and not of_run
    columns: list[Column] = [("sent (UTC)", "whole")]
    columns += [] if of_run else [("run", "right"), ("who", "left"), ("commit", "left")]
    columns += [] if of_address else [("address", "left")]
    columns += [("action", "whole"), ("change", "left"), ("answer", "left")]
    rows: list[list[str]] = []
    for write in writes:
        first = [_utc(write["sent_at"])]
        first += [] if of_run else [str(write["run"]), write["who"] or "unknown", commit_text(write["commit"])]
        first += [] if of_address else [write["address"]]
        first.append(write["action"] or write["method"])
        lines = [*_changes(write)] or [""]
        rows.append([*first, lines[0], _answer(write)])
        rows += [[*[""] * len(first), line, ""] for line in lines[1:]]
    if rows:
        yield from table(columns, rows, width)
    yield paint(f"{numbered(len(writes), 'write')}.", "bold")


def events_table(events: Sequence[Json], paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the table of closes, adjustments, approvals and edits by hand, oldest first."""
    columns: Sequence[Column] = (("at (UTC)", "whole"), ("what", "whole"), ("who", "left"), ("", "left"))
    rows = [[_utc(each["at"]), each["what"], each["who"] or "unknown", each["text"]] for each in events]
    yield ""
    yield from table(columns, rows, width)
    yield paint(f"{numbered(len(events), 'event')} of months and lines.", "bold")


def _changes(write: Json) -> Iterator[str]:
    """Yield a line for each changed field, then one for the reason of a retirement and one for an error."""
    for change in write["changes"]:
        after = _value(change, change["after"])
        if write["action"] == "create" or change.get("sensitive"):
            yield f"{change['path']} = {after}"
        else:
            yield f"{change['path']} = {_value(change, change['before'])} → {after}"
    if not write["changes"]:
        yield f"{write['method']} {write['path']}"
        for name, value in (write["sent"] or {}).items():
            yield f"{name} = {shown(value)}"
    if write["action"] == "retire" and write["reason"]:
        yield f"reason: {write['reason']}"
    if write["error"]:
        yield f"error: {in_one_line(write['error'])}"


def _value(change: Json, value: object) -> str:
    return value if change.get("number") and isinstance(value, str) else shown(value)


def _answer(write: Json) -> str:
    """Return what ConnectWise answered: `done, id 34`, `failed`, `no answer`."""
    state = "no answer" if write["state"] == "open" else write["state"]
    number = f", id {write['id']}" if write["id"] is not None else ""
    return f"{state}{number}{' (recovered)' if write['recovered'] else ''}"


def _utc(moment: str) -> str:
    return moment[:19].replace("T", " ")
