"""Tests of the alerts of runs, against the sandbox and a receiver on this machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from reconciler.cli import alerting, watched
from tests.alerts.inbox import Inbox, web_inbox
from tests.shop import ALDER, BIRCHWOOD, Send, Shop, locked

ALERTS = """
  alerts:
    receivers:
      - name: ops
        serviceUrl: {env: OPS_URL}
    heartbeat:
      pingUrl: {env: PING_URL}
      failUrl: {env: FAIL_URL}
    invoiceDays: 0
"""
HOURLY = ("apply", "--only", "usage", "--auto-approve")


class Desk:
    """A shop with one receiver."""

    def __init__(self, shop: Shop, inbox: Inbox) -> None:
        self.shop, self.inbox = shop, inbox

    def hourly(self, *more: str, code: int = 0) -> list[str]:
        """Bill an hour later, and return the titles of the messages that arrive."""
        self.shop.advance(1)
        return self.titles(*HOURLY, *more, code=code)

    def titles(self, *arguments: str, code: int = 0) -> list[str]:
        """Run a command, and return the titles of the messages that arrive, without the name of the workspace."""
        del self.inbox.requests[:]
        self.said = self.shop(*arguments)
        assert self.said.code == code, self.said.err
        return [title.removeprefix("reconciler example: ") for title in self.inbox.titles]

    @property
    def text(self) -> str:
        """Return the text of the last message."""
        return str(self.inbox.messages[-1]["message"])

    @property
    def pings(self) -> list[str]:
        return self.inbox.pings


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with web_inbox() as found:
        yield found


@pytest.fixture
def desk(shop: Shop, inbox: Inbox) -> Desk:
    """Return a desk after the first hour was billed for two customers."""
    shop.only(ALDER, BIRCHWOOD)
    workspace = shop.folder / "workspace.yaml"
    workspace.write_text(workspace.read_text(encoding="utf-8") + ALERTS, encoding="utf-8")
    shop.patch.setenv("OPS_URL", inbox.url("TOKEN-of-ops"))
    shop.patch.setenv("PING_URL", inbox.url("ping", "http"))
    shop.patch.setenv("FAIL_URL", inbox.url("fail", "http"))
    found = Desk(shop, inbox)
    assert found.titles("apply", "--auto-approve") == []
    assert found.pings == ["/ping"]
    return found


def alerts(shop: Shop) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(shop.ledger)) as connection:
        return connection.execute("SELECT key, ended_at, told FROM alerts ORDER BY key").fetchall()


def test_a_customer_without_a_mapping_is_told_once_and_again_when_it_has_one(desk: Desk) -> None:
    mapping = desk.shop.folder / "customers" / "alder-dental.yaml"
    text = mapping.read_text(encoding="utf-8")
    mapping.unlink()

    assert desk.hourly(code=5) == ["2 alerts"]
    assert "ALERT: 1 customer without a mapping, which nothing bills" in desk.text
    assert "Customers: Alder Dental (cove/1001001)" in desk.text
    assert "Money at risk: 18.15 USD a month" in desk.text
    assert desk.pings == ["/ping"]
    assert desk.hourly(code=5) == []
    mapping.write_text(text, encoding="utf-8")
    assert desk.hourly() == ["2 ended"]
    assert desk.hourly() == []
    assert alerts(desk.shop) == []


def test_a_tenant_that_cannot_be_reached_is_told_once_and_again_when_it_can(desk: Desk) -> None:
    desk.shop.fault("html@/company")
    title = "the apply of usage failed: ConnectWise does not answer as it should"

    assert desk.hourly(code=1) == [title]
    assert "Money at risk: unknown" in desk.text
    assert desk.pings == ["/fail"]
    assert desk.hourly(code=1) == []
    desk.shop.fault()
    assert desk.hourly() == ["ended: the apply of usage fails: ConnectWise does not answer as it should"]
    assert desk.pings == ["/ping"]


def test_a_source_that_cannot_be_read_is_told_with_the_customers_that_it_holds(desk: Desk) -> None:
    desk.shop.fault("html@/jsonapi")
    assert desk.hourly(code=5) == ["source cove cannot be read: 2 customers held"]
    assert "Birchwood Legal (CustomerMapping/birchwood-legal), Alder Dental (CustomerMapping/alder-dental)" in desk.text
    assert "Money at risk: 82.69 USD a month" in desk.text
    assert desk.hourly(code=5) == []
    desk.shop.fault()
    assert desk.hourly() == ["ended: source cove cannot be read"]


def test_a_customer_that_a_guardrail_holds_is_told_with_the_approval(desk: Desk) -> None:
    desk.shop.uses(ALDER, "900")
    assert desk.hourly(code=5) == ["1 customer held by the guardrail quantity"]
    assert "--approve quantity=CustomerMapping/alder-dental" in desk.text
    assert desk.hourly("--approve", "quantity") == ["ended: customers held by the guardrail quantity"]


def test_a_guardrail_that_refuses_the_run_is_one_alert(desk: Desk) -> None:
    desk.shop.edit("workspace.yaml", "money: 2000", "money: 1")
    desk.shop.uses(ALDER, "150")
    assert desk.hourly(code=3) == ["the guardrail money refuses the run, so nothing is written"]
    assert desk.pings == ["/fail"]
    assert desk.hourly(code=3) == []
    assert desk.hourly("--approve", "money") == ["ended: runs that the guardrail money refuses"]


def test_an_addition_that_someone_edited_is_told(desk: Desk) -> None:
    (addition,) = (each for each in desk.shop.tenant.tables["addition"].rows.values() if each.data["quantity"] == 121)
    desk.shop.patch_live(f"/finance/agreements/{addition.parent}/additions/{addition.id}", quantity=7)
    assert desk.hourly() == ["1 addition edited by hand"]
    assert "edited by hand: quantity 121 → 7" in desk.text
    assert desk.hourly() == ["ended: additions edited by hand"]


def test_only_a_check_for_drift_tells_that_the_setup_is_not_as_declared(desk: Desk) -> None:
    company = desk.shop.one("/company/companies", identifier="AlderDental")
    desk.shop.patch_live(f"/company/companies/{company['id']}", city="Salem")

    assert desk.titles("plan") == []
    assert desk.titles("plan", "--alert") == ["1 object in ConnectWise not as declared"]
    assert "Objects: Company/alder-dental (update)" in desk.text
    assert desk.pings == []
    assert desk.hourly() == []
    assert desk.titles("plan", "--alert") == []
    assert desk.titles("apply", "--only", "setup", "--auto-approve") == []
    assert desk.titles("plan", "--alert") == ["ended: objects in ConnectWise not as declared"]


def test_an_action_that_failed_is_told_until_an_apply_of_that_job_is_complete(desk: Desk) -> None:
    async def refuses(request: httpx.Request, send: Send) -> httpx.Response:
        return httpx.Response(400, json={"message": "no"}) if request.method == "PATCH" else await send(request)

    desk.shop.edit("customers/alder-dental.yaml", "city: Tampa", "city: Miami")
    with desk.shop.meddled(refuses):
        said = desk.titles("apply", "--only", "setup", "--auto-approve", code=4)
    assert said == ["the apply of the setup ended in part: 1 change not made"]
    assert "Changes: Company/alder-dental (failed)" in desk.text
    assert desk.hourly() == []
    assert desk.titles("apply", "--only", "setup", "--auto-approve") == ["ended: the apply of the setup ends in part"]


def test_hours_without_a_run_are_told_by_the_run_that_comes_late(desk: Desk) -> None:
    desk.shop.advance(6)
    assert desk.hourly() == ["no good run of usage for 7 hours"]
    assert "Since: 2026-11-01 06:00 UTC" in desk.text
    assert desk.hourly() == ["ended: hours without a good run of usage"]


def test_gaps_shortly_before_an_invoice_are_told(desk: Desk) -> None:
    desk.shop.edit("workspace.yaml", "invoiceDays: 0", "invoiceDays: 31")
    for row in desk.shop.tenant.tables["agreement"].rows.values():
        row.data["nextInvoiceDate"] = "2026-12-01T00:00:00Z"
    desk.shop.fault("html@/jsonapi")
    assert desk.hourly(code=5) == ["2 alerts"]
    assert "ALERT: invoices of 2026-12-01: 2 customers not accounted for" in desk.text


# ── which runs tell ──────────────────────────────────────────────────────────────────────────────────────


def test_a_pull_and_a_coverage_tell_only_if_they_are_asked_to(desk: Desk) -> None:
    desk.shop.fault("html@/jsonapi")
    assert desk.titles("usage", "pull", code=1) == []
    assert desk.titles("usage", "coverage", code=5) == []
    assert desk.titles("usage", "pull", "--alert", code=1) == ["source cove cannot be read"]
    assert desk.titles("usage", "coverage", "--alert", code=5) == []
    desk.shop.fault()
    assert desk.titles("usage", "pull", "--alert") == ["ended: source cove cannot be read"]


def test_an_apply_that_asks_and_one_with_no_alert_tell_nothing(desk: Desk) -> None:
    (desk.shop.folder / "customers" / "alder-dental.yaml").unlink()
    assert desk.titles("apply", "--only", "usage", code=5) == []
    assert desk.hourly("--no-alert", code=5) == []
    assert desk.pings == []


def test_an_apply_of_a_part_tells_only_of_itself(desk: Desk) -> None:
    (desk.shop.folder / "customers" / "alder-dental.yaml").unlink()
    assert desk.titles("apply", "--auto-approve", "--target", "Company/birchwood-legal") == []
    desk.shop.fault("html@/company")
    said = desk.titles("apply", "--auto-approve", "--target", "Company/birchwood-legal", code=1)
    assert said == ["the apply of a part failed: ConnectWise does not answer as it should"]
    assert desk.pings == []


def test_a_plan_file_tells_that_it_was_refused(desk: Desk) -> None:
    desk.shop.edit("customers/alder-dental.yaml", "city: Tampa", "city: Miami")
    file = str(desk.shop.folder.parent / "plan.json")
    desk.titles("plan", "--only", "setup", "--out", file)
    desk.shop.edit("customers/alder-dental.yaml", "city: Miami", "city: Salem")
    said = desk.titles("apply", file, code=3)
    assert said == ["the apply of the setup failed: what the plan was based on has changed"]


def test_a_run_that_finds_the_lock_held_tells_it(desk: Desk) -> None:
    with locked(desk.shop):
        assert desk.hourly(code=3) == ["the apply of usage failed: another apply holds the lock"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "--alert", "--target", "Company/alder-dental"),
        ("plan", "--alert", "--changed-since", "HEAD"),
        ("plan", "--alert", "--undo", "1"),
        ("plan", "--alert", "--prune"),
    ],
)
def test_alerts_need_a_plan_of_everything(desk: Desk, arguments: tuple[str, ...]) -> None:
    assert desk.titles(*arguments, code=1) == []
    assert "cannot be used with --alert" in desk.said.err


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────


def test_manifests_with_errors_are_told_as_long_as_the_workspace_can_be_read(desk: Desk) -> None:
    desk.shop.write("bad.yaml", "kind: [")
    assert desk.hourly(code=1) == ["the apply of usage failed: the manifests have errors"]
    assert desk.pings == ["/fail"]
    desk.shop.edit("workspace.yaml", "failUrl", "failureUrl")
    assert desk.hourly(code=1) == []
    assert "no alert can be sent, because the workspace cannot be read" in desk.said.err


def test_a_message_that_is_not_accepted_is_sent_by_the_next_run_and_costs_no_run_its_result(desk: Desk) -> None:
    desk.shop.patch.setenv("OPS_URL", desk.inbox.url("500/TOKEN-of-ops"))
    desk.shop.patch.setenv("PING_URL", desk.inbox.url("500", "http"))
    desk.shop.fault("html@/jsonapi")
    desk.hourly(code=5)
    assert "note: the alert could not be sent to ops: " in desk.said.err
    assert "note: the heartbeat could not be pinged: the server responded with 500" in desk.said.err
    assert "TOKEN" not in desk.said.err
    desk.shop.patch.setenv("OPS_URL", desk.inbox.url())
    assert desk.hourly(code=5) == ["source cove cannot be read: 2 customers held"]


def test_a_missing_secret_of_a_receiver_is_a_note(desk: Desk) -> None:
    desk.shop.patch.delenv("OPS_URL")
    desk.shop.patch.delenv("FAIL_URL")
    desk.shop.fault("html@/company")
    assert desk.hourly(code=1) == []
    assert "alerts.receivers.ops.serviceUrl: the environment variable OPS_URL is not set" in desk.said.err
    assert "alerts.heartbeat.failUrl: the environment variable FAIL_URL is not set" in desk.said.err
    desk.shop.fault()
    assert desk.titles("plan") == []


def test_a_check_for_drift_that_cannot_write_the_ledger_tells_again_each_time(desk: Desk) -> None:
    company = desk.shop.one("/company/companies", identifier="AlderDental")
    desk.shop.patch_live(f"/company/companies/{company['id']}", city="Salem")
    with closing(sqlite3.connect(desk.shop.ledger)) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'no'); END")
        connection.commit()
    for _ in range(2):
        assert desk.titles("plan", "--only", "setup", "--alert") == ["1 object in ConnectWise not as declared"]
        assert "this alert comes again with the next run" in desk.text
        assert "what was told is not recorded, so it is told again" in desk.said.err


def test_a_ledger_that_cannot_be_read_is_told_each_time(desk: Desk) -> None:
    desk.shop.ledger.write_bytes(b"not a ledger" * 100)
    for _ in range(2):
        assert desk.hourly(code=1) == ["the apply of usage failed: the ledger cannot be used"]
        assert "the ledger cannot be read, so what was told before is told again" in desk.said.err


def test_a_fault_of_the_alerts_costs_no_run_its_result(desk: Desk) -> None:
    def breaks(*_: Any, **__: Any) -> Any:
        raise KeyError("hunter2")

    desk.shop.patch.setattr(alerting, "find_causes", breaks)
    assert desk.hourly() == []
    assert "note: the alerts of this run could not be sent: unexpected KeyError" in desk.said.err
    assert "hunter2" not in desk.said.err


def test_ctrl_c_while_alerts_are_sent_does_not_turn_a_finished_run_into_an_interrupted_one(desk: Desk) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    desk.shop.patch.setattr(alerting, "deliver", interrupted)
    assert desk.hourly() == []
    assert "interrupted while alerts were sent" in desk.said.err


def test_ctrl_c_in_the_run_itself_is_no_alert(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watched.watched(None, watched.Watch("usage"), interrupted)  # type: ignore[arg-type]


def test_no_secret_of_a_receiver_is_in_any_output_or_in_the_ledger(desk: Desk) -> None:
    desk.shop.fault("html@/jsonapi")
    desk.hourly("-v", code=5)
    assert b"TOKEN-of-ops" not in desk.shop.kept_bytes()
    assert "TOKEN-of-ops" not in desk.said.out + desk.said.err
    for secret in desk.shop.secrets():
        assert secret not in desk.text
