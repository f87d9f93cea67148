"""Each write to a line: what was sent, what ConnectWise answered, and what the read-back showed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic_core import to_jsonable_python

from reconciler.closing.json_values import Json, time_json
from reconciler.errors import in_one_line
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.runs import RunRecord, WriteRecord, sent_fields


def writes_of_period(
    writes: Sequence[WriteRecord],
    runs: Mapping[int, RunRecord],
    start: datetime,
    end: datetime,
    whole: Collection[str] = (),
) -> list[Json]:
    """Return the writes from `start` to `end`, and of each address the last one before: it set what stood then.

    `writes` are oldest first. Of the addresses in `whole`, all writes are returned: they are about one month, whenever
    they were sent.
    """
    before: dict[str, WriteRecord] = {each.address: each for each in writes if each.sent_at < start}
    kept = {each.id for each in before.values()}
    return [
        _write_json(each, runs.get(each.run_id), _when(each.sent_at, start, end))
        for each in writes
        if each.id in kept or each.address in whole or start <= each.sent_at < end
    ]


def _when(moment: datetime, start: datetime, end: datetime) -> Json:
    return {"before_period": moment < start, "after_period": moment >= end}


def _write_json(write: WriteRecord, run: RunRecord | None, when: Json) -> Json:
    return {
        "write": write.id,
        "run": write.run_id,
        "who": None if run is None else run.actor,
        "commit": None if run is None else run.git_commit,
        **when,
        "address": write.address,
        "action": write.action,
        "reason": write.reason,
        "sent_at": time_json(write.sent_at),
        "request": f"{write.method} {write.path}",
        "sent": _values(sent_fields(write.body)),
        "answered_at": time_json(write.answered_at),
        "state": write.state,
        "answer": None if write.answer is None else _answer(write.answer),
        "read_back": _read_back(write),
    }


def _answer(answer: Mapping[str, Any]) -> Json:
    """Return an answer with the time of the update that ConnectWise gave, in place of `_info`."""
    info = answer.get("_info") or {}
    found = {name: value for name, value in answer.items() if name != "_info"}
    return {**_values(found), "lastUpdated": info.get("lastUpdated")}


def _values(fields: Mapping[str, Any]) -> Json:
    """Return the fields of a body as JSON, with numbers as exact text."""
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return plain_decimal(Decimal(value)) if is_number else to_jsonable_python(value)


def _read_back(write: WriteRecord) -> str:
    """Return what is known of the result, as a sentence."""
    if write.recovered and write.state == "done":
        return "no answer came; a later run looked the line up and found what was sent"
    error = in_one_line(write.error or "")
    match write.state:
        case "done":
            return "the answer has every value that was sent"
        case "failed" if write.answer is not None:
            return f"the answer differs from what was sent: {error}"
        case "failed":
            return f"ConnectWise did not carry it out: {error}"
        case "unknown":
            return f"no answer came: {error}"
        case _:
            return "no answer is recorded; the next run looks the line up"


def hand_edits_json(edits: Iterable[tuple[str, datetime, Mapping[str, Any]]]) -> list[Json]:
    """Return edits by someone else: (address, when a run first read it, the edited values by field)."""
    return [
        {"address": address, "seen_at": time_json(seen_at), "fields": _values(fields)}
        for address, seen_at, fields in edits
    ]
