"""Check that commands refuse a local clock that differs from ConnectWise or from the ledger."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from tests.prepared import prepared
from tests.shop import ALDER, Send, Shop


@prepared
def standing(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.apply()
    return shop


def off_by(shop: Shop, **by: float) -> str:
    """Return the simulated ConnectWise time plus `by`, in ISO 8601 format."""
    return (shop.time + timedelta(**by)).isoformat()


def as_it_was(shop: Shop) -> tuple[object, ...]:
    """Return the additions, the journal and the ledger size, to compare before and after a run."""
    return (shop.additions("Alder Dental - Managed Backup"), shop.journal(), len(shop.kept_bytes()))


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24 * 240, 60 * 24 * 3650])
@pytest.mark.parametrize(
    "command",
    [
        ["plan"],
        ["plan", "--only", "usage"],
        ["apply", "--auto-approve"],
        ["apply", "--only", "usage", "--auto-approve"],
        ["apply", "--only", "setup", "--auto-approve"],
        ["usage", "pull"],
        ["usage", "coverage"],
    ],
    ids=" ".join,
)
def test_commands_refuse_a_clock_that_differs_from_connectwise(
    standing: Shop, command: list[str], minutes: int
) -> None:
    before = as_it_was(standing)

    said = standing(*command, now=off_by(standing, minutes=minutes))

    assert said.code == 3
    assert "this machine says" in said.err
    assert "Correct this machine's clock" in said.err
    assert as_it_was(standing) == before


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_difference_of_less_than_five_minutes_is_allowed(standing: Shop, minutes: int) -> None:
    standing.advance(1)
    assert standing("apply", "--only", "usage", "--auto-approve", now=off_by(standing, minutes=minutes)).code == 0


def test_the_error_names_both_times(standing: Shop) -> None:
    standing.advance(24)
    said = standing("plan", now=off_by(standing, hours=-3))
    assert "this machine says 2026-11-02 03:00 UTC and ConnectWise says 2026-11-02 06:00 UTC" in said.err
    assert "--now TIME" in said.err


def test_apply_refuses_a_time_earlier_than_the_latest_ledger_record(standing: Shop) -> None:
    """Both clocks go back 40 days, so only the ledger shows that the time is wrong."""
    standing.advance(24 * 40)
    standing.uses(ALDER, "300")
    standing.apply("--only", "usage")
    standing.advance(-24 * 40)
    before = standing.journal()

    said = standing("apply", "--only", "usage", "--auto-approve")

    assert said.code == 3
    assert "the ledger has a pull or a write at 2026-12-11 06:00 UTC" in said.err
    assert "move the ledger away" in said.err
    assert standing.journal() == before
    assert standing.additions("Alder Dental - Managed Backup")["BACKUP-GB"][0] == 300


def test_pulls_from_undeclared_sources_do_not_affect_the_clock_check(standing: Shop) -> None:
    """Two workspaces can share a ledger. The simulated time of a sandbox must not stop the other workspace."""
    standing.advance(24)
    standing("usage", "pull")
    standing.advance(-24)
    assert standing("plan").code == 3
    standing.edit("workspace.yaml", "- name: cove", "- name: cove2")
    for path in (standing.folder / "customers").glob("*.yaml"):
        standing.edit(f"customers/{path.name}", "source: cove,", "source: cove2,")

    assert standing("plan").code == 0


def test_setup_plan_show_and_usage_report_accept_a_wrong_clock(standing: Shop) -> None:
    for command in (["plan", "--only", "setup"], ["show", "Company/alder-dental"], ["usage", "report"]):
        assert standing(*command, now=off_by(standing, days=9)).code == 0


def test_plan_accepts_the_local_clock_when_responses_have_no_date_header(standing: Shop) -> None:
    async def undated(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        del answer.headers["date"]
        return answer

    with standing.meddled(undated):
        assert standing("plan", now=off_by(standing, hours=2)).code == 0


def test_usage_pull_succeeds_with_a_note_when_connectwise_fails(standing: Shop) -> None:
    standing.fault("500@/login")

    said = standing("usage", "pull")

    assert said.code == 0
    assert "note: the clock could not be compared with ConnectWise" in said.err


def test_the_clock_check_sends_no_extra_request(standing: Shop) -> None:
    routes = standing("-v", "plan", "--only", "usage").err
    assert routes.count("companyinfo") == 1
    assert "/system/info" not in routes


@pytest.mark.parametrize("option", [[], ["--dry-run"]], ids=["import", "dry run"])
def test_an_import_with_a_wrong_clock_saves_no_usage(standing: Shop, option: list[str]) -> None:
    before = as_it_was(standing)

    said = standing("import", *option, now=off_by(standing, minutes=60))

    assert said.code == 0
    assert "note: clock: this machine says" in said.err
    assert "the usage that this import reads is not saved" in said.err
    assert as_it_was(standing) == before
    assert standing("plan").code == 0
