"""One action: its result and its records in the ledger, for every failure of the server or of the ledger."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from reconciler.applying import carry_out
from reconciler.applying.carry_out import _id_of
from reconciler.connectwise.errors import StateUnknown
from reconciler.ledger.errors import LedgerError
from tests.prepared import prepared
from tests.shop import ALDER, Send, Shop

ANOTHER_PRODUCT = (
    "name: backup-gb-500\nspec:\n  identifier: BACKUP-GB-500\n",
    "name: backup-gb-501\nspec:\n  identifier: BACKUP-GB-501\n",
)
"""An edit of products.yaml: one product is no longer declared, and another one is."""

Meddle = Callable[[httpx.Request, Send], Awaitable[httpx.Response]]


@prepared
def applied(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.apply()
    return shop


def breaks(method: str, path: str, *, taken: bool, also_get: bool = False) -> Meddle:
    """Drop the responses to these writes, and with `also_get` those to the look-ups after them."""
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
def test_a_change_whose_response_was_lost_is_unknown_until_the_next_run_looks_it_up(applied: Shop, taken: bool) -> None:
    applied.uses(ALDER, "140")
    with applied.meddled(breaks("PATCH", "/additions", taken=taken)):
        said = applied.apply("--only", "usage", code=4)
    assert re.search(
        r"^unknown +Addition/alder-dental.storage:backup-gb: .*no complete response", said.out, re.MULTILINE
    )
    assert (
        "The change may or may not have been made. Run again: the object is read first, and the change is made once."
        in said.out
    )
    assert applied.journal("state")[-1] == ("unknown",)

    applied.uses(ALDER, "150")
    again = applied.apply("--only", "usage")

    assert "by hand" not in again.out
    assert [state for (state,) in applied.journal("state")][-2:] == ["done" if taken else "failed", "done"]


def test_a_create_whose_response_and_look_up_were_lost_is_unknown_and_creates_one_object(applied: Shop) -> None:
    extra = (
        "apiVersion: reconciler/v1\nkind: Contact\nmetadata: {name: new}\n"
        "spec: {company: alder-dental, firstName: New, email: new@alder-dental.example}\n"
    )
    applied.write("customers/new.yaml", extra)
    with applied.meddled(breaks("POST", "/company/contacts", taken=True, also_get=True)):
        said = applied.apply(code=4)
    assert "unknown  Contact/new" in said.out

    applied.apply()

    assert len(applied.get("/company/contacts")) == 2
    assert applied("plan", "--detailed-exitcode").code == 0


def test_a_create_has_failed_if_the_object_does_not_exist_after_all_tries(applied: Shop) -> None:
    applied.edit("products.yaml", *ANOTHER_PRODUCT)
    with applied.meddled(breaks("POST", "/procurement/catalog", taken=False)):
        said = applied.apply(code=4)

    assert "failed   Product/backup-gb-501" in said.out
    assert applied.journal("state")[-1] == ("failed",)


def test_after_a_response_without_an_id_the_object_is_looked_up_and_not_created_twice(applied: Shop) -> None:
    async def without_id(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        if request.method == "POST" and request.url.path.endswith("/procurement/catalog"):
            body = re.sub(rb'"id":\d+,', b"", answer.content, count=1)
            return httpx.Response(answer.status_code, content=body)
        return answer

    applied.edit("products.yaml", *ANOTHER_PRODUCT)
    with applied.meddled(without_id):
        applied.apply()
    assert len(applied.get("/procurement/catalog", conditions='identifier="BACKUP-GB-501"')) == 1

    assert applied.apply().out.endswith("Applied: nothing to do.\n")
    assert applied.journal("state")[-1] == ("done",)


def test_a_response_that_cannot_be_recorded_is_unknown_and_the_object_is_not_created_twice(applied: Shop) -> None:
    def full(*_about: object, **_more: object) -> None:
        raise LedgerError("the disk is full; the ledger could not be written", where="ledger.sqlite")

    applied.edit("products.yaml", *ANOTHER_PRODUCT)
    with applied.patch.context() as patch:
        patch.setattr(carry_out, "write_answer", full)
        said = applied.apply(code=4)
    assert "ConnectWise answered (done), but the response could not be recorded: the disk is full" in said.out

    applied.apply()
    assert len(applied.get("/procurement/catalog", conditions='identifier="BACKUP-GB-501"')) == 1


def test_if_the_intent_cannot_be_recorded_nothing_is_sent(applied: Shop) -> None:
    def full(*_about: object, **_more: object) -> int:
        raise LedgerError("the disk is full; the ledger could not be written", where="ledger.sqlite")

    applied.edit("products.yaml", *ANOTHER_PRODUCT)
    with applied.patch.context() as patch:
        patch.setattr(carry_out, "write_intent", full)
        said = applied.apply(code=4)

    assert "failed   Product/backup-gb-501: ledger.sqlite: the disk is full" in said.out
    assert applied.get("/procurement/catalog", conditions='identifier="BACKUP-GB-501"') == []


def test_a_refusal_is_shown_with_the_field_and_recorded(applied: Shop) -> None:
    async def refuse(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == "PATCH":
            errors = [{"code": "InvalidField", "message": "The city is too far away", "field": "city"}]
            return httpx.Response(400, json={"code": "InvalidObject", "message": "no", "errors": errors})
        return await send(request)

    applied.edit("customers/alder-dental.yaml", "city: Tampa", "city: Ultima Thule")
    with applied.meddled(refuse):
        said = applied.apply(code=4)

    assert "city: The city is too far away (InvalidField)" in said.out
    assert applied.journal("state")[-1] == ("failed",)


def test_a_subcollection_entry_that_was_not_stored_is_a_failure(applied: Shop) -> None:
    async def cheat(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/typeAssociations"):
            return httpx.Response(201, json={"id": 77, "type": {"id": 999}})
        return await send(request)

    applied.edit("customers/alder-dental.yaml", "city: Tampa", "types: [Customer, Vendor], city: Tampa")
    with applied.meddled(cheat):
        said = applied.apply(code=4)

    assert "ConnectWise reported success, but type is" in said.out
    company = applied.one("/company/companies", identifier="AlderDental")["id"]
    assert f"Company/alder-dental#company/companies/{company}/typeAssociations" in applied.journal("address")[-1]


def test_a_response_without_an_id_has_an_unknown_result() -> None:
    with pytest.raises(StateUnknown, match="the response has no id"):
        _id_of({}, "PATCH", "company/companies/1")
