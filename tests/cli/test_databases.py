"""Whole commands with the ledger in SQLite and in PostgreSQL, and what only a server can do."""

from __future__ import annotations

import signal
from collections.abc import Callable

import httpx
import pytest
import sqlalchemy as sa

from tests.alerts.inbox import web_inbox
from tests.postgresql import PASSWORD, Server
from tests.shop import ALDER, Send, Shop

SMALL = 12
"""The number of objects in ConnectWise after an apply with one customer, its addition included."""
AGREEMENT = "Alder Dental - Managed Backup"


def with_ledger(shop: Shop, url: str) -> Shop:
    """Return the shop with one customer and its ledger at this URL, as a CI system gives it."""
    shop.only(ALDER)
    shop.edit("workspace.yaml", "  billing:", "  ledger: {env: LEDGER_URL}\n  billing:")
    move(shop, url)
    return shop


def move(shop: Shop, url: str) -> None:
    shop.patch.setenv("LEDGER_URL", url)
    shop.variables["LEDGER_URL"] = url


@pytest.fixture(params=["sqlite", "postgresql"])
def small(shop: Shop, request: pytest.FixtureRequest) -> Shop:
    if request.param == "sqlite":
        return with_ledger(shop, f"sqlite:///{shop.folder.parent / 'ledger.sqlite'}")
    return with_ledger(shop, request.getfixturevalue("postgresql_url"))


@pytest.fixture
def on_server(shop: Shop, postgresql_url: str) -> Shop:
    return with_ledger(shop, postgresql_url)


def rows(shop: Shop, query: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(shop.variables["LEDGER_URL"])
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.text(query))]
    engine.dispose()
    return found


# ── on both databases ────────────────────────────────────────────────────────────────────────────────────


def test_apply_creates_the_setup_and_updates_usage_an_hour_later(small: Shop) -> None:
    small.apply()
    assert small("plan", "--detailed-exitcode").code == 0
    small.advance(1)
    small.uses(ALDER, "130")
    small.apply("--only", "usage")
    assert small.additions(AGREEMENT)["BACKUP-GB"][0] == 130
    assert small("unlock").out == "The lock of workspace example is free. There is nothing to unlock.\n"


def test_history_has_the_runs_and_their_changes_with_exact_numbers(small: Shop) -> None:
    small.apply("--only", "setup")
    small.advance(1)
    small.edit("products.yaml", "price: 0.15", "price: 0.1501")
    small.apply("--only", "setup")
    first, second = small("--json", "history").json["runs"]
    assert (first["status"], first["counts"]) == ("complete", {"create": {"done": 11}})
    assert second["started_at"].startswith("2026-11-01T07:00:00")
    (write,) = small("--json", "history", "Product/backup-gb", "--run", "2").json["writes"]
    assert write["changes"] == [{"path": "price", "before": "0.15", "after": "0.1501", "number": True}]


def test_an_undo_puts_back_what_a_run_changed(small: Shop) -> None:
    small.apply("--only", "setup")
    small.edit("customers/alder-dental.yaml", "city: Tampa", "city: Orlando")
    small.apply("--only", "setup")
    file = str(small.folder.parent / "undo.json")
    assert small("plan", "--undo", "2", "--out", file).code == 0
    assert small("apply", file).code == 0
    assert small.one("/company/companies", identifier="AlderDental")["city"] == "Tampa"


def test_a_killed_run_is_unlocked_and_the_next_run_creates_nothing_twice(small: Shop) -> None:
    small("plan")
    small.fault("slow:ms=500@/company/contacts")
    with small.start("apply", "--auto-approve") as process:
        small.until(
            lambda: bool(small.tenant.tables["company"].rows) and bool(rows(small, "SELECT pid FROM locks")), process
        )
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert rows(small, "SELECT pid FROM locks") == [(process.pid,)]
    small.fault()
    assert f"process {process.pid}" in small("unlock").out

    small.apply()

    assert sum(small.counts().values()) == SMALL
    assert rows(small, "SELECT pid FROM locks") == []
    assert small("plan", "--detailed-exitcode").code == 0


def test_two_applies_at_once_both_end_well_if_they_wait(small: Shop) -> None:
    small("plan")
    small.fault("slow:ms=100@/apis/3.0")
    both = [small.start("apply", "--auto-approve", "--wait", "5m") for _ in range(2)]
    said = [(process.communicate(timeout=120), process.returncode) for process in both]
    small.fault()
    assert [code for _, code in said] == [0, 0], said
    assert sum("another apply of workspace example is running" in err for (_, err), _ in said) <= 1
    assert sum(small.counts().values()) == SMALL


