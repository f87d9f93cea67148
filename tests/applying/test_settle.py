"""What a run that died has left, settled by the next one: nothing is made twice, nothing is forgotten."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import httpx
import pytest

from reconciler.applying.settle import settle
from reconciler.ledger.journal import begin_run, last_written, made_by_us, write_intent
from reconciler.ledger.lock import hold
from reconciler.ledger.store import Ledger
from tests.applying.test_apply import session_of
from tests.shop import ALDER, ALL, Send, Shop

Meddle = Callable[[httpx.Request, Send], Awaitable[httpx.Response]]


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def dies_at(path: str, death: type[BaseException], *, taken: bool, method: str = "POST") -> Meddle:
    """The process ends at this write: after the server took it, or before it was sent."""

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == method and path in request.url.path:
            if taken:
                await send(request)
            raise death
        return await send(request)

    return meddle


def dies(shop: Shop, meddle: Meddle) -> None:
    """An apply that ends like a process that is killed: at once, wherever it was."""
    with shop.meddled(meddle), pytest.raises(asyncio.CancelledError):
        shop("apply", "--auto-approve")


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize(
    "path", ["/company/companies", "/company/contacts", "/managementSummaryReports", "/additions", "/integratorlogins"]
)
def test_a_run_that_died_at_a_write_is_settled_by_the_next_and_nothing_is_made_twice(
    small: Shop, path: str, taken: bool
) -> None:
    dies(small, dies_at(path, asyncio.CancelledError, taken=taken))
    assert "open" in {state for _, _, state in small.journal()}

    small.apply()

    assert "open" not in {state for _, _, state in small.journal()}
    assert sum(small.counts().values()) == 3 + 5 + 4
    assert small("plan", "--detailed-exitcode").code == 0


def test_a_second_ctrl_c_ends_at_once_with_4_and_says_that_the_next_run_looks_first(small: Shop) -> None:
    with small.meddled(dies_at("/company/companies", KeyboardInterrupt, taken=True)):
        said = small("apply", "--auto-approve")

    assert said.code == 4
    assert "ended at once: what was under way may have been done. Run again: that is looked up first" in said.err
    small.apply()
    assert small.counts()["company"] == 1


def test_a_killed_process_is_gone_on_from_and_nothing_is_made_twice(shop: Shop) -> None:
    shop.sandbox.latency_ms = 25
    process = shop.start("apply", "--auto-approve")
    shop.until(lambda: shop.counts()["company"] > 1, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    shop.sandbox.latency_ms = 0
    assert shop.counts() != ALL

    assert shop.apply().code == 0

    assert dict(shop.counts()) == ALL
    assert "open" not in {state for _, _, state in shop.journal()}
    assert shop("plan", "--detailed-exitcode").code == 0


def test_a_quantity_that_took_before_the_run_died_is_no_edit_by_hand(small: Shop) -> None:
    small.apply()
    small.advance()
    small.uses(ALDER, "140")
    with (
        small.meddled(dies_at("/additions", asyncio.CancelledError, taken=True, method="PATCH")),
        pytest.raises(asyncio.CancelledError),
    ):
        small("apply", "--auto-approve", "--only", "usage")
    small.advance()
    small.uses(ALDER, "150")

    said = small.apply("--only", "usage")

    assert "by hand" not in said.out
    assert "usage: 150 used, 150 billed" in said.out


# ── one intent at a time ─────────────────────────────────────────────────────────────────────────────────


async def settled(shop: Shop, method: str, path: str, body: object, **more: object) -> str:
    """The state in which an open intent ends."""
    async with session_of(shop) as session:
        run = begin_run(session.ledger, "example", "sha256:0", session.context.now)
        values = {"address": "Company/alder-dental", "natural_key": {}, "now": session.context.now, **more}
        address = str(values.pop("address"))
        write_intent(session.ledger, run, address, method=method, path=path, body=body, **values)
        async with hold(session.ledger, "example") as lease:
            assert await settle(session.client, lease, lambda: session.context.now) == 1
    return str(shop.journal("state")[-1][0])


@pytest.fixture
def company(small: Shop) -> str:
    """The path of a company that stands."""
    small.apply("--only", "setup")
    return f"company/companies/{small.one('/company/companies', identifier='AlderDental')['id']}"


async def test_a_change_that_took_is_done(small: Shop, company: str) -> None:
    assert await settled(small, "PATCH", company, {"city": "Tampa"}) == "done"


async def test_a_change_that_did_not_take_is_failed(small: Shop, company: str) -> None:
    assert await settled(small, "PATCH", company, {"city": "Miami"}) == "failed"


async def test_a_change_of_something_deleted_since_is_failed(small: Shop, company: str) -> None:
    assert await settled(small, "PATCH", "company/companies/999999", {"city": "Tampa"}) == "failed"


async def test_a_deletion_of_what_is_gone_is_done_and_of_what_stands_failed(small: Shop, company: str) -> None:
    association = small.get(f"/{company}/typeAssociations")[0]
    path = f"{company}/typeAssociations"

    assert await settled(small, "DELETE", f"{path}/999999", None, address=f"Company/alder-dental#{path}") == "done"
    standing = await settled(
        small, "DELETE", f"{path}/{association['id']}", None, address=f"Company/alder-dental#{path}"
    )
    assert standing == "failed"


async def test_an_entry_below_an_object_is_known_by_what_was_sent(small: Shop, company: str) -> None:
    path = f"{company}/typeAssociations"
    kinds = {each["name"]: {"type": {"id": each["id"]}} for each in small.get("/company/companies/types")}
    address = f"Company/alder-dental#{path}"

    assert await settled(small, "POST", path, kinds["Customer"], address=address) == "done"
    assert await settled(small, "POST", path, kinds["Vendor"], address=address) == "failed"


async def test_something_made_below_an_object_that_was_deleted_since_is_failed(small: Shop, company: str) -> None:
    path = "finance/agreements/999999/additions"
    key = {"agreement": 999999, "product": 1, "serialNumber": "rc:x"}

    assert await settled(small, "POST", path, {"quantity": 1}, address="Addition/x:y", natural_key=key) == "failed"


async def test_what_was_made_counts_as_made_by_us_once_it_is_settled(small: Shop, company: str) -> None:
    body = {"identifier": "AlderDental", "city": "Tampa", "password": "(sensitive)"}
    key = {"identifier": "AlderDental"}

    assert await settled(small, "POST", "company/companies", body, address="Company/other", natural_key=key) == "done"

    with Ledger.open(str(small.ledger), now=small.time) as ledger:
        assert made_by_us(ledger, "example")["Company/other"] == int(company.rpartition("/")[2])
        assert last_written(ledger, "example", ["Company/other"])["Company/other"]["city"] == "Tampa"


def test_nothing_is_written_while_an_intent_cannot_be_looked_up(small: Shop, company: str) -> None:
    with Ledger.open(str(small.ledger), now=small.time) as ledger:
        run = begin_run(ledger, "example", "sha256:0", small.time)
        write_intent(ledger, run, "Company/a", method="PATCH", path=company, body={}, natural_key={}, now=small.time)
    before = small.journal()
    small.fault("500@/company/companies")

    assert small("apply", "--auto-approve").code == 1
    assert small.journal() == before
