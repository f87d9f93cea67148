"""Tests of the text of a message."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from reconciler.alerts.cause import Cause, risk_of
from reconciler.alerts.known import Known, News
from reconciler.alerts.message import message_of, trial_message
from tests.alerts.builders import NOW, cause

HOUR = timedelta(hours=1)


def new(of: Cause) -> News:
    return News("new", Known(of, NOW))


def ended(of: Cause) -> News:
    return News("ended", Known(of, NOW, ended_at=NOW + 2 * HOUR))


UNMAPPED = cause(
    "unmapped", "Alder (cove/1)", "Birch (cove/2)", risk=risk_of([Decimal("12.30"), None], "USD"), why="no mapping"
)


def test_one_alert_names_cause_time_customers_money_reason_and_what_to_do() -> None:
    found = message_of("acme", [new(UNMAPPED)])

    assert found.title == "reconciler acme: 2 customers without a mapping"
    assert found.tone == "warning"
    assert found.body.split("\n\n") == [
        "Since: 2026-11-10 12:00 UTC",
        "Customers: Alder (cove/1), Birch (cove/2)",
        "Money at risk: 12.30 USD a month, and an unknown amount of 1 more",
        "Why: no mapping",
        "What to do: Map them.",
    ]


def test_an_alert_without_customers_has_no_line_for_them() -> None:
    body = message_of("acme", [new(cause("run:usage:lock", event="run"))]).body
    assert [line.partition(":")[0] for line in body.split("\n\n")] == ["Since", "Money at risk", "What to do"]


def test_the_first_customers_are_named_and_the_others_counted() -> None:
    body = message_of("acme", [new(cause("unmapped", *map(str, range(1, 2001))))]).body
    assert "Customers: 1, 2, 3, 4, 5 and 1,995 more" in body


def test_a_cause_that_grew_says_by_how_many() -> None:
    body = message_of("acme", [News("more", Known(UNMAPPED, NOW), joined=1)]).body
    assert "Customers (1 more than last told): Alder" in body


def test_the_end_says_from_when_to_when() -> None:
    found = message_of("acme", [ended(UNMAPPED)])
    assert found.title == "reconciler acme: ended: customers without a mapping"
    assert found.body == (
        "From 2026-11-10 12:00 UTC to 2026-11-10 14:00 UTC. Last known: 2 customers without a mapping."
    )
    assert found.tone == "success"


def test_several_causes_are_one_message_with_a_headline_each() -> None:
    found = message_of("acme", [new(UNMAPPED), News("more", Known(UNMAPPED, NOW), joined=1), ended(UNMAPPED)])
    assert found.title == "reconciler acme: 2 alerts, 1 ended"
    assert [line for line in found.body.split("\n\n") if line.isupper() or line[:5].isupper()] == [
        "ALERT: 2 customers without a mapping",
        "GROWN: 2 customers without a mapping",
        "ENDED: customers without a mapping",
    ]
    assert message_of("acme", [ended(UNMAPPED), ended(UNMAPPED)]).title == "reconciler acme: 2 ended"
    assert message_of("acme", [new(UNMAPPED), new(UNMAPPED)]).title == "reconciler acme: 2 alerts"


def test_what_stops_the_billing_of_many_is_a_failure() -> None:
    assert message_of("acme", [new(UNMAPPED), new(cause("run:usage:lock", event="run"))]).tone == "failure"
    assert message_of("acme", [new(UNMAPPED), ended(cause("run:usage:lock", event="run"))]).tone == "warning"


def test_an_alert_that_the_ledger_cannot_remember_says_that_it_comes_again() -> None:
    body = message_of("acme", [new(UNMAPPED)], remembered=False).body
    assert body.endswith("The ledger cannot be written, so this alert comes again with the next run.")


def test_text_from_outside_adds_no_paragraph_and_no_mention() -> None:
    hostile = cause("unmapped", "<!channel>\n\nWhat to do: pay (cove/1)", why="@everyone\n\n[x](http://evil.example)")
    body = message_of("acme", [new(hostile)]).body
    assert len(body.split("\n\n")) == 5
    assert "<!" not in body
    assert "@e" not in body
    assert "](" not in body


def test_a_message_about_one_cause_fits_a_card_of_microsoft_teams() -> None:
    """apprise parts a message for Teams after 1,000 characters."""
    long = cause("unmapped", *("x" * 200 + str(number) for number in range(9)), why="y" * 900, advice="z" * 200)
    assert len(message_of("a" * 100, [new(long)]).body) <= 1000
    assert len(message_of("a" * 100, [new(cause(title="t" * 200))]).title) <= 140


def test_the_trial_says_that_there_is_nothing_to_do() -> None:
    found = trial_message("acme", NOW)
    assert (found.title, found.tone) == ("reconciler acme: trial alert", "info")
    assert "There is nothing to do" in found.body