# ── a server that stops ──────────────────────────────────────────────────────────────────────────────────


def first_write(shop: Shop, then: Callable[[], None]) -> Callable[[httpx.Request, Send], object]:
    """Return a `meddle` that calls `then` when ConnectWise has carried out the first write."""
    done: list[str] = []

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        response = await send(request)
        if request.method in {"POST", "PATCH"} and "bundles" not in request.url.path and not done:
            done.append(request.url.path)
            then()
        return response

    return meddle


def test_a_server_that_restarts_during_an_apply_does_not_disturb_it(on_server: Shop, postgresql: Server) -> None:
    with on_server.meddled(first_write(on_server, postgresql.restart)):
        on_server.apply()
    assert sum(on_server.counts().values()) == SMALL
    assert rows(on_server, "SELECT pid FROM locks") == []


def test_a_server_that_stops_during_an_apply_is_an_error_and_the_next_run_continues(
    on_server: Shop, postgresql: Server
) -> None:
    try:
        with on_server.meddled(first_write(on_server, postgresql.stop)):
            said = on_server("apply", "--auto-approve")
    finally:
        postgresql.start()
    assert said.code == 4
    assert "no database server answers there" in said.out + said.err
    assert "Traceback" not in said.err
    created = sum(on_server.counts().values())
    assert created >= 1

    on_server.apply()

    assert sum(on_server.counts().values()) == SMALL
    assert on_server("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("command", [["plan"], ["apply", "--auto-approve"], ["history"], ["unlock"]])
def test_a_server_that_is_away_is_an_error_that_names_it(
    on_server: Shop, postgresql: Server, command: list[str]
) -> None:
    move(on_server, postgresql.tcp_url("ledger").replace(f":{postgresql.port}", ":1"))
    said = on_server(*command)
    assert said.code == 1
    assert said.err == (
        "error: postgresql://billing:***@127.0.0.1:1/ledger: no database server answers there\n"
        "  Start the server, or correct host and port in the ledger's URL.\n"
    )
    assert PASSWORD not in said.err


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_read_only_role_can_plan_and_cannot_apply(on_server: Shop, postgresql_url: str) -> None:
    on_server.apply()
    on_server.advance(1)
    on_server.uses(ALDER, "130")
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(sa.text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    engine.dispose()
    move(on_server, postgresql_url.replace("owner@", "reader@"))
    for command in (["plan"], ["usage", "coverage"], ["usage", "report"], ["show", "Company/alder-dental"]):
        said = on_server(*command)
        assert said.code == 0, said.err
        assert said.err.count("what this run reads is not saved") == 1
    assert on_server("history", "--run", "1").code == 0

    said = on_server("apply", "--auto-approve")

    assert said.code == 1
    assert "this role has no permission to write the ledger" in said.err
    assert "Traceback" not in said.err


def test_a_role_that_may_not_read_is_told_the_grant(on_server: Shop, postgresql_url: str) -> None:
    on_server.apply("--only", "setup")
    move(on_server, postgresql_url.replace("owner@", "reader@"))
    said = on_server("plan")
    assert said.code == 1
    assert "this role has no permission to read the ledger" in said.err
    assert "GRANT SELECT ON ALL TABLES IN SCHEMA public TO" in said.err


def test_a_check_for_drift_with_a_role_that_only_reads_remembers_what_it_told_if_it_may_write_one_table(
    on_server: Shop, postgresql: Server, postgresql_url: str
) -> None:
    """docs/how-to/alerts.md names these rights."""
    receiver = "  alerts:\n    receivers:\n      - {name: ops, serviceUrl: {env: OPS_URL}}\n"
    on_server.edit("workspace.yaml", "  billing:", f"{receiver}  billing:")
    database = str(sa.make_url(postgresql_url).database)
    with web_inbox() as inbox:
        on_server.patch.setenv("OPS_URL", inbox.url())
        on_server.apply()
        company = on_server.one("/company/companies", identifier="AlderDental")
        on_server.patch_live(f"/company/companies/{company['id']}", city="Salem")
        move(on_server, postgresql_url.replace("owner@", "reader@"))
        told = []
        for rights in ("SELECT ON ALL TABLES IN SCHEMA public", "INSERT, DELETE ON alerts", "SELECT ON alerts"):
            postgresql.execute(f"GRANT {rights} TO reader", database=database)
            said = on_server("plan", "--only", "setup", "--alert")
            assert said.code == 0, said.err
            told.append((len(inbox.requests), "comes again" in inbox.messages[-1]["message"]))
    assert told == [(1, True), (2, False), (2, False)]
