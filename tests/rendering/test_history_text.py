"""The history as a table: runs with their counts, writes with each field on a line of its own."""

from __future__ import annotations

from typing import Any

from reconciler.rendering.history_text import commit_text, events_table, run_text, runs_table, writes_table
from reconciler.rendering.paint import plain

RUN: dict[str, Any] = {
    "run": 7,
    "started_at": "2026-11-01T06:00:02+00:00",
    "ended_at": None,
    "status": "died",
    "plan_digest": "sha256:0123456789abcdef",
    "commit": "0123456789abcdef+dirty",
    "who": "ann (GitHub)",
    "undoes": 6,
    "counts": {"create": {"done": 3}, "update": {"done": 1, "failed": 1, "open": 2}, "PATCH": {"done": 1}},
}
WRITE: dict[str, Any] = {
    "run": 7,
    "commit": None,
    "who": None,
    "sent_at": "2026-11-01T06:00:02+00:00",
    "address": "Company/acme",
    "action": "update",
    "method": "PATCH",
    "path": "company/companies/7",
    "reason": "differs from the manifest",
    "state": "done",
    "recovered": False,
    "id": 7,
    "error": None,
    "changes": [{"path": "city", "before": "Tampa", "after": None}],
    "sent": None,
}


def writes(*given: dict[str, Any], **more: Any) -> list[str]:
    return [*writes_table({"writes": given, **more}, plain, 160)]


def test_a_run_counts_what_was_done_first_and_what_was_not_after_it() -> None:
    lines = [*runs_table({"runs": [RUN], "earlier": None}, plain, 180)]
    assert "3 created, 1 updated, 1 PATCH, 1 failed, 2 without an answer" in lines[2]
    assert "died, undoes run 6" in lines[2]
    assert "01234567+dirty" in lines[2]
    assert "0123456789ab " in lines[2]
    assert lines[3] == "1 run."


def test_runs_that_are_left_out_are_counted() -> None:
    assert [*runs_table({"runs": [RUN], "earlier": 9}, plain)][-1].startswith("1 run; 9 earlier ones are left out")
    assert [*runs_table({"runs": [], "earlier": 0}, plain)] == ["0 runs."]


def test_an_unknown_origin_is_called_unknown() -> None:
    assert commit_text(None) == "unknown"
    lines = [*run_text({**RUN, "who": None, "commit": None, "counts": {}}, "Europe/Berlin", plain)]
    assert lines[0] == "Run 7: no changes. Died, undoes run 6."
    assert lines[1] == "  started  2026-11-01 06:00:02 UTC (2026-11-01 07:00:02 Europe/Berlin)"
    assert lines[2:4] == ["  who      unknown", "  commit   unknown"]


def test_a_change_shows_the_value_before_and_after() -> None:
    (line,) = [each for each in writes(WRITE) if "city" in each]
    assert 'city = "Tampa" → null' in line
    assert "done, id 7" in line
    assert "Company/acme" not in line


def test_a_create_and_a_secret_show_only_the_value_after() -> None:
    number = {"path": "price", "before": None, "after": "0.15", "number": True}
    secret = {"path": "password", "before": None, "after": {"env": "P"}, "sensitive": True}
    text = "\n".join(writes({**WRITE, "action": "create", "changes": [number]}, {**WRITE, "changes": [secret]}))
    assert "price = 0.15" in text
    assert "password = (sensitive, from $P)" in text
    assert "→" not in text


def test_writes_of_several_addresses_or_of_one_run_show_the_address() -> None:
    other = {**WRITE, "address": "Company/other"}
    assert "Company/other" in "\n".join(writes(WRITE, other))
    of_run = "\n".join(writes(WRITE, run=RUN))
    assert "Company/acme" in of_run
    assert "commit" not in of_run


def test_a_retirement_shows_its_reason_and_a_failure_its_error() -> None:
    retired = {**WRITE, "action": "retire", "reason": "left us", "state": "failed", "id": None, "error": "no\n  Why."}
    text = "\n".join(writes(retired))
    assert "reason: left us" in text
    assert "error: no; Why." in text
    assert " failed" in text
    assert "reason" not in "\n".join(writes({**retired, "reason": None}))


def test_a_write_without_recorded_changes_shows_the_request() -> None:
    old = {**WRITE, "action": None, "changes": [], "sent": {"city": "Tampa"}, "state": "open", "recovered": True}
    text = "\n".join(writes(old))
    assert "PATCH company/companies/7" in text
    assert 'city = "Tampa"' in text
    assert "no answer, id 7 (recovered)" in text
    deleted = {**old, "method": "DELETE", "sent": None}
    assert "DELETE company/companies/7" in "\n".join(writes(deleted))


def test_without_writes_only_the_count_is_shown() -> None:
    assert writes() == ["0 writes."]


def test_events_of_months_are_a_table_below() -> None:
    event = {"at": "2026-11-02T09:00:00+00:00", "what": "close", "who": None, "text": "2026-10 closed: 2 charges"}
    lines = [*events_table([event], plain)]
    assert lines[-2].split() == ["2026-11-02", "09:00:00", "close", "unknown", "2026-10", "closed:", "2", "charges"]
    assert lines[-1] == "1 event of months and lines."
