"""One action: what its result and the journal say, whatever the server or the ledger do."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from reconciler.applying import carry_out
from reconciler.applying.carry_out import _id_of
from reconciler.connectwise.errors import StateUnknown
from reconciler.ledger.errors import LedgerError
from tests.shop import ALDER, Send, Shop

Meddle = Callable[[httpx.Request, Send], Awaitable[httpx.Response]]


@pytest.fixture
def standing(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.apply()
    return shop


def breaks(method: str, path: str, *, taken: bool, also_get: bool = False) -> Meddle:
    """No answer to these writes; with `also_get` none to the look-ups after them, either."""
    broken = []

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        if path in request.url.path and request.method == method:
            if taken:
                await send(request)
            broken.append(True)
            raise httpx.ReadError("cut")
        if also_get and broken and path in request.url.path:
            raise httpx.ReadError("cut again")
        return await send(request)

    return meddle


@pytest.mark.parametrize("taken", [True, False])
def test_a_change_whose_answer_was_lost_is_unknown_until_the_next_run_has_looked(standing: Shop, taken: bool) -> None:
    standing.uses(ALDER, "140")
    with standing.meddled(breaks("PATCH", "/additions", taken=taken)):
        said = standing.apply("--only", "usage", code=4)
    assert re.search(
        r"^unknown +Addition/alder-dental.storage:backup-gb: .*no complete response", said.out, re.MULTILINE
    )
    assert "It may or may not have taken. Run again: it is looked at first, and done once." in said.out
    assert standing.journal("state")[-1] == ("unknown",)

    standing.uses(ALDER, "150")
    again = standing.apply("--only", "usage")

    assert "by hand" not in again.out
    assert [state for (state,) in standing.journal("state")][-2:] == ["done" if taken else "failed", "done"]


def test_a_create_whose_answer_and_look_up_were_lost_is_unknown_and_made_once(standing: Shop) -> None:
    extra = (
        "apiVersion: reconciler/v1\nkind: Contact\nmetadata: {name: new}\n"
        "spec: {company: alder-dental, firstName: New, email: new@alder-dental.example}\n"
    )
    standing.write("customers/new.yaml", extra)
    with standing.meddled(breaks("POST", "/company/contacts", taken=True, also_get=True)):
        said = standing.apply(code=4)
    assert "unknown  Contact/new" in said.out

    standing.apply()

    assert len(standing.get("/company/contacts")) == 2
    assert standing("plan", "--detailed-exitcode").code == 0


def test_a_create_that_is_not_there_after_every_try_is_failed(standing: Shop) -> None:
    standing.edit("products.yaml", "identifier: BACKUP-GB-500\n", "identifier: BACKUP-GB-501\n")
    with standing.meddled(breaks("POST", "/procurement/catalog", taken=False)):
        said = standing.apply(code=4)

    assert "failed   Product/backup-gb-500" in said.out
    assert standing.journal("state")[-1] == ("failed",)


def test_an_answer_without_an_id_is_looked_up_and_not_made_twice(standing: Shop) -> None:
    async def without_id(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        if request.method == "POST" and request.url.path.endswith("/procurement/catalog"):
            body = re.sub(rb'"id":\d+,', b"", answer.content, count=1)
            return httpx.Response(answer.status_code, content=body)
        return answer

    standing.edit("products.yaml", "identifier: BACKUP-GB-500\n", "identifier: BACKUP-GB-501\n")
    with standing.meddled(without_id):
        standing.apply()
    assert len(standing.get("/procurement/catalog", conditions='identifier="BACKUP-GB-501"')) == 1

    assert standing.apply().out.endswith("Applied: nothing to do.\n")
    assert standing.journal("state")[-1] == ("done",)


def test_an_answer_that_the_ledger_cannot_take_down_is_unknown_and_not_made_twice(standing: Shop) -> None:
    def full(*_about: object, **_more: object) -> None:
        raise LedgerError("the disk is full; the ledger could not be written", where="ledger.sqlite")

    standing.edit("products.yaml", "identifier: BACKUP-GB-500\n", "identifier: BACKUP-GB-501\n")
    with standing.patch.context() as patch:
        patch.setattr(carry_out, "write_answer", full)
        said = standing.apply(code=4)
    assert "ConnectWise has answered (done), but that could not be noted: the disk is full" in said.out

    standing.apply()
    assert len(standing.get("/procurement/catalog", conditions='identifier="BACKUP-GB-501"')) == 1


def test_an_intent_that_the_ledger_cannot_take_down_is_not_sent(standing: Shop) -> None:
    def full(*_about: object, **_more: object) -> int:
        raise LedgerError("the disk is full; the ledger could not be written", where="ledger.sqlite")

    standing.edit("products.yaml", "identifier: BACKUP-GB-500\n", "identifier: BACKUP-GB-501\n")
    with standing.patch.context() as patch:
        patch.setattr(carry_out, "write_intent", full)
        said = standing.apply(code=4)

    assert "failed   Product/backup-gb-500: ledger.sqlite: the disk is full" in said.out
    assert standing.get("/procurement/catalog", conditions='identifier="BACKUP-GB-501"') == []


def test_what_the_server_refuses_is_told_with_the_field_and_journalled(standing: Shop) -> None:
    async def refuse(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == "PATCH":
            errors = [{"code": "InvalidField", "message": "The city is too far away", "field": "city"}]
            return httpx.Response(400, json={"code": "InvalidObject", "message": "no", "errors": errors})
        return await send(request)

    standing.edit("customers/alder-dental.yaml", "city: Tampa", "city: Ultima Thule")
    with standing.meddled(refuse):
        said = standing.apply(code=4)

    assert "city: The city is too far away (InvalidField)" in said.out
    assert standing.journal("state")[-1] == ("failed",)


def test_a_false_yes_to_an_entry_below_an_object_is_a_failure(standing: Shop) -> None:
    async def cheat(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/typeAssociations"):
            return httpx.Response(201, json={"id": 77, "type": {"id": 999}})
        return await send(request)

    standing.edit("customers/alder-dental.yaml", "city: Tampa", "types: [Customer, Vendor], city: Tampa")
    with standing.meddled(cheat):
        said = standing.apply(code=4)

    assert "ConnectWise reported success, but type is" in said.out
    company = standing.one("/company/companies", identifier="AlderDental")["id"]
    assert f"Company/alder-dental#company/companies/{company}/typeAssociations" in standing.journal("address")[-1]


def test_an_answer_without_an_id_leaves_open_whether_the_write_took() -> None:
    with pytest.raises(StateUnknown, match="the answer holds no id"):
        _id_of({}, "PATCH", "company/companies/1")
