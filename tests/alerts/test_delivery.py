"""Tests of delivery: all at the same time, within a limit."""

from __future__ import annotations

from reconciler.alerts.delivery import Delivered, deliver
from reconciler.alerts.message import Message
from tests.alerts.inbox import Inbox

MESSAGE = Message("title", "body", "info")


def test_each_receiver_gets_its_message_and_the_heartbeat_its_ping(inbox: Inbox) -> None:
    messages = {"one": (inbox.url("one"), MESSAGE), "two": (inbox.url("two"), Message("other", "body", "info"))}
    found = deliver(messages, inbox.url("ping", "http"))

    assert found == Delivered({"one": "", "two": ""}, "")
    assert sorted(inbox.titles) == ["other", "title"]
    assert inbox.pings == ["/ping"]


def test_a_receiver_that_fails_stops_no_other(inbox: Inbox) -> None:
    found = deliver({"bad": (inbox.url("500"), MESSAGE), "good": (inbox.url(), MESSAGE)})
    assert found.receivers["good"] == ""
    assert "500" in found.receivers["bad"]


def test_a_receiver_that_does_not_answer_in_time_is_abandoned(inbox: Inbox) -> None:
    found = deliver({"slow": (inbox.url("hang"), MESSAGE)}, inbox.url("hang", "http"), seconds=0.05)
    assert found.receivers == {"slow": "there was no answer within 0.05 seconds"}
    assert found.heartbeat == "there was no answer within 0.05 seconds"


def test_without_messages_and_heartbeat_nothing_is_sent(inbox: Inbox) -> None:
    assert deliver({}) == Delivered({}, "")
    assert inbox.requests == []
