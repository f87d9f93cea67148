"""Responses of ConnectWise from end to end: each form of paging, wrong values, lost responses and unusual names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.connectwise.test_paging_forms import FORMS
from tests.prepared import prepared
from tests.shop import ALDER, CEDAR, Send, Shop

COMPANY = """
---
apiVersion: reconciler/v1
kind: Company
metadata: {{name: many-{number:04}}}
spec: {{identifier: Many{number:04}, name: Many {number:04}, city: Tampa, status: Active, types: [Customer]}}
"""


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


@prepared
def applied(small: Shop) -> Shop:
    small.apply()
    return small


# ── paging ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_created_twice_with_any_form_of_paging(small: Shop, form: str) -> None:
    """There are more companies than fit on one page. A company that is missed would be created again."""
    small.write("many.yaml", "".join(COMPANY.format(number=number) for number in range(50)))
    capped = [fault.replace("size=250", "size=10") for fault in FORMS[form]]
    small.fault(*(capped if any("page-cap" in fault for fault in capped) else [*capped, "page-cap:size=10"]))

    small.apply()
    again = small("apply", "--auto-approve")

    assert again.out.endswith("Applied: nothing to do.\n"), again.out[-500:]
    names = [row.data["identifier"] for row in small.tenant.tables["company"].rows.values()]
    assert len(names) == len(set(names))
    assert small("plan", "--detailed-exitcode").code == 0


def test_objects_after_the_first_navigable_page_are_all_found(small: Shop) -> None:
    """The tenant ignores forward-only paging. Objects after the first page must not be missed."""
    for number in range(1000):
        small.tenant.create("company", {"identifier": f"Other{number}", "name": f"Other {number}", "city": "Tampa"})
    small.write("many.yaml", "".join(COMPANY.format(number=number) for number in range(50)))
    small.fault("navigable")
    small.apply("--only", "setup")
    assert small("apply", "--auto-approve", "--only", "setup").out.endswith("Applied: nothing to do.\n")
    names = [row.data["identifier"] for row in small.tenant.tables["company"].rows.values()]
    assert len(names) == len(set(names)) > 1050


@pytest.mark.parametrize("fault", ["link-cursor", "link-loop"])
def test_a_list_that_cannot_be_read_to_its_end_stops_the_run(applied: Shop, fault: str) -> None:
    applied.write("many.yaml", "".join(COMPANY.format(number=number) for number in range(60)))
    applied.apply("--only", "setup")
    applied.fault("page-cap:size=25", fault)
    said = applied("plan", "--only", "setup")
    assert said.code == 1
    assert "the list was not read to its end" in " ".join(said.err.lower().split())
    assert "Traceback" not in said.err


# ── responses of the wrong shape ─────────────────────────────────────────────────────────────────────────────


def meddling(path: str, change: Callable[[Any], Any]) -> Callable[[httpx.Request, Send], Any]:
    """Change the JSON of the lists below a path by a function."""

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        if request.method != "GET" or not request.url.path.rstrip("/").endswith(path) or answer.status_code != 200:
            return answer
        body = change(json.loads(answer.content))
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(200, content=content)

    return meddle


def every(**fields: Any) -> Callable[[Any], Any]:
    return lambda rows: [{**row, **fields} for row in rows]


def without(field: str) -> Callable[[Any], Any]:
    return lambda rows: [{name: each for name, each in row.items() if name != field} for row in rows]


ODD: list[tuple[str, Callable[[Any], Any], str]] = [
    ("/company/companies", every(id={}), "id is {}, but an id is expected"),
    ("/company/companies", every(id="7"), 'id is the text "7", but an id is expected'),
    ("/company/companies", every(id=7.5), "id is the number 7.5, but an id is expected"),
    ("/company/companies", every(id=True), "id is true, but an id is expected"),
    ("/company/companies", every(id=int("9" * 400)), "but an id is expected"),
    ("/company/companies", lambda rows: [None, *rows], "null, but an object is expected"),
    ("/company/companies", lambda rows: {"rows": rows}, "not a list of objects"),
    ("/company/companies", every(_info=[]), "_info is [], but an object is expected"),
    ("/company/companies", every(_info={"lastUpdated": 7}), "_info.lastUpdated is the number 7"),
    ("/company/companies", every(identifier=["AlderDental"]), "identifier is a list, but text is expected"),
    ("/company/companies", every(status="Active"), 'status is the text "Active", but an object is expected'),
    ("/company/companies", every(status={"name": "Active"}), "status has no id"),
    ("/company/companies", every(types={"id": 1}), "types is an object, but a list is expected"),
    ("/company/companies", every(types=[None]), "types[0] is null, but an object is expected"),
    ("/company/companies", every(deletedFlag="false"), 'deletedFlag is the text "false", but true or false'),
    ("/company/contacts", every(communicationItems="x"), "communicationItems is the text"),
    ("/company/contacts", every(communicationItems=["x"]), "communicationItems[0] is the text"),
    ("/company/contacts", every(company=[]), "company is [], but an object is expected"),
    ("/company/companies/statuses", lambda rows: [{"name": "Active"}], "has no id"),
    ("/company/companies/statuses", every(name={}), "name is {}, but text is expected"),
    ("/procurement/subcategories", every(category=7), "category is the number 7"),
    ("/procurement/catalog", every(price="12.50"), 'price is the text "12.50", but a number is expected'),
    ("/procurement/catalog", lambda rows: b'[{"id":1,"price":1e400}]', "price is the number 1.0000e+400"),
    ("/procurement/catalog", lambda rows: b'[{"id":1,"id":2}]', "contains 'id' twice in one object"),
    ("/finance/agreements", every(company="Alder"), 'company is the text "Alder"'),
    ("/finance/agreements", every(startDate=20261101), "startDate is the number 20261101"),
    ("/finance/agreements", every(startDate="soon"), 'startDate is the text "soon", but a date is expected'),
    ("/managementSummaryReports", every(managementSolution="Cove"), "managementSolution is the text"),
    ("/finance/agreements", every(company=None), "objects has company, which identifies them"),
    ("/finance/agreements", without("company"), "objects has company, which identifies them"),
    ("/finance/agreements", without("name"), "objects has name, which identifies them"),
    ("/company/contacts", every(company={}), "objects has company, which identifies them"),
    ("/company/companies", every(identifier=" "), "objects has identifier, which identifies them"),
    ("/procurement/catalog", without("identifier"), "objects has identifier, which identifies them"),
    ("/managementSummaryReports", every(groupIdentifier=None), "objects has groupIdentifier, which identi"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "change", "says"), ODD, ids=[f"{path} {says}" for path, _, says in ODD])
def test_a_wrong_value_is_an_error_with_endpoint_and_field(
    applied: Shop, path: str, change: Callable[[Any], Any], says: str
) -> None:
    with applied.meddled(meddling(path, change)):
        said = applied("plan", "--only", "setup")
    assert said.code == 1, said.out
    assert says in said.err
    assert path in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("item", [{}, {"communicationType": "Email"}, {"communicationType": "Email", "value": None}])
def test_a_communication_item_without_a_value_is_ignored(applied: Shop, item: dict[str, Any]) -> None:
    def more(rows: Any) -> Any:
        return [{**row, "communicationItems": [item, *row["communicationItems"]]} for row in rows]

    with applied.meddled(meddling("/company/contacts", more)):
        said = applied("plan", "--only", "setup", "--detailed-exitcode")
    assert said.code == 0, said.err + said.out


@pytest.mark.parametrize(
    "odd",
    [
        {"id": None},
        {"quantity": "12"},
        {"product": [1]},
        {"product": {"id": "7"}},
        {"product": None},
        {"product": {"id": 0}},
        {"cancelledDate": 0},
    ],
)
def test_a_wrong_value_in_an_addition_is_an_error_too(applied: Shop, odd: dict[str, Any]) -> None:
    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        body = json.loads(answer.content)
        if request.url.path.endswith("/system/bundles"):
            for result in body["results"]:
                result["entities"] = [{**row, **odd} for row in result["entities"]]
        elif request.url.path.endswith("/additions"):
            body = [{**row, **odd} for row in body]
        return httpx.Response(answer.status_code, content=json.dumps(body).encode())

    with applied.meddled(meddle):
        said = applied("plan", "--only", "usage")
    assert said.code == 1
    assert "/additions: the response is malformed" in said.err or "objects has product" in said.err
    assert next(iter(odd)) in said.err


def test_additions_that_failed_are_created_by_the_next_run(shop: Shop) -> None:
    shop.only(CEDAR)
    made = 0

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        nonlocal made
        if request.method == "POST" and request.url.path.endswith("/additions"):
            made += 1
            if made > 1:
                return httpx.Response(400, json={"code": "InvalidObject", "message": "not now"})
        return await send(request)

    with shop.meddled(meddle):
        shop.apply(code=4)
    assert len(shop.quantities()) == 1
    shop.advance()

    said = shop.apply()

    assert len(shop.quantities()) == 3
    assert "Guardrail" not in said.out
    # The customer has no special state afterwards.
    shop.uses(CEDAR, "3000")
    assert "Guardrail quantity: CustomerMapping/cedar-logistics" in shop.apply(code=5).out


def test_two_agreements_with_one_name_refuse_their_customer_and_no_other(shop: Shop) -> None:
    shop.only(ALDER, CEDAR)
    shop.apply()
    found = shop.one("/finance/agreements", name="Alder Dental - Managed Backup")
    body = {name: found[name] for name in ("name", "startDate", "noEndingDateFlag")}
    links = {name: {"id": found[name]["id"]} for name in ("type", "company", "contact")}
    assert shop.http.post("/finance/agreements", json={**body, **links}).status_code == 201
    (first, *_) = shop.quantities()
    shop.uses(ALDER, "150")
    shop.uses(CEDAR, "1260")

    said = shop.apply("--only", "usage", code=5)

    assert "refused cove/1001001" in said.out
    assert "Agreement/alder-dental: 2 live objects have this natural key" in said.out
    assert sum(shop.quantities()) == 1260 + first
    assert "2 live objects" in shop("plan").err  # a setup cannot be planned so


@pytest.mark.parametrize("answer", [{}, [], None, "x"])
def test_a_bundle_with_an_empty_response_is_requested_again(applied: Shop, answer: Any) -> None:
    asked = 0

    async def meddle(request: httpx.Request, send: Send) -> httpx.Response:
        nonlocal asked
        asked += request.url.path.endswith("/system/bundles")
        if request.url.path.endswith("/system/bundles") and asked == 1:
            return httpx.Response(200, json=answer)
        return await send(request)

    with applied.meddled(meddle):
        assert applied("plan", "--only", "usage").code == 0
    assert asked == 2


@pytest.mark.parametrize("fault", ["nothing", "null", "html", "half-json", "truncated"])
def test_a_read_without_a_valid_response_is_retried_and_then_reported(applied: Shop, fault: str) -> None:
    applied.fault(f"{fault}:2@/company/companies")
    assert applied("plan", "--only", "setup", "--detailed-exitcode").code == 0
    applied.fault(f"{fault}@/company/companies")
    said = applied("plan", "--only", "setup")
    assert said.code == 1
    assert "GET /company/companies" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "site",
    [
        "https://me:SandboxPrivateKey@tenant.example",
        "https://SandboxPrivateKey@tenant.example",
        "https://me:1#SandboxPrivateKey@tenant.example",
        "SandboxPrivateKey",
        "https://sandboxprivatekey.example/",
        "AnotherKeyOfOurs",
    ],
)
@pytest.mark.parametrize("arguments", [["-v", "plan"], ["--json", "plan"], ["apply", "--auto-approve"]])
def test_no_part_of_a_site_with_a_secret_is_printed(small: Shop, site: str, arguments: list[str]) -> None:
    small.patch.setenv("CONNECTWISE_SITE", site)
    said = small(*arguments)
    assert said.code == 1
    for word in ("SandboxPrivateKey", "AnotherKeyOfOurs", "tenant.example"):
        assert word.lower() not in (said.out + said.err).lower()


def test_a_429_response_with_a_date_is_waited_out(applied: Shop) -> None:
    applied.fault("429:2,retry-after=7,dated=1")
    assert applied("plan", "--only", "setup", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("fault", ["endless", "bomb"])
def test_an_endless_response_is_given_up(applied: Shop, fault: str) -> None:
    applied.fault(f"{fault}@/company/contacts")
    said = applied("plan", "--only", "setup")
    assert said.code == 1
    assert "GET /company/contacts: the response is larger than 64 MiB" in said.err


# ── writes ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", ["redirect", "redirect:status=307", "location"])
def test_an_estate_behind_a_redirecting_proxy_is_created_once(small: Shop, fault: str) -> None:
    small.fault(fault)
    small.apply()
    small.fault()
    assert small("apply", "--auto-approve").out.endswith("Applied: nothing to do.\n")
    for table in small.tenant.tables.values():
        if table.name in {"company", "contact", "agreement", "catalogItem", "addition", "managementSummary"}:
            seen = [json.dumps({**row.data, "id": 0, "_info": 0}, default=str) for row in table.rows.values()]
            assert len(seen) == len(set(seen)), table.name


@pytest.mark.parametrize("fault", ["redirect", "redirect:status=308"])
def test_a_change_whose_response_is_a_redirect_is_read_back(applied: Shop, fault: str) -> None:
    applied.uses(ALDER, "140")
    applied.edit("products.yaml", "price: 0.14", "price: 0.15")
    applied.fault(fault)
    applied.apply()
    applied.fault()
    assert applied.additions("Alder Dental - Managed Backup")["BACKUP-GB"][0] == 140
    applied.apply()
    assert applied("plan", "--detailed-exitcode").code == 0


def test_every_kind_that_requires_its_custom_fields_can_be_changed(applied: Shop) -> None:
    applied.edit("customers/alder-dental.yaml", "name: Alder Dental, addr", "name: Alder Dental Group, addr")
    applied.edit("products.yaml", "price: 0.14", "price: 0.15")
    applied.uses(ALDER, "140")
    applied.fault("custom-fields")
    applied.apply()
    assert {fault: count for fault, count in applied.sandbox.faults.struck.items() if fault == "custom-fields"}[
        "custom-fields"
    ] >= 3
    applied.fault()
    assert applied("plan", "--detailed-exitcode").code == 0


# ── unusual names ──────────────────────────────────────────────────────────────────────────────────────────────

NAMES = ["A [B] C", "A*B", "A 'B' C", 'A "B" C', "A\\B", "A & B + C # D", "100% A", "Ä (Ö) ß", "A%B_C"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_unusual_characters_is_created_once_and_found_again(small: Shop, name: str) -> None:
    company = {"identifier": name[:25], "name": name, "city": "Tampa", "status": "Active", "types": ["Customer"]}
    product = {
        "identifier": name, "description": name, "customerDescription": name, "category": "Managed Services",
        "subcategory": "Backup", "type": "Agreement", "unitOfMeasure": "Each", "price": 1, "cost": 1,
    }  # fmt: skip
    contact = {"company": "odd", "firstName": "Ann", "email": "ann+o'neill&co@odd.example"}
    agreement = {
        "name": name, "company": "odd", "contact": "odd", "type": "Managed Service", "startDate": "2026-11-01",
        "billingCycle": "Monthly", "endDate": None,
    }  # fmt: skip
    kinds = {"Company": company, "Product": product, "Contact": contact, "Agreement": agreement}
    documents = [
        {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": "odd"}, "spec": spec}
        for kind, spec in kinds.items()
    ]
    small.write("odd.yaml", "\n---\n".join(json.dumps(document) for document in documents))
    # Names that a wildcard would find instead.
    for number, other in enumerate(["AXB", "A B C", "B", "A"]):
        small.tenant.create("company", {"identifier": other, "name": other, "city": f"City {number}"})

    small.fault("drop:every=2@/company/companies", "drop:every=2@/procurement/catalog")
    small.apply("--only", "setup")
    small.fault()

    assert small("apply", "--auto-approve", "--only", "setup").out.endswith("Applied: nothing to do.\n")
    for table, value in (("company", name[:25]), ("catalogItem", name)):
        held = [row.data["identifier"] for row in small.tenant.tables[table].rows.values()]
        assert held.count(value) == 1


def test_a_long_name_that_is_much_longer_in_a_url_is_found(small: Shop) -> None:
    name = "漢" * 60
    small.edit("products.yaml", "identifier: BACKUP-GB\n", f"identifier: {name}\n")
    small.apply()
    assert small("apply", "--auto-approve").out.endswith("Applied: nothing to do.\n")
