"""The next run recovers the writes of an interrupted run. No object is created twice."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import httpx
import pytest

from reconciler.applying.recover import recover
from reconciler.ledger.journal import begin_run, created_by_us, last_written, write_answer, write_intent
from reconciler.ledger.lease import hold_lock
from reconciler.ledger.store import Ledger
from tests.applying.test_apply import session_of
from tests.shop import ALDER, ALL, Send, Shop

Meddle = Callable[[httpx.Request, Send], Awaitable[httpx.Response]]


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def dies_at(path: str, death: type[BaseException], *, taken: bool, method: str = "POST") -> Meddle:
    """End the process at this write, after the server stored it or before it was sent."""

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == method and path in request.url.path:
            if taken:
                await send(request)
            raise death
        return await send(request)

    return meddle


def dies(shop: Shop, meddle: Meddle) -> None:
    """Run an apply that ends at once, like a process that is killed."""
    with shop.meddled(meddle), pytest.raises(asyncio.CancelledError):
        shop("apply", "--auto-approve")


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize(
    "path", ["/company/companies", "/company/contacts", "/managementSummaryReports", "/additions", "/integratorlogins"]
)
def test_a_run_that_died_at_a_write_is_recovered_and_nothing_is_created_twice(
    small: Shop, path: str, taken: bool
) -> None:
    dies(small, dies_at(path, asyncio.CancelledError, taken=taken))
    assert "open" in {state for _, _, state in small.journal()}

    small.apply()

    assert "open" not in {state for _, _, state in small.journal()}
    assert sum(small.counts().values()) == 3 + 5 + 4
    assert small("plan", "--detailed-exitcode").code == 0


def test_a_second_ctrl_c_ends_at_once_with_4_and_says_that_the_next_run_recovers(small: Shop) -> None:
    with small.meddled(dies_at("/company/companies", KeyboardInterrupt, taken=True)):
        said = small("apply", "--auto-approve")

    assert said.code == 4
    assert "stopped at once; requests in flight may have been carried out" in said.err
    small.apply()
    assert small.counts()["company"] == 1


def test_after_a_killed_process_the_next_run_continues_and_nothing_is_created_twice(shop: Shop) -> None:
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


def test_a_quantity_that_was_stored_before_the_run_died_is_no_drift(small: Shop) -> None:
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
    assert "150 GB used, 150 GB billed" in said.out


# ── one intent at a time ─────────────────────────────────────────────────────────────────────────────────


async def recovered(shop: Shop, method: str, path: str, body: object, **more: object) -> str:
    """Return the state of an open intent after recovery."""
    async with session_of(shop) as session:
        run = begin_run(session.ledger, "example", "sha256:0", session.context.now)
        values = {"address": "Company/alder-dental", "natural_key": {}, "now": session.context.now, **more}
        address = str(values.pop("address"))
        write_intent(session.ledger, run, address, method=method, path=path, body=body, **values)
        async with hold_lock(session.ledger, "example") as lease:
            assert await recover(session.client, lease, lambda: session.context.now) == 1
    return str(shop.journal("state")[-1][0])


@pytest.fixture
def company(small: Shop) -> str:
    """Return the path of an existing company."""
    small.apply("--only", "setup")
    return f"company/companies/{small.one('/company/companies', identifier='AlderDental')['id']}"


async def test_a_change_that_was_stored_is_done(small: Shop, company: str) -> None:
    assert await recovered(small, "PATCH", company, {"city": "Tampa"}) == "done"


async def test_a_change_that_was_not_stored_has_failed(small: Shop, company: str) -> None:
    assert await recovered(small, "PATCH", company, {"city": "Miami"}) == "failed"


async def test_a_change_of_an_object_that_was_deleted_has_failed(small: Shop, company: str) -> None:
    assert await recovered(small, "PATCH", "company/companies/999999", {"city": "Tampa"}) == "failed"


async def test_a_deletion_is_done_if_the_object_does_not_exist_and_has_failed_otherwise(
    small: Shop, company: str
) -> None:
    association = small.get(f"/{company}/typeAssociations")[0]
    path = f"{company}/typeAssociations"

    assert await recovered(small, "DELETE", f"{path}/999999", None, address=f"Company/alder-dental#{path}") == "done"
    applied = await recovered(
        small, "DELETE", f"{path}/{association['id']}", None, address=f"Company/alder-dental#{path}"
    )
    assert applied == "failed"


async def test_an_entry_of_a_subcollection_is_looked_up_by_what_was_sent(small: Shop, company: str) -> None:
    path = f"{company}/typeAssociations"
    kinds = {each["name"]: {"type": {"id": each["id"]}} for each in small.get("/company/companies/types")}
    address = f"Company/alder-dental#{path}"

    assert await recovered(small, "POST", path, kinds["Customer"], address=address) == "done"
    assert await recovered(small, "POST", path, kinds["Vendor"], address=address) == "failed"


async def test_a_create_below_an_object_that_was_deleted_has_failed(small: Shop, company: str) -> None:
    path = "finance/agreements/999999/additions"
    key = {"agreement": 999999, "product": 1, "serialNumber": "rc:x"}

    assert await recovered(small, "POST", path, {"quantity": 1}, address="Addition/x:y", natural_key=key) == "failed"


async def test_an_entry_of_a_subcollection_of_a_deleted_object_has_failed(small: Shop, company: str) -> None:
    path = "company/companies/999999/typeAssociations"

    assert await recovered(small, "POST", path, {"type": {"id": 1}}, address=f"Company/x#{path}") == "failed"


async def test_a_recovered_create_counts_as_created_by_us(small: Shop, company: str) -> None:
    body = {"identifier": "AlderDental", "city": "Tampa", "password": "(sensitive)"}
    key = {"identifier": "AlderDental"}

    assert await recovered(small, "POST", "company/companies", body, address="Company/other", natural_key=key) == "done"

    with Ledger.open(str(small.ledger), now=small.time) as ledger:
        assert created_by_us(ledger, "example")["Company/other"] == int(company.rpartition("/")[2])
        assert last_written(ledger, "example", ["Company/other"])["Company/other"]["city"] == "Tampa"


def test_nothing_is_written_while_an_intent_cannot_be_looked_up(small: Shop, company: str) -> None:
    with Ledger.open(str(small.ledger), now=small.time) as ledger:
        run = begin_run(ledger, "example", "sha256:0", small.time)
        write_intent(ledger, run, "Company/a", method="PATCH", path=company, body={}, natural_key={}, now=small.time)
    before = small.journal()
    small.fault("500@/company/companies")

    assert small("apply", "--auto-approve").code == 1
    assert small.journal() == before


# ── by id, and if nothing can be looked up ────────────────────────────────────────────────────────────────


async def recovered_post(shop: Shop, address: str, path: str, key: dict[str, object], **unknown: object) -> str:
    """Return the state of an open POST after recovery. `unknown` records first that its response was lost."""
    with Ledger.open(str(shop.ledger), now=shop.time) as ledger:
        run = begin_run(ledger, "example", "sha256:0", shop.time)
        about = {"method": "POST", "path": path, "body": dict(key), "natural_key": key, "now": shop.time}
        intent = write_intent(ledger, run, address, **about)
        if unknown:
            write_answer(ledger, intent, "unknown", now=shop.time, **unknown)
    async with session_of(shop) as session, hold_lock(session.ledger, "example") as lease:
        assert await recover(session.client, lease, lambda: session.context.now) == 1
    return str(shop.journal("state")[-1][0])


async def test_an_object_is_recovered_by_the_id_of_the_response_even_if_its_key_has_changed(
    small: Shop, company: str
) -> None:
    number = int(company.rpartition("/")[2])
    key: dict[str, object] = {"identifier": "RenamedSince"}

    assert await recovered_post(small, "Company/x", "company/companies", key, object_id=number) == "done"
    assert small.journal("object_id")[-1] == (number,)


async def test_an_object_whose_id_does_not_exist_is_looked_up_by_its_key(small: Shop, company: str) -> None:
    number = int(company.rpartition("/")[2])
    key: dict[str, object] = {"identifier": "AlderDental"}

    assert await recovered_post(small, "Company/x", "company/companies", key, object_id=999_999) == "done"
    assert small.journal("object_id")[-1] == (number,)


async def test_two_with_one_key_stop_no_other_customer(small: Shop, company: str) -> None:
    """The addition was copied meanwhile. Planning decides which of the two is ours, or reports both."""
    agreement = small.one("/finance/agreements", name="Alder Dental - Managed Backup")["id"]
    path = f"/finance/agreements/{agreement}/additions"
    product = small.one("/procurement/catalog", identifier="BACKUP-GB")["id"]
    body = {"product": {"id": product}, "billCustomer": "Billable", "quantity": 1, "serialNumber": "rc:x"}
    for _ in range(2):
        sent = small.http.post(path, json={**body, "effectiveDate": "2026-11-01T00:00:00Z"})
        assert sent.status_code == 201, sent.text
    key = {"agreement": agreement, "product": product, "serialNumber": "rc:x"}

    assert await recovered_post(small, "Addition/x:y", path.strip("/"), key) == "failed"
    assert "two objects have the natural key" in str(small.journal("error")[-1])


async def test_a_key_of_an_earlier_version_is_left_to_planning(small: Shop, company: str) -> None:
    """Planning finds the addition by its tag."""
    key: dict[str, object] = {"agreement": 1, "product": 2, "mark": "rc:x"}

    assert await recovered_post(small, "Addition/x:y", "finance/agreements/1/additions", key) == "failed"
