"""Make the JSON of `reconciler history`: the runs and writes of the ledger, in manifest words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic_core import to_jsonable_python

from reconciler.kinds.field_mapping import FieldMapping
from reconciler.kinds.registry import all_kinds
from reconciler.ledger.runs import RunRecord, WriteRecord, sent_fields


def run_json(run: RunRecord, *, running: bool = False) -> dict[str, Any]:
    """Return a run as JSON."""
    statuses = {status for by_status in run.counts.values() for status in by_status}
    if run.ended_at is None:
        status = "running" if running else "died"
    elif run.interrupted:
        status = "interrupted"
    else:
        status = "complete" if statuses <= {"done", "already"} else "partial"
    return {
        "run": run.id,
        "started_at": _time(run.started_at),
        "ended_at": _time(run.ended_at),
        "status": status,
        **_origin_json(run),
        "undoes": run.undoes,
        "counts": run.counts,
    }


def _origin_json(run: RunRecord | None) -> dict[str, Any]:
    return {
        "plan_digest": run and run.plan_digest,
        "commit": run and run.git_commit,
        "who": run and run.actor,
    }


def writes_json(writes: Iterable[WriteRecord], runs: Mapping[int, RunRecord]) -> Iterator[dict[str, Any]]:
    """Yield each write as JSON, with the origin of its run."""
    for write in writes:
        changes = write.changes or {}
        yield {
            "write": write.id,
            "run": write.run_id,
            **_origin_json(runs.get(write.run_id)),
            "sent_at": _time(write.sent_at),
            "answered_at": _time(write.answered_at),
            "address": write.address,
            "action": write.action,
            "reason": write.reason,
            "state": write.state,
            "recovered": write.recovered,
            "id": write.object_id,
            "error": write.error,
            "method": write.method,
            "path": write.path,
            "changes": [_change_json(write.address, path, *values) for path, values in changes.items()],
            "sent": None if write.changes else to_jsonable_python(sent_fields(write.body)),
        }


def _change_json(address: str, path: str, before: Any, after: Any) -> dict[str, Any]:
    """Return a change in the form of a plan. The field of the kind says whether it is a number or a secret."""
    found: dict[str, Any] = {"path": path, "before": before, "after": after}
    mapping = _mapping(address, path)
    if mapping is not None and mapping.sort == "number":
        found["number"] = True
    if mapping is not None and mapping.sensitive:
        found["sensitive"] = True
    return found


def _mapping(address: str, path: str) -> FieldMapping | None:
    kind = all_kinds().get(address.partition("/")[0])
    field = None if kind is None else kind.by_name.get(path)
    return None if field is None else field.mapping


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
