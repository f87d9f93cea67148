"""Tests of sending by apprise, over real HTTP and SMTP on this machine."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest
import requests

from reconciler.alerts.message import Message
from reconciler.alerts.sending import load, secrets_of, send
from tests.alerts.inbox import Inbox, mail_inbox

HOSTILE = "Since: now\n\nCustomers: <!channel> @everyone [x](http://evil.example) *b* <at>all</at>\n\nWhat to do: wait"
MESSAGE = Message("reconciler acme: 2 alerts", HOSTILE, "warning")


@pytest.fixture(autouse=True, scope="module")
def _loaded() -> None:
    load()


def posted(url: str, message: Message = MESSAGE) -> list[Any]:
    """Return the JSON of each request that apprise would send to a service on the internet."""
    answer = requests.Response()
    answer.status_code, answer._content = 200, b"ok"
    with mock.patch("requests.adapters.HTTPAdapter.send", return_value=answer) as sent, mock.patch("time.sleep"):
        assert send(url, message) == ""
    return [json.loads(call.args[0].body) for call in sent.call_args_list]


def test_a_webhook_gets_title_text_and_type(inbox: Inbox) -> None:
    assert send(inbox.url(), MESSAGE) == ""
    (found,) = inbox.messages
    assert (found["title"], found["message"], found["type"]) == (MESSAGE.title, HOSTILE, "warning")


def test_slack_gets_plain_text_in_which_nothing_is_a_mention() -> None:
    (found,) = posted("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops")
    assert found["mrkdwn"] is False
    (attachment,) = found["attachments"]
    assert attachment["title"] == MESSAGE.title
    assert "&lt;!channel&gt;" in attachment["text"]
    assert "<!" not in json.dumps(found)
    assert "icon_url" not in found


def test_microsoft_teams_gets_a_card_with_its_paragraphs_and_without_mentions() -> None:
    (found,) = posted("workflows://prod-1.westeurope.logic.azure.com/WORKFLOW/SIGNATURE")
    card = found["attachments"][0]["content"]
    title, body = (each["text"] for each in card["body"])
    assert title == MESSAGE.title
    assert len(body.split("\n\n")) == 3
    assert "\\[x\\]" in body
    assert "entities" not in card["msteams"]


def test_a_message_that_is_too_long_for_a_service_is_sent_in_parts() -> None:
    found = posted("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV", Message("title", "word " * 700, "info"))
    assert len(found) == 2
    assert all(len(each["content"]) <= 2000 for each in found)


def test_a_mail_arrives_as_plain_text() -> None:
    with mail_inbox() as (port, mails):
        url = f"mailto://user:hunter2-mail@localhost:{port}?from=billing@msp.example&to=ops@msp.example&mode=insecure"
        assert send(url, MESSAGE) == ""
    (found,) = mails
    assert found["subject"] == MESSAGE.title
    assert found["to"] == "ops@msp.example"
    assert found.get_content_type() == "text/plain"
    assert found.get_content().replace("\r\n", "\n").strip() == HOSTILE


@pytest.mark.parametrize("status", [401, 404, 500, 302])
def test_an_answer_that_is_not_good_is_the_reason(inbox: Inbox, status: int) -> None:
    reason = send(inbox.url(f"{status}/TOKEN-abc"), MESSAGE)
    assert str(status) in reason
    assert len(inbox.requests) == 1, "no redirect is followed"


PLANTED = ["hunter2-login", "hunter2-mail", "TOKEN-abc", "TOKEN-def", "user-of-mail"]


@pytest.mark.parametrize(
    "url",
    [
        "json://user-of-mail:hunter2-login@127.0.0.1:1/TOKEN-abc?key=TOKEN-def",
        "json://user-of-mail:hunter2-login@127.0.0.1:{port}/500/TOKEN-abc?key=TOKEN-def",
        "mailto://user-of-mail:hunter2-mail@localhost:{mail}?from=a@msp.example&to=b@msp.example&mode=insecure",
        "mailto://user-of-mail:hunter2-mail@localhost:1?from=a@msp.example&to=b@msp.example&mode=insecure",
        "slack://TOKEN-abc/TOKEN-def/x",
        "nosuch://TOKEN-abc/TOKEN-def",
        "TOKEN-abc",
        "",
        "://",
        "json://[TOKEN-abc",
    ],
)
def test_no_reason_repeats_a_part_of_the_url(
    url: str, inbox: Inbox, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with mail_inbox(accepts_login=False) as (mail, mails):
        reason = send(url.replace("{port}", str(inbox.port)).replace("{mail}", str(mail)), MESSAGE)
    assert reason
    assert mails == []
    printed = capsys.readouterr()
    for secret in PLANTED:
        assert secret not in reason + printed.out + printed.err


def test_a_plugin_that_breaks_is_a_reason_without_its_text() -> None:
    with mock.patch("requests.post", side_effect=KeyError("TOKEN-abc")):
        reason = send("json://127.0.0.1/TOKEN-abc", MESSAGE)
    assert reason
    assert "TOKEN" not in reason
    with mock.patch("apprise.Apprise.instantiate", side_effect=KeyError("TOKEN-abc")):
        assert send("json://127.0.0.1/TOKEN-abc", MESSAGE) == "unexpected KeyError"


def test_parts_of_a_url_are_secret_as_they_are_and_decoded() -> None:
    secrets = secrets_of("mailtos://ann%40msp:pa%2Fss@smtp.msp.example/box?to=ops@msp.example")
    for text in ("ann%40msp", "ann@msp", "pa%2Fss", "pa/ss", "smtp.msp.example"):
        assert text not in secrets.scrub(f"535 {text} refused")
    assert secrets.scrub("connection refused") == "connection refused"
