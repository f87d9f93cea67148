"""Looking up what may have been made already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.live.again import TwoFoundError, find_by_key, natural_key
from reconciler.sandbox.server import RunningSandbox
from tests.applying.test_apply import session_of
from tests.shop import ALDER, Shop, open_shop


@pytest.fixture
def shop(
    served: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    """The example estate with its command line, and no tenant to fill by hand."""
    yield from open_shop(served, tmp_path, monkeypatch, capsys)


@pytest.fixture
def standing(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.apply()
    return shop


async def test_an_object_is_found_whole_by_its_natural_key(standing: Shop) -> None:
    async with session_of(standing) as session:
        found = await find_by_key(session.client, kind("Company"), {"identifier": "AlderDental", "name": "x"})
    assert found is not None
    assert found["name"] == "Alder Dental"


async def test_what_is_not_there_is_none(standing: Shop) -> None:
    async with session_of(standing) as session:
        assert await find_by_key(session.client, kind("Company"), {"identifier": "No"}) is None


async def test_a_contact_is_found_at_its_company_by_its_address(standing: Shop) -> None:
    company = standing.one("/company/companies", identifier="AlderDental")["id"]
    values = {"company": Link("alder", company), "email": "OFFICE@alder-dental.example"}
    async with session_of(standing) as session:
        found = await find_by_key(session.client, kind("Contact"), values)
        other = {**values, "email": "nobody@alder-dental.example"}
        assert await find_by_key(session.client, kind("Contact"), other) is None
    assert found is not None
    assert found["firstName"] == "Ada"


async def test_an_addition_is_found_below_its_agreement_by_product_and_mark(standing: Shop) -> None:
    agreement = standing.one("/finance/agreements")["id"]
    (line,) = standing.get(f"/finance/agreements/{agreement}/additions")
    values = {
        "agreement": Link("a", agreement),
        "product": Link("p", line["product"]["id"]),
        "serialNumber": line["serialNumber"],
    }
    async with session_of(standing) as session:
        found = await find_by_key(session.client, kind("Addition"), values)
    assert found is not None
    assert found["id"] == line["id"]


async def test_two_under_one_key_are_an_error_that_lists_both(standing: Shop) -> None:
    company = standing.one("/company/companies", identifier="AlderDental")["id"]
    body = {"communicationItems": [{"type": {"name": "Email"}, "value": "office@alder-dental.example"}]}
    second = standing.tenant.create("contact", {"firstName": "Eve", "company": {"id": company}, **body})
    first = standing.one("/company/contacts", firstName="Ada")["id"]
    values = {"company": Link("alder", company), "email": "office@alder-dental.example"}

    async with session_of(standing) as session:
        with pytest.raises(TwoFoundError, match=f"ids {first} and {second['id']}"):
            await find_by_key(session.client, kind("Contact"), values)


def test_natural_keys_are_without_case_but_for_solution_names_and_identifiers() -> None:
    of = kind("ManagementSolution")
    values = {"company": Link("a", 4), "solution": " Managed Backup ", "managedId": "77"}

    assert natural_key(of, values) == (4, "Managed Backup", "77", None)
    assert natural_key(kind("Company"), {"identifier": " Acme "}) == ("Acme",)
    assert natural_key(kind("Agreement"), {"company": Link("a", 4), "name": " Backup "}) == (4, "backup")
