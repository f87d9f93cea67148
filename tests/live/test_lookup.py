"""Looking up objects that an earlier run may have created."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.live.index import Index
from reconciler.live.lookup import DuplicateKeyError, LookupTarget, _with_key, lookup, lookup_by_key, natural_key
from reconciler.sandbox.server.running import RunningSandbox
from tests.applying.test_apply import session_of
from tests.prepared import prepared
from tests.shop import ALDER, Shop, open_shop


@pytest.fixture
def shop(
    served: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    """Yield the example estate with its command line."""
    yield from open_shop(served, tmp_path, monkeypatch, capsys)


@prepared
def applied(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.apply()
    return shop


async def test_a_whole_object_is_found_by_its_natural_key(applied: Shop) -> None:
    async with session_of(applied) as session:
        found = await lookup_by_key(session.client, kind("Company"), {"identifier": "AlderDental", "name": "x"})
    assert found is not None
    assert found["name"] == "Alder Dental"


async def test_an_object_that_does_not_exist_is_none(applied: Shop) -> None:
    async with session_of(applied) as session:
        assert await lookup_by_key(session.client, kind("Company"), {"identifier": "No"}) is None


async def test_a_contact_is_found_at_its_company_by_its_address(applied: Shop) -> None:
    company = applied.one("/company/companies", identifier="AlderDental")["id"]
    values = {"company": Link("alder", company), "email": "OFFICE@alder-dental.example"}
    async with session_of(applied) as session:
        found = await lookup_by_key(session.client, kind("Contact"), values)
        other = {**values, "email": "nobody@alder-dental.example"}
        assert await lookup_by_key(session.client, kind("Contact"), other) is None
    assert found is not None
    assert found["firstName"] == "Ada"


async def test_an_addition_is_found_on_its_agreement_by_product_and_tag(applied: Shop) -> None:
    agreement = applied.one("/finance/agreements")["id"]
    (line,) = applied.get(f"/finance/agreements/{agreement}/additions")
    values = {
        "agreement": Link("a", agreement),
        "product": Link("p", line["product"]["id"]),
        "serialNumber": line["serialNumber"],
    }
    async with session_of(applied) as session:
        found = await lookup_by_key(session.client, kind("Addition"), values)
    assert found is not None
    assert found["id"] == line["id"]


async def test_an_addition_that_was_created_with_its_last_day_is_found(applied: Shop) -> None:
    agreement = applied.one("/finance/agreements")["id"]
    (line,) = applied.get(f"/finance/agreements/{agreement}/additions")
    applied.patch_live(f"/finance/agreements/{agreement}/additions/{line['id']}", cancelledDate="2026-11-30T00:00:00Z")
    values = {
        "agreement": Link("a", agreement),
        "product": Link("p", line["product"]["id"]),
        "serialNumber": line["serialNumber"],
    }
    of_month = {"effectiveDate": "2026-11-01T00:00:00Z", "cancelledDate": "2026-11-30T00:00:00Z"}
    of_a_later_month = {"effectiveDate": "2026-12-01T00:00:00Z", "cancelledDate": "2026-12-31T00:00:00Z"}
    without_end = {"effectiveDate": "2026-11-01T00:00:00Z"}
    async with session_of(applied) as session:
        found = await lookup_by_key(session.client, kind("Addition"), values, of_month)
        others = [
            await lookup_by_key(session.client, kind("Addition"), values, sent)
            for sent in (of_a_later_month, without_end, None)
        ]
    assert found is not None
    assert found["id"] == line["id"]
    assert others == [None, None, None]


async def test_two_objects_with_one_key_are_an_error_with_both_ids(applied: Shop) -> None:
    company = applied.one("/company/companies", identifier="AlderDental")["id"]
    body = {"communicationItems": [{"type": {"name": "Email"}, "value": "office@alder-dental.example"}]}
    second = applied.tenant.create("contact", {"firstName": "Eve", "company": {"id": company}, **body})
    first = applied.one("/company/contacts", firstName="Ada")["id"]
    values = {"company": Link("alder", company), "email": "office@alder-dental.example"}

    async with session_of(applied) as session:
        with pytest.raises(DuplicateKeyError, match=f"ids {first} and {second['id']}"):
            await lookup_by_key(session.client, kind("Contact"), values)


def test_case_counts_in_natural_keys_only_for_solution_names_and_identifiers() -> None:
    of = kind("ManagementSolution")
    values = {"company": Link("a", 4), "solution": " Managed Backup ", "managedId": "77"}

    assert natural_key(of, values) == (4, "Managed Backup", "77", None)
    assert natural_key(kind("Company"), {"identifier": " Acme "}) == ("Acme",)
    assert natural_key(kind("Agreement"), {"company": Link("a", 4), "name": " Backup "}) == (4, "backup")


# ── as few requests as possible ────────────────────────────────────────────────────────────────────────


def test_a_plan_file_is_read_again_with_one_list_for_each_kind_and_level(applied: Shop, tmp_path: Path) -> None:
    """No collection is listed twice, and none is read whole."""
    file = tmp_path / "plan.json"
    applied.edit("customers/alder-dental.yaml", "12 Mill Road", "14 Mill Road")
    applied.edit("customers/alder-dental.yaml", "firstName: Ada", "firstName: Adah")
    applied.uses(ALDER, "300")
    applied.advance()
    assert applied("plan", "--out", str(file)).code == 0
    before = len(applied.sandbox.log.entries)

    assert applied("apply", str(file)).code == 0

    entries = list(applied.sandbox.log.entries)[before:]
    asked = [entry for entry in entries if entry.method == "GET" or entry.path.endswith("/bundles")]
    paths = [entry.path.partition("/apis/3.0/")[2] for entry in asked if "/apis/3.0/" in entry.path]
    assert sorted(paths) == ["company/companies", "company/contacts", "system/bundles"]
    assert all("conditions=" in entry.query for entry in asked if entry.method == "GET" and "/apis/3.0/" in entry.path)


async def test_many_objects_of_a_kind_are_read_again_with_one_request(applied: Shop) -> None:
    company = kind("Company")
    numbers = [
        applied.tenant.create("company", {"identifier": f"C{n}", "name": "x", "city": "y"})["id"] for n in range(60)
    ]
    targets = [LookupTarget(number, {}) for number in numbers]
    targets += [LookupTarget(None, {"identifier": f"NEW{n}"}) for n in range(60)]
    async with session_of(applied) as session:
        before = session.client.requests.by_route.get("GET /company/companies", 0)
        found = await lookup(session.client, company, targets, ["name"])
        assert session.client.requests.by_route["GET /company/companies"] - before == 1
    assert [None if each is None else each.id for each in found] == [*numbers, *[None] * 60]


def test_a_look_up_takes_the_same_time_however_many_objects_there_are() -> None:
    """The keys of each object are made once, however many objects are looked up."""
    made = Counter[str]()

    def keys(raw: Mapping[str, Any], _parent: int | None) -> tuple[tuple[Any, ...], ...]:
        made["keys"] += 1
        return ((raw["identifier"],),)

    of = replace(kind("Company"), keys_of=keys)
    index = Index(of, [LiveObject("Company", number, {"identifier": f"C{number}"}) for number in range(1000)])

    async def look() -> None:
        client: Any = None
        for number in range(1000):
            (found,) = await _with_key(client, index, LookupTarget(None, {"identifier": f"C{number}"}))
            assert found.id == number

    asyncio.run(look())

    assert made["keys"] == 1000
