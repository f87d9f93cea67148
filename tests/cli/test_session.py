"""Tests of the session: secrets, the place of the ledger, the settings of the connection."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.cli.session import running_clock
from reconciler.errors import ReconcilerError
from tests.applying.test_apply import session_of
from tests.shop import ALDER, Shop


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


async def test_a_secret_is_read_from_its_variable_or_file(small: Shop) -> None:
    (small.folder / "token").write_text("from a file\n", encoding="utf-8")
    async with session_of(small) as session:
        assert session.secret({"env": "COVE_PASSWORD"}) == small.variables["COVE_PASSWORD"]
        assert session.secret({"file": "token"}) == "from a file"
        with pytest.raises(ReconcilerError, match="NOT_THERE"):
            session.secret({"env": "NOT_THERE"})


def test_the_ledger_is_next_to_the_manifests_unless_the_workspace_sets_its_url(small: Shop) -> None:
    small("plan")
    assert small.ledger.exists()

    other = small.folder.parent / "elsewhere.sqlite"
    small.patch.setenv("LEDGER", f"sqlite:///{other}")
    small.edit("workspace.yaml", "  guardrails:", "  ledger: {env: LEDGER}\n  guardrails:")
    small("plan")
    assert other.exists()


def test_the_password_of_a_ledger_url_is_not_printed(small: Shop) -> None:
    small.edit("workspace.yaml", "  guardrails:", "  ledger: {env: LEDGER}\n  guardrails:")
    small.patch.setenv("LEDGER", "nosuch://me:hunter2@host/db")

    said = small("plan")

    assert said.code == 1
    assert "hunter2" not in said.err + said.out


def test_an_apply_completes_with_one_request_in_flight(small: Shop) -> None:
    small.edit("workspace.yaml", "privateKey: {env: CONNECTWISE_PRIVATE_KEY}",
               "privateKey: {env: CONNECTWISE_PRIVATE_KEY}\n    maxConcurrency: 1")  # fmt: skip

    assert small.apply().code == 0


def test_a_ledger_in_memory_cannot_be_used_for_an_apply(small: Shop) -> None:
    """A ledger in memory cannot lock out a second run, and it loses its records at the end of the run."""
    small.edit("workspace.yaml", "  guardrails:", "  ledger: {env: LEDGER}\n  guardrails:")
    small.patch.setenv("LEDGER", "sqlite://")

    assert small("plan").code == 0
    said = small("apply", "--auto-approve")

    assert said.code == 1
    assert "Workspace/example ledger: a ledger in memory loses its content" in said.err


def test_the_clock_of_a_run_starts_at_the_given_time_and_runs_on(small: Shop) -> None:
    now = running_clock(small.time)

    assert timedelta(0) <= now() - small.time < timedelta(minutes=1)
    assert now() >= now() - timedelta(seconds=1)
