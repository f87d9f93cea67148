"""A create that is refused because there is such an object: which one, and what to do."""

from __future__ import annotations

import httpx
import pytest

from tests.shop import ALDER, Send, Shop

PRODUCT = "identifier: BACKUP-GB-500\n"
EXISTS = {
    "code": "InvalidObject",
    "message": "the object is invalid",
    "errors": [{"code": "ObjectExists", "message": "It exists already", "resource": "x", "field": "identifier"}],
}


@pytest.fixture
def standing(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.apply()
    return shop


async def refuses(request: httpx.Request, send: Send) -> httpx.Response:
    if request.method == "POST" and request.url.path.endswith(("/catalog", "/companies", "/contacts")):
        return httpx.Response(400, json=EXISTS)
    return await send(request)


def test_a_deleted_company_that_holds_the_identifier_is_named(standing: Shop) -> None:
    company = standing.one("/company/companies", identifier="AlderDental")
    row = standing.tenant.tables["company"].rows[company["id"]]
    row.data["deletedFlag"] = True
    standing.tenant.version += 1
    standing.fault("deleted-hold")

    said = standing("apply", "--auto-approve")

    assert said.code == 4, said.err
    assert f'there is id {company["id"]} with identifier "AlderDental" and deletedFlag: true' in said.out
    assert "A deleted object keeps its key. Restore it or purge it" in said.out


@pytest.mark.parametrize(
    ("identifier", "says"),
    [
        ("BÄCKUP-GB-501", 'with identifier "BÄCKUP-GB-501"'),
        ("BACKUP-GB-5O1", 'with identifier "BACKUP-GB-5O1"'),
    ],
)
def test_a_near_match_that_the_plan_did_not_take_is_named(standing: Shop, identifier: str, says: str) -> None:
    product = standing.one("/procurement/catalog", identifier="BACKUP-GB-500")
    standing.patch_live(f"/procurement/catalog/{product['id']}", identifier=identifier)
    standing.edit("products.yaml", PRODUCT, "identifier: BACKUP-GB-501\n")
    with standing.meddled(refuses):
        said = standing.apply("--only", "setup", code=4)
    assert "the plan found none with this key, but there is id" in said.out
    assert f"id {product['id']} {says}" in said.out
    assert "pin it with metadata.id" in said.out


def test_a_refusal_for_another_reason_is_told_as_it_is_and_nothing_is_looked_up(standing: Shop) -> None:
    refused = []
    looked = []

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.path.endswith("/catalog"):
            if request.method == "POST":
                refused.append(request)
                return httpx.Response(400, json={"code": "InvalidObject", "message": "the price is not allowed"})
            looked.extend([request] * bool(refused))
        return await send(request)

    standing.edit("products.yaml", PRODUCT, "identifier: QUITE-ANOTHER\n")
    with standing.meddled(meddle):
        said = standing.apply("--only", "setup", code=4)
    assert "the price is not allowed" in said.out
    assert "the plan found none" not in said.out
    assert "no object with this key" not in said.out
    assert looked == []


def test_where_nothing_near_can_be_read_that_is_said(standing: Shop) -> None:
    standing.edit("products.yaml", PRODUCT, "identifier: QUITE-ANOTHER\n")
    with standing.meddled(refuses):
        said = standing.apply("--only", "setup", code=4)
    assert "no object with this key or a similar one can be read" in said.out
    assert "security role" in said.out


def test_a_look_that_fails_is_said_and_the_refusal_too(standing: Shop) -> None:
    refused = []

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        if refused and request.url.path.endswith("/catalog"):
            return httpx.Response(403, json={"code": "Forbidden", "message": "No"})
        answer = await refuses(request, send)
        refused.extend([True] * (answer.status_code == 400))
        return answer

    standing.edit("products.yaml", PRODUCT, "identifier: BACKUP-GB-501\n")
    with standing.meddled(meddle):
        said = standing.apply("--only", "setup", code=4)
    assert "the existing objects could not be read" in said.out
    assert "It exists already (ObjectExists)" in said.out


def test_a_contact_is_looked_for_at_its_company(standing: Shop) -> None:
    standing.write(
        "more.yaml",
        "apiVersion: reconciler/v1\nkind: Contact\nmetadata: {name: new}\n"
        "spec: {company: alder-dental, firstName: Ann, email: new@alder.example}\n",
    )
    with standing.meddled(refuses):
        said = standing.apply("--only", "setup", code=4)
    assert "It exists already (ObjectExists)" in said.out
