"""Tests of `reconciler alerts test` and `alerts list`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.alerts.inbox import Inbox, web_inbox
from tests.shop import ALDER, Shop

TWO = """
  alerts:
    receivers:
      - name: ops
        serviceUrl: {env: OPS_URL}
      - name: mail
        serviceUrl: {env: MAIL_URL}
        events: [drift]
"""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with web_inbox() as found:
        yield found


@pytest.fixture
def desk(shop: Shop, inbox: Inbox) -> Shop:
    workspace = shop.folder / "workspace.yaml"
    workspace.write_text(workspace.read_text(encoding="utf-8") + TWO, encoding="utf-8")
    shop.patch.setenv("OPS_URL", inbox.url("ops"))
    shop.patch.setenv("MAIL_URL", inbox.url("mail"))
    return shop


def test_a_trial_alert_goes_to_each_receiver_whatever_its_events_are(desk: Shop, inbox: Inbox) -> None:
    said = desk("alerts", "test")
    assert said.code == 0, said.err
    assert said.out.splitlines()[-1] == "2 trial alerts sent, 0 not sent."
    assert inbox.titles == ["reconciler example: trial alert"] * 2
    assert {path for _, path, _ in inbox.requests} == {"/ops", "/mail"}


def test_a_trial_needs_no_other_variable_and_no_connectwise(desk: Shop) -> None:
    desk.patch.delenv("CONNECTWISE_SITE")
    assert desk("alerts", "test").code == 0
    assert sum(desk.counts().values()) == 0


def test_a_receiver_that_fails_ends_with_1_and_is_named_without_its_url(desk: Shop, inbox: Inbox) -> None:
    desk.patch.setenv("OPS_URL", inbox.url("401/TOKEN-abc"))
    said = desk("--json", "alerts", "test")
    assert said.code == 1
    ops, mail = said.json
    assert (ops["receiver"], ops["sent"]) == ("ops", False)
    assert "401" in ops["error"]
    assert "TOKEN" not in said.out + said.err
    assert mail == {"receiver": "mail", "sent": True, "error": None}


def test_a_receiver_whose_variable_is_missing_is_not_sent(desk: Shop, inbox: Inbox) -> None:
    desk.patch.delenv("MAIL_URL")
    said = desk("alerts", "test")
    assert said.code == 1
    assert "MAIL_URL is not set" in said.out
    assert len(inbox.requests) == 1


def test_a_workspace_without_receivers_is_an_error(shop: Shop) -> None:
    said = shop("alerts", "test")
    assert said.code == 1
    assert "Workspace/example: this workspace has no receivers of alerts" in said.err


def test_open_alerts_are_listed_with_who_was_told(desk: Shop, inbox: Inbox) -> None:
    assert desk("alerts", "list").out == "There are no open alerts.\n"
    desk.only(ALDER)
    (desk.folder / "customers" / "alder-dental.yaml").unlink()
    desk.patch.setenv("OPS_URL", inbox.url("500"))
    assert desk("usage", "coverage", "--alert").code == 5

    said = desk("alerts", "list")
    assert "nobody yet" in said.out
    assert said.out.splitlines()[-1] == "1 open alert."
    (found,) = desk("--json", "alerts", "list").json
    assert (found["key"], found["event"], found["told"]) == ("unmapped", "unmapped", {})
    assert found["members"] == ["Alder Dental (cove/1001001)"]
    desk.patch.setenv("OPS_URL", inbox.url("ops"))
    desk("usage", "coverage", "--alert")
    assert [*desk("--json", "alerts", "list").json[0]["told"]] == ["ops"]
