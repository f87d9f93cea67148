"""Collections below an object: types, addresses and cross-references, changed one by one after the create."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.applying.test_apply import failing_posts
from tests.shop import ALDER, Send, Shop
from tests.test_seed_steps import writes

FILE = "customers/alder-dental.yaml"
EMAIL = "email: office@alder-dental.example"


@pytest.fixture
def standing(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.apply()
    return shop


def company_types(shop: Shop) -> list[str]:
    company = shop.one("/company/companies", identifier="AlderDental")
    return [each["type"]["name"] for each in shop.get(f"/company/companies/{company['id']}/typeAssociations")]


def contact(shop: Shop) -> Any:
    return shop.one("/company/contacts", firstName="Ada")


def reached(shop: Shop) -> list[tuple[str, str, bool]]:
    items = shop.get(f"/company/contacts/{contact(shop)['id']}/communications")
    return [(each["communicationType"], each["value"], each["defaultFlag"]) for each in items]


def is_settled(shop: Shop) -> bool:
    return shop("plan", "--detailed-exitcode").code == 0


def test_company_types_change_through_their_associations(standing: Shop) -> None:
    standing.edit(FILE, "city: Tampa", "types: [Customer, Vendor], city: Tampa")
    standing.apply()
    assert company_types(standing) == ["Customer", "Vendor"]

    standing.edit(FILE, "types: [Customer, Vendor]", "types: [Vendor, Partner]")
    standing.apply()
    assert company_types(standing) == ["Vendor", "Partner"]

    company = standing.one("/company/companies", identifier="AlderDental")["id"]
    associations = f"/company/companies/{company}/typeAssociations"
    assert ("POST", associations) in writes(standing)
    assert ("PATCH", f"/company/companies/{company}") not in writes(standing)
    assert is_settled(standing)


def test_contact_types_change_through_their_associations(standing: Shop) -> None:
    standing.edit(FILE, EMAIL, f"{EMAIL}, types: [Billing, Approver]")
    standing.apply()
    standing.edit(FILE, "types: [Billing, Approver]", "types: [Billing]")
    standing.apply()

    (only,) = standing.get(f"/company/contacts/{contact(standing)['id']}/typeAssociations")
    assert only["type"]["name"] == "Billing"
    assert is_settled(standing)


def test_a_telephone_number_is_added_changed_and_cleared_in_the_communications(standing: Shop) -> None:
    standing.edit(FILE, EMAIL, f'{EMAIL}, phone: "8135550100"')
    standing.apply()
    assert ("Phone", "8135550100", True) in reached(standing)

    standing.edit(FILE, "8135550100", "8135550199")
    standing.apply()
    assert [value for way, value, _ in reached(standing) if way == "Phone"] == ["8135550199"]

    standing.edit(FILE, 'phone: "8135550199"', "phone: null")
    standing.apply()
    assert reached(standing) == [("Email", "office@alder-dental.example", True)]
    assert is_settled(standing)


def test_a_plan_file_that_died_between_the_removal_of_two_numbers_is_continued(standing: Shop, tmp_path: Path) -> None:
    number = contact(standing)["id"]
    kinds = [each["id"] for each in standing.get("/company/communicationTypes") if each["phoneFlag"]]
    for index in range(3):
        body = {"type": {"id": kinds[0]}, "value": f"813555010{index}", "defaultFlag": not index}
        assert standing.http.post(f"/company/contacts/{number}/communications", json=body).status_code == 201
    standing.edit(FILE, EMAIL, f"{EMAIL}, phone: null")
    file = str(tmp_path / "plan.json")
    standing("plan", "--only", "setup", "--out", file)

    taken: list[str] = []

    async def second_fails(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == "DELETE":
            taken.append(request.url.path)
        return await send(request) if len(taken) < 2 else httpx.Response(403, json={}, request=request)

    with standing.meddled(second_fails):
        assert standing("apply", file).code == 4
    assert len(reached(standing)) == 3

    said = standing("apply", file)
    assert said.code == 0, said.err
    assert reached(standing) == [("Email", "office@alder-dental.example", True)]
    assert is_settled(standing)


def test_a_changed_address_is_changed_in_place_where_the_old_one_is_named(standing: Shop) -> None:
    standing.edit(FILE, EMAIL, "email: new@alder-dental.example")
    standing.edit(
        FILE, "kind: Contact\nmetadata: {name: alder-dental}",
        "kind: Contact\nmetadata: {name: alder-dental, previously: [office@alder-dental.example]}",
    )  # fmt: skip

    standing.apply()

    assert reached(standing) == [("Email", "new@alder-dental.example", True)]
    assert is_settled(standing)


def with_cross_references(shop: Shop, *entries: str) -> None:
    path = shop.folder / "setup.yaml"
    mark = '  matchOnSerialNumber: true # "Check Match on Serial Number"\n'
    head, _, tail = path.read_text(encoding="utf-8").partition(mark)
    _, _, rest = tail.partition("---")
    lines = "".join(f"    - {entry}\n" for entry in entries)
    path.write_text(f"{head}{mark}  crossReferences:\n{lines}---{rest}", encoding="utf-8")


SERVER = "{vendorType: Server, vendorLevel: Gold, agreementType: Managed Service, product: backup-gb}"
LAPTOP = "{vendorType: Laptop, vendorLevel: Basic, agreementType: Managed Service}"


def cross_references(shop: Shop) -> list[tuple[str, str | None, bool]]:
    made = shop.one("/company/managedDevicesIntegrations", name="Managed Backup")
    rows = shop.get(f"/company/managedDevicesIntegrations/{made['id']}/crossReferences")
    return [(each["vendorType"], (each.get("agreementType") or {}).get("name"), each["inactiveFlag"]) for each in rows]


def test_cross_references_are_made_changed_and_made_inactive_when_no_longer_listed(standing: Shop) -> None:
    with_cross_references(standing, SERVER, LAPTOP)
    standing.apply()
    assert cross_references(standing) == [("Server", "Managed Service", False), ("Laptop", "Managed Service", False)]
    assert is_settled(standing)

    with_cross_references(standing, SERVER.replace("Managed Service", "Maintenance"))
    standing.apply()
    assert cross_references(standing) == [("Server", "Maintenance", False), ("Laptop", "Managed Service", True)]
    assert is_settled(standing)


def test_what_is_below_an_object_is_not_made_twice_after_a_dropped_answer(standing: Shop) -> None:
    standing.edit(FILE, "city: Tampa", "types: [Customer, Vendor, Partner], city: Tampa")
    standing.edit(FILE, EMAIL, f'{EMAIL}, phone: "8135550100"')
    standing.fault("drop:every=2@/apis/3.0")

    standing.apply()
    standing.fault()

    assert company_types(standing) == ["Customer", "Vendor", "Partner"]
    assert [value for way, value, _ in reached(standing) if way == "Phone"] == ["8135550100"]
    assert is_settled(standing)


def test_what_fails_below_an_object_is_that_actions_failure_and_the_object_keeps_its_id(standing: Shop) -> None:
    standing.edit(FILE, "city: Tampa", "types: [Customer, Vendor], city: Miami")

    with standing.meddled(failing_posts("/typeAssociations")):
        said = standing("--json", "apply", "--auto-approve")

    assert said.code == 4
    (result,) = said.json["results"]
    company = standing.one("/company/companies", identifier="AlderDental")
    assert (result["status"], result["id"], company["city"]) == ("failed", company["id"], "Miami")
    standing.apply()
    assert company_types(standing) == ["Customer", "Vendor"]


def test_an_entry_that_stands_as_it_should_by_now_is_not_written_again(standing: Shop) -> None:
    """Somebody was faster: the collection is read before it is written."""
    standing.edit(FILE, EMAIL, f'{EMAIL}, phone: "8135550100"')
    number = contact(standing)["id"]
    kind = next(each for each in standing.get("/company/communicationTypes") if each["description"] == "Direct")
    made: list[bool] = []

    async def first(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.path.endswith("/communications") and not made:
            made.append(True)
            body = {"type": {"id": kind["id"]}, "value": "8135550100", "defaultFlag": True}
            assert standing.http.post(f"/company/contacts/{number}/communications", json=body).status_code == 201
        return await send(request)

    with standing.meddled(first):
        standing.apply()

    assert made
    assert [value for way, value, _ in reached(standing) if way == "Phone"] == ["8135550100"]


def test_a_telephone_number_that_is_cleared_leaves_no_second_one_in_its_place(standing: Shop) -> None:
    path = f"/company/contacts/{contact(standing)['id']}/communications"
    kinds = standing.get("/company/communicationTypes")
    for name, number in (("Direct", "8135550100"), ("Mobile", "8135550101")):
        (sort,) = (each["id"] for each in kinds if each["description"] == name)
        assert standing.http.post(path, json={"type": {"id": sort}, "value": number}).status_code == 201
    standing.edit(FILE, EMAIL, f"{EMAIL}, phone: null")

    standing.apply()

    assert [way for way, _, _ in reached(standing)] == ["Email"]
    assert is_settled(standing)
