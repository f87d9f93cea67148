"""If a create is refused because the object exists, the message names that object and says what to do."""

from __future__ import annotations

import httpx
import pytest

from tests.prepared import prepared
from tests.shop import ALDER, Send, Shop


def another(identifier: str) -> tuple[str, str]:
    """Return an edit of products.yaml: one product is no longer declared, and another one is."""
    text = "name: {}\nspec:\n  identifier: {}\n"
    return text.format("backup-gb-500", "BACKUP-GB-500"), text.format("another", identifier)


EXISTS = {
    "code": "InvalidObject",
    "message": "the object is invalid",
    "errors": [{"code": "ObjectExists", "message": "It exists already", "resource": "x", "field": "identifier"}],
}


@prepared
def applied(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.apply()
    return shop


async def refuses(request: httpx.Request, send: Send) -> httpx.Response:
    if request.method == "POST" and request.url.path.endswith(("/catalog", "/companies", "/contacts")):
        return httpx.Response(400, json=EXISTS)
    return await send(request)


def test_a_deleted_company_with_the_identifier_is_named(applied: Shop) -> None:
    company = applied.one("/company/companies", identifier="AlderDental")
    row = applied.tenant.tables["company"].rows[company["id"]]
    row.data["deletedFlag"] = True
    applied.tenant.version += 1
    applied.fault("deleted-hold")

    said = applied("apply", "--auto-approve")

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
def test_an_object_with_a_similar_key_is_named(applied: Shop, identifier: str, says: str) -> None:
    product = applied.one("/procurement/catalog", identifier="BACKUP-GB-500")
    applied.patch_live(f"/procurement/catalog/{product['id']}", identifier=identifier)
    applied.edit("products.yaml", *another("BACKUP-GB-501"))
    with applied.meddled(refuses):
        said = applied.apply("--only", "setup", code=4)
    assert "the plan found none with this key, but there is id" in said.out
    assert f"id {product['id']} {says}" in said.out
    assert "pin it with metadata.id" in said.out


def test_a_refusal_for_another_reason_is_shown_unchanged_and_nothing_is_looked_up(applied: Shop) -> None:
    refused = []
    looked = []

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.path.endswith("/catalog"):
            if request.method == "POST":
                refused.append(request)
                return httpx.Response(400, json={"code": "InvalidObject", "message": "the price is not allowed"})
            looked.extend([request] * bool(refused))
        return await send(request)

    applied.edit("products.yaml", *another("QUITE-ANOTHER"))
    with applied.meddled(meddle):
        said = applied.apply("--only", "setup", code=4)
    assert "the price is not allowed" in said.out
    assert "the plan found none" not in said.out
    assert "no object with this key" not in said.out
    assert looked == []


def test_without_a_similar_object_the_message_says_so(applied: Shop) -> None:
    applied.edit("products.yaml", *another("QUITE-ANOTHER"))
    with applied.meddled(refuses):
        said = applied.apply("--only", "setup", code=4)
    assert "no object with this key or a similar one can be read" in said.out
    assert "security role" in said.out


def test_if_the_look_up_fails_the_message_has_both_errors(applied: Shop) -> None:
    refused = []

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        if refused and request.url.path.endswith("/catalog"):
            return httpx.Response(403, json={"code": "Forbidden", "message": "No"})
        answer = await refuses(request, send)
        refused.extend([True] * (answer.status_code == 400))
        return answer

    applied.edit("products.yaml", *another("BACKUP-GB-501"))
    with applied.meddled(meddle):
        said = applied.apply("--only", "setup", code=4)
    assert "the existing objects could not be read" in said.out
    assert "It exists already (ObjectExists)" in said.out


def test_a_contact_is_looked_up_at_its_company(applied: Shop) -> None:
    applied.write(
        "more.yaml",
        "apiVersion: reconciler/v1\nkind: Contact\nmetadata: {name: new}\n"
        "spec: {company: alder-dental, firstName: Ann, email: new@alder.example}\n",
    )
    with applied.meddled(refuses):
        said = applied.apply("--only", "setup", code=4)
    assert "It exists already (ObjectExists)" in said.out
