"""Tests of the commands with a ledger in PostgreSQL."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.shop import ALDER, Shop

SMALL = 12
"""The number of objects in ConnectWise after an apply with one customer, its addition included."""


@pytest.fixture
def small(shop: Shop, postgresql_url: str) -> Shop:
    shop.only(ALDER)
    shop.edit("workspace.yaml", "  billing:", "  ledger: {env: LEDGER_URL}\n  billing:")
    shop.patch.setenv("LEDGER_URL", postgresql_url)
    shop.variables["LEDGER_URL"] = postgresql_url
    return shop


def locks(url: str) -> list[int]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [pid for (pid,) in connection.execute(sa.text("SELECT pid FROM locks"))]
    engine.dispose()
    return found


def test_apply_creates_the_setup_and_updates_usage_an_hour_later(small: Shop) -> None:
    small.apply()
    assert small("plan", "--detailed-exitcode").code == 0
    small.advance(1)
    small.uses(ALDER, "130")
    small.apply("--only", "usage")
    assert small.additions("Alder Dental - Managed Backup")["BACKUP-GB"][0] == 130
    assert small("unlock").out == "The lock of workspace example is free. There is nothing to unlock.\n"


def test_the_next_run_continues_a_killed_run_and_creates_nothing_twice(small: Shop, postgresql_url: str) -> None:
    small("plan")
    small.fault("slow:ms=500@/company/contacts")
    with small.start("apply", "--auto-approve") as process:
        small.until(lambda: bool(small.tenant.tables["company"].rows) and bool(locks(postgresql_url)), process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert locks(postgresql_url)
    small.fault()

    small.apply()

    assert sum(small.counts().values()) == SMALL
    assert locks(postgresql_url) == []
    assert small("plan", "--detailed-exitcode").code == 0


def test_a_read_only_role_can_plan_and_cannot_apply(small: Shop, postgresql_url: str) -> None:
    small.apply()
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(sa.text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    engine.dispose()
    small.patch.setenv("LEDGER_URL", postgresql_url.replace("owner@", "reader@"))
    for command in (["plan"], ["usage", "coverage"], ["usage", "report"], ["show", "Company/alder-dental"]):
        said = small(*command)
        assert said.code == 0, said.err
        assert said.err.count("what this run reads is not saved") == 1

    said = small("apply", "--auto-approve")

    assert said.code == 1
    assert "this role has no permission to write the ledger" in said.err
    assert "Traceback" not in said.err


def test_an_unreachable_server_is_an_error_without_the_password(small: Shop, tmp_path: Path) -> None:
    small.patch.setenv("LEDGER_URL", f"postgresql+psycopg://u:s3cret@/db?host={tmp_path}")
    for command in (["plan"], ["apply", "--auto-approve"]):
        said = small(*command)
        assert said.code == 1
        assert "the ledger cannot be used" in said.err
        assert "s3cret" not in said.err
        assert "Traceback" not in said.err
