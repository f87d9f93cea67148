"""Applying plans over real HTTP: refusals before the first write, the lock, lost responses, and messages."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.applying.apply import ApplyOptions, apply, check_guardrails, workspace_lock
from reconciler.cli.context import Context
from reconciler.cli.planning import PlanOptions, make_plan
from reconciler.cli.session import Session, open_session
from reconciler.errors import ReconcilerError, Refused
from reconciler.ledger import journal, schema
from reconciler.ledger import lease as leases
from reconciler.ledger.errors import LedgerError, LostLease
from reconciler.planning.approvals import parse_approvals
from reconciler.planning.outcome import Outcome, Result
from reconciler.planning.plan import Plan, Tripped
from tests.applying.builders import plan as plan_of
from tests.shop import ALDER, ALL, Send, Shop


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


@asynccontextmanager
async def session_of(shop: Shop) -> AsyncIterator[Session]:
    context = Context(shop.folder, None, False, False, False, shop.time, {**shop.variables})
    async with open_session(context) as session:
        yield session


async def applied_plan(session: Session, plan: Plan, **more: Any) -> Outcome:
    """Apply a plan under the lock of the workspace."""
    options = ApplyOptions(**{"clock": lambda: session.context.now, "secret": session.secret, **more})
    async with workspace_lock(session.client, session.ledger, "example", options.clock) as lease:
        return await apply(session.client, session.ledger, plan, options, lease)


TRIPPED = plan_of().model_copy(
    update={
        "guardrails": (
            Tripped(name="drift", address="Addition/a", message="quantity 1 → 900"),
            Tripped(name="money", message="the month's total changes by 900"),
        )
    }
)


def test_a_guardrail_refuses_the_plan_and_shows_how_to_approve_it() -> None:
    with pytest.raises(Refused) as refused:
        check_guardrails(TRIPPED, ())

    assert "drift: Addition/a: quantity 1 → 900" in str(refused.value)
    assert "--approve drift --approve money" in refused.value.advice


def test_each_guardrail_is_approved_by_its_own_name() -> None:
    with pytest.raises(Refused, match="money"):
        check_guardrails(TRIPPED, parse_approvals(["drift"]))
    check_guardrails(TRIPPED, parse_approvals(["drift", "money"]))


async def test_each_action_runs_once_and_its_result_has_an_id(small: Shop) -> None:
    reported: list[Result] = []
    async with session_of(small) as session:
        plan = (await make_plan(session, PlanOptions())).plan
        outcome = await applied_plan(session, plan, recheck=False, on_result=reported.append)

    assert outcome.complete
    assert {result.address for result in reported} == {action.address for action in plan.actions}
    assert all(result.id for result in outcome.results)
    company = small.one("/company/companies", identifier="AlderDental")
    assert next(each.id for each in outcome.results if each.address == "Company/alder-dental") == company["id"]


async def test_one_error_names_all_missing_secrets(small: Shop) -> None:
    def no_secret(setting: Any) -> str:
        raise ReconcilerError(f"{setting['env']} is not set", where="password", advice="Set it.")

    async with session_of(small) as session:
        plan = (await make_plan(session, PlanOptions())).plan
        twice = [
            action.model_copy(update={"address": f"{action.address}-{number}"})
            for action in plan.actions
            if any(change.sensitive for change in action.changes)
            for number in (1, 2)
        ]
        with pytest.raises(ReconcilerError, match="2 secrets cannot be read") as error:
            await applied_plan(
                session, plan.model_copy(update={"actions": tuple(twice)}), secret=no_secret, recheck=False
            )

    assert str(error.value).count("is not set") == 2


async def test_a_missing_secret_is_an_error_before_anything_is_written(small: Shop) -> None:
    def no_secret(_setting: object) -> str:
        raise ReconcilerError("$COVE_PASSWORD is not set")

    async with session_of(small) as session:
        plan = (await make_plan(session, PlanOptions())).plan
        with pytest.raises(ReconcilerError, match="COVE_PASSWORD"):
            await applied_plan(session, plan, secret=no_secret)

    assert not any(small.counts().values())


async def test_only_one_apply_holds_the_lock_at_a_time(small: Shop) -> None:
    async with session_of(small) as session:
        lock = partial(workspace_lock, session.client, session.ledger, "example", lambda: session.context.now)
        async with lock():
            with pytest.raises(Refused, match="another apply of workspace example is running"):
                async with lock():
                    pass
        async with lock():
            pass


async def test_the_lock_is_released_when_an_apply_is_refused(small: Shop) -> None:
    async with session_of(small) as session:
        plan = (await make_plan(session, PlanOptions())).plan.model_copy(update={"guardrails": TRIPPED.guardrails})
        for _ in range(2):
            with pytest.raises(Refused, match="guardrails tripped"):
                await applied_plan(session, plan)


def taken_over(session: Session) -> None:
    """Let another run take the lock, as it may when this one has not renewed it in time."""
    with session.ledger.write() as connection:
        connection.execute(schema.locks.update().values(token="another"))


async def test_a_run_that_lost_its_lock_starts_no_new_action(small: Shop) -> None:
    notices: list[str] = []

    async with session_of(small) as session:
        plan = (await make_plan(session, PlanOptions())).plan
        outcome = await applied_plan(session, plan, on_result=lambda _: taken_over(session), on_notice=notices.append)

    assert outcome.interrupted
    assert outcome.count("skipped")
    assert not outcome.complete
    assert len(notices) == 1
    assert "another run has taken over the lock of workspace example; this run sends no more changes" in notices[0]


async def test_a_run_that_lost_its_lock_before_its_first_write_is_refused(
    small: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = "reconciler.applying.apply._tables"

    async with session_of(small) as session:
        plan = (await make_plan(session, PlanOptions())).plan

        async def meanwhile(*_about: Any) -> dict[str, Any]:
            taken_over(session)
            return {}

        monkeypatch.setattr(tables, meanwhile)
        with pytest.raises(LostLease, match="another run has taken over") as refused:
            await applied_plan(session, plan)

    assert refused.value.exit_code == 3
    assert "Nothing was written" in refused.value.advice
    assert not any(small.counts().values())


async def test_a_request_that_waited_while_the_lock_was_lost_is_not_sent(small: Shop) -> None:
    """The process pauses after it recorded the intent, for longer than its lock lasts. It sends nothing afterwards."""
    async with session_of(small) as session:
        plan = (await make_plan(session, PlanOptions())).plan
        find, sent = session.client._session._limiter.acquire, []

        async def enter() -> Any:
            if small.journal():
                taken_over(session)
                lease._renewed -= 100
                sent.append(True)
            return await find()

        options = ApplyOptions(clock=lambda: session.context.now, secret=session.secret)
        async with workspace_lock(session.client, session.ledger, "example", options.clock) as lease:
            session.client._session._limiter.acquire = enter
            outcome = await apply(session.client, session.ledger, plan, options, lease)
            session.client._session._limiter.acquire = find

    assert sent
    assert outcome.count("unknown")
    assert outcome.count("done") == outcome.count("failed") == 0
    assert not any(small.counts().values())
    assert {state for _, _, state in small.journal()} == {"open"}
    with closing(sqlite3.connect(small.ledger)) as ledger, ledger:
        ledger.execute("DELETE FROM locks")
    async with session_of(small) as session:
        assert (await applied_plan(session, (await make_plan(session, PlanOptions())).plan)).complete
        assert not (await make_plan(session, PlanOptions())).plan.actions


async def test_a_write_is_not_sent_if_the_lock_cannot_be_confirmed(
    small: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_lease: leases.Lease) -> None:
        raise LedgerError("the disk is full")

    async with session_of(small) as session:
        plan = (await make_plan(session, PlanOptions())).plan
        options = ApplyOptions(clock=lambda: session.context.now, secret=session.secret)
        async with workspace_lock(session.client, session.ledger, "example", options.clock) as lease:

            async def meanwhile(*_about: Any) -> dict[str, Any]:
                lease._renewed -= 100
                return {}

            with monkeypatch.context() as patch:
                patch.setattr("reconciler.applying.apply._tables", meanwhile)
                patch.setattr(leases.Lease, "renew", full)
                outcome = await apply(session.client, session.ledger, plan, options, lease)

        assert outcome.count("unknown")
        assert not outcome.count("done")
        assert "the disk is full" in str(outcome.results)
        assert not any(small.counts().values())
        assert (await applied_plan(session, (await make_plan(session, PlanOptions())).plan)).complete


async def test_if_the_end_of_a_run_cannot_be_recorded_a_notice_says_so_and_the_outcome_is_returned(
    small: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_about: object, **_more: object) -> None:
        raise LedgerError("the disk is full", where="ledger")

    notices: list[str] = []
    monkeypatch.setattr("reconciler.applying.apply.end_run", full)
    async with session_of(small) as session:
        outcome = await applied_plan(session, (await make_plan(session, PlanOptions())).plan, on_notice=notices.append)

    assert outcome.complete
    assert notices == ["the end of this run could not be recorded in the ledger: ledger: the disk is full"]


async def test_if_the_lock_cannot_be_released_the_outcome_is_returned(
    small: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session_of(small) as session:
        held = leases.hold_lock

        class Full:
            def __init__(self, *about: Any, **more: Any) -> None:
                self.inner = held(*about, **more)

            async def __aenter__(self) -> Any:
                return await self.inner.__aenter__()

            async def __aexit__(self, *about: Any) -> None:
                await self.inner.__aexit__(*about)
                raise LedgerError("the disk is full")

        monkeypatch.setattr("reconciler.applying.apply.hold_lock", Full)
        assert (await applied_plan(session, (await make_plan(session, PlanOptions())).plan)).complete
        with pytest.raises(LedgerError, match="disk is full"):
            async with workspace_lock(session.client, session.ledger, "example", lambda: session.context.now):
                raise LedgerError("and in the middle, too")


async def test_after_a_stop_requests_in_flight_finish_and_the_next_run_does_the_rest(small: Shop) -> None:
    stop = asyncio.Event()
    async with session_of(small) as session:
        plan = (await make_plan(session, PlanOptions())).plan
        first = await applied_plan(session, plan, stop=stop, on_result=lambda _result: stop.set())
        second = await applied_plan(session, plan)

    assert first.interrupted
    assert not first.complete
    assert second.complete
    assert second.count("already") == first.count("done")
    assert {**small.counts()} == {
        **ALL,
        "company": 1,
        "contact": 1,
        "agreement": 1,
        "managementSummary": 1,
        "addition": 1,
    }


# ── lost responses ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "fault", ["drop:every=2", "drop:every=3@/company", "drop@/apis/3.0", "drop:every=2@/additions"]
)
def test_after_lost_responses_nothing_is_created_twice_and_a_second_plan_is_empty(shop: Shop, fault: str) -> None:
    shop.fault(fault)

    said = shop("apply", "--auto-approve")
    shop.fault()

    assert said.code == 0, said.out[-1000:] + said.err
    assert dict(shop.counts()) == ALL
    assert shop("plan", "--detailed-exitcode").code == 0
    assert {state for _, _, state in shop.journal()} == {"done"}


def failing_posts(path: str) -> Callable[[httpx.Request, Send], Awaitable[httpx.Response]]:
    async def fail(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith(path):
            return httpx.Response(500, text="no")
        return await send(request)

    return fail


def test_a_failed_create_stops_no_other_action_and_a_second_run_continues(shop: Shop) -> None:
    with shop.meddled(failing_posts("/company/contacts")):
        said = shop.apply(code=4)

    assert re.search(r"^failed +Contact/alder-dental: .*ConnectWise responded with 500", said.out, re.MULTILINE)
    assert "skipped  Agreement/alder-dental: skipped because Contact/alder-dental failed" in said.out
    assert said.out.splitlines()[-1] == (
        "Applied: 12 done, 5 failed, 17 skipped. Fix the cause and run again; completed changes are not repeated."
    )

    assert shop.apply().out.splitlines()[-1] == "Applied: 22 done."
    assert dict(shop.counts()) == ALL


def test_a_field_that_was_not_stored_is_a_failure(small: Shop) -> None:
    async def cheat(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        if "/company/companies" in str(request.url):
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content.replace(b"Tampa", b"")
            )
        return answer

    with small.meddled(cheat):
        said = small.apply(code=4)

    assert 'ConnectWise reported success, but city is empty instead of "Tampa"' in said.out
    company = small.one("/company/companies", identifier="AlderDental")
    written = small.journal("address, state, object_id")
    assert ("Company/alder-dental", "failed", company["id"]) in written


def test_the_intent_is_recorded_before_each_write_and_the_response_after_it(small: Shop) -> None:
    states: list[str] = []

    async def watch(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == "POST":
            states.append(small.journal("state")[-1][0])
        return await send(request)

    with small.meddled(watch):
        small.apply()

    assert states
    assert set(states) == {"open"}
    assert all(
        state == "done" and sent <= answered and number
        for state, sent, answered, number in small.journal("state, sent_at, answered_at, object_id")
    )


def test_no_secret_is_in_the_ledger_even_if_the_server_repeats_it(small: Shop) -> None:
    small.patch.setenv("COVE_PASSWORD", small.variables["COVE_PASSWORD"])
    password = small.variables["COVE_PASSWORD"]

    async def echo(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        if request.method == "POST" and str(request.url).endswith("/integratorlogins"):
            body = answer.content.replace(b'"username"', b'"password":"' + password.encode() + b'","username"')
            return httpx.Response(answer.status_code, headers=[("content-type", "application/json")], content=body)
        return answer

    with small.meddled(echo):
        small.apply()

    assert not [secret for secret in small.secrets() if secret.encode() in small.kept_bytes()]
    bodies = [body for (body,) in small.journal("body") if "backup-billing" in body]
    assert len(bodies) == 1
    assert "(sensitive)" in bodies[0]


def test_a_run_is_recorded_with_its_plan_and_its_outcome(small: Shop, tmp_path: Path) -> None:
    small("plan", "--out", str(tmp_path / "plan.json"))
    small("apply", str(tmp_path / "plan.json"))

    assert journal.created_by_us  # the ledger is what `undeclared` reads
    (tmp_path / "manifests/customers/alder-dental.yaml").unlink()
    said = small("plan")
    assert "Company/alder-dental: no longer declared (id" in said.out
