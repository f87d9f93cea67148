"""The tables of open alerts and of trial alerts."""

from __future__ import annotations

from typing import Any

from reconciler.rendering.alerts_text import alerts_table, trials_table
from reconciler.rendering.paint import plain

ALERT: dict[str, Any] = {
    "since": "2026-11-01T06:00:00+00:00",
    "title": "3 customers without a mapping",
    "money_at_risk": "12.30 USD a month",
    "told": {"ops": "2026-11-01T06:00:00+00:00", "mail": "2026-11-01T07:00:00+00:00"},
    "advice": "Map them.",
}


def test_each_open_alert_is_a_row() -> None:
    lines = list(alerts_table([ALERT, {**ALERT, "told": {}}], plain, 140))
    assert "2026-11-01 06:00  3 customers without a mapping  12.30 USD a month  ops, mail" in lines[2]
    assert "nobody yet" in lines[3]
    assert lines[-1] == "2 open alerts."


def test_without_open_alerts_a_sentence_says_so() -> None:
    assert list(alerts_table([], plain)) == ["There are no open alerts."]


def test_each_trial_is_a_row_with_its_error() -> None:
    rows = [
        {"receiver": "ops", "sent": True, "error": None},
        {"receiver": "mail", "sent": False, "error": "no \x1b[31mlogin"},
    ]
    lines = list(trials_table(rows, plain))
    assert lines[2].split() == ["ops", "sent"]
    assert lines[3].split() == ["mail", "not", "sent", "no", "\\u001b[31mlogin"]
    assert lines[-1] == "1 trial alert sent, 1 not sent."
