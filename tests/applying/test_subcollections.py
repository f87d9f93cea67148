"""Subcollections of an object: types, addresses and cross-references are changed one by one after the create."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.applying.test_apply import failing_posts
from tests.prepared import prepared
from tests.shop import ALDER, Send, Shop
from tests.test_seed_steps import writes

FILE = "customers/alder-dental.yaml"
EMAIL = "email: office@alder-dental.example"


@prepared
def applied(shop: Shop) -> Shop:
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


def plan_is_empty(shop: Shop) -> bool:
    return shop("plan", "--detailed-exitcode").code == 0


def test_company_types_change_through_their_associations(applied: Shop) -> None:
    applied.edit(FILE, "city: Tampa", "types: [Customer, Vendor], city: Tampa")
    applied.apply()
    assert company_types(applied) == ["Customer", "Vendor"]

    applied.edit(FILE, "types: [Customer, Vendor]", "types: [Vendor, Partner]")
    applied.apply()
    assert company_types(applied) == ["Vendor", "Partner"]

    company = applied.one("/company/companies", identifier="AlderDental")["id"]
    associations = f"/company/companies/{company}/typeAssociations"
    assert ("POST", associations) in writes(applied)
    assert ("PATCH", f"/company/companies/{company}") not in writes(applied)
    assert plan_is_empty(applied)


def test_contact_types_change_through_their_associations(applied: Shop) -> None:
    applied.edit(FILE, EMAIL, f"{EMAIL}, types: [Billing, Approver]")
    applied.apply()
    applied.edit(FILE, "types: [Billing, Approver]", "types: [Billing]")
    applied.apply()

    (only,) = applied.get(f"/company/contacts/{contact(applied)['id']}/typeAssociations")
    assert only["type"]["name"] == "Billing"
    assert plan_is_empty(applied)


def test_a_telephone_number_is_added_changed_and_cleared_in_the_communications(applied: Shop) -> None:
    applied.edit(FILE, EMAIL, f'{EMAIL}, phone: "8135550100"')
    applied.apply()
    assert ("Phone", "8135550100", True) in reached(applied)

    applied.edit(FILE, "8135550100", "8135550199")
    applied.apply()
    assert [value for way, value, _ in reached(applied) if way == "Phone"] == ["8135550199"]

    applied.edit(FILE, 'phone: "8135550199"', "phone: null")
    applied.apply()
    assert reached(applied) == [("Email", "office@alder-dental.example", True)]
    assert plan_is_empty(applied)


def test_a_plan_file_that_was_interrupted_between_two_removals_continues(applied: Shop, tmp_path: Path) -> None:
    number = contact(applied)["id"]
    kinds = [each["id"] for each in applied.get("/company/communicationTypes") if each["phoneFlag"]]
    for index in range(3):
        body = {"type": {"id": kinds[0]}, "value": f"813555010{index}", "defaultFlag": not index}
        assert applied.http.post(f"/company/contacts/{number}/communications", json=body).status_code == 201
    applied.edit(FILE, EMAIL, f"{EMAIL}, phone: null")
    file = str(tmp_path / "plan.json")
    applied("plan", "--only", "setup", "--out", file)

    taken: list[str] = []

    async def second_fails(request: httpx.Request, send: Send) -> httpx.Response:
        if request.method == "DELETE":
            taken.append(request.url.path)
        return await send(request) if len(taken) < 2 else httpx.Response(403, json={}, request=request)

    with applied.meddled(second_fails):
        assert applied("apply", file).code == 4
    assert len(reached(applied)) == 3

    said = applied("apply", file)
    assert said.code == 0, said.err
    assert reached(applied) == [("Email", "office@alder-dental.example", True)]
    assert plan_is_empty(applied)


def test_a_changed_address_is_changed_in_place_if_metadata_previously_has_the_old_one(applied: Shop) -> None:
    applied.edit(FILE, EMAIL, "email: new@alder-dental.example")
    applied.edit(
        FILE, "kind: Contact\nmetadata: {name: alder-dental}",
        "kind: Contact\nmetadata: {name: alder-dental, previously: [office@alder-dental.example]}",
    )  # fmt: skip

    applied.apply()

    assert reached(applied) == [("Email", "new@alder-dental.example", True)]
    assert plan_is_empty(applied)


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


def test_cross_references_are_created_changed_and_made_inactive_when_no_longer_listed(applied: Shop) -> None:
    with_cross_references(applied, SERVER, LAPTOP)
    applied.apply()
    assert cross_references(applied) == [("Server", "Managed Service", False), ("Laptop", "Managed Service", False)]
    assert plan_is_empty(applied)

    with_cross_references(applied, SERVER.replace("Managed Service", "Maintenance"))
    applied.apply()
    assert cross_references(applied) == [("Server", "Maintenance", False), ("Laptop", "Managed Service", True)]
    assert plan_is_empty(applied)


def test_an_entry_of_a_subcollection_is_not_created_twice_after_a_lost_response(applied: Shop) -> None:
    applied.edit(FILE, "city: Tampa", "types: [Customer, Vendor, Partner], city: Tampa")
    applied.edit(FILE, EMAIL, f'{EMAIL}, phone: "8135550100"')
    applied.fault("drop:every=2@/apis/3.0")

    applied.apply()
    applied.fault()

    assert company_types(applied) == ["Customer", "Vendor", "Partner"]
    assert [value for way, value, _ in reached(applied) if way == "Phone"] == ["8135550100"]
    assert plan_is_empty(applied)


def test_a_failure_in_a_subcollection_fails_the_action_and_its_result_has_the_id_of_the_object(applied: Shop) -> None:
    applied.edit(FILE, "city: Tampa", "types: [Customer, Vendor], city: Miami")

    with applied.meddled(failing_posts("/typeAssociations")):
        said = applied("--json", "apply", "--auto-approve")

    assert said.code == 4
    (result,) = said.json["results"]
    company = applied.one("/company/companies", identifier="AlderDental")
    assert (result["status"], result["id"], company["city"]) == ("failed", company["id"], "Miami")
    applied.apply()
    assert company_types(applied) == ["Customer", "Vendor"]


def test_an_entry_that_exists_meanwhile_is_not_written_again(applied: Shop) -> None:
    """The subcollection is read before it is written."""
    applied.edit(FILE, EMAIL, f'{EMAIL}, phone: "8135550100"')
    number = contact(applied)["id"]
    kind = next(each for each in applied.get("/company/communicationTypes") if each["description"] == "Direct")
    made: list[bool] = []

    async def first(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.path.endswith("/communications") and not made:
            made.append(True)
            body = {"type": {"id": kind["id"]}, "value": "8135550100", "defaultFlag": True}
            assert applied.http.post(f"/company/contacts/{number}/communications", json=body).status_code == 201
        return await send(request)

    with applied.meddled(first):
        applied.apply()

    assert made
    assert [value for way, value, _ in reached(applied) if way == "Phone"] == ["8135550100"]


def test_clearing_a_telephone_number_also_removes_a_second_one(applied: Shop) -> None:
    path = f"/company/contacts/{contact(applied)['id']}/communications"
    kinds = applied.get("/company/communicationTypes")
    for name, number in (("Direct", "8135550100"), ("Mobile", "8135550101")):
        (sort,) = (each["id"] for each in kinds if each["description"] == name)
        assert applied.http.post(path, json={"type": {"id": sort}, "value": number}).status_code == 201
    applied.edit(FILE, EMAIL, f"{EMAIL}, phone: null")

    applied.apply()

    assert [way for way, _, _ in reached(applied)] == ["Email"]
    assert plan_is_empty(applied)
