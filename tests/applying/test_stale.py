"""A plan file that is applied after ConnectWise has changed is refused with the differences, or continued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.applying.test_apply import failing_posts
from tests.shop import ALDER, ALL, ELMHURST, Said, Shop
from tests.test_seed_steps import by_hand

FIELD = {
    "podId": 1,
    "caption": "Region",
    "sequenceNumber": 1,
    "fieldTypeIdentifier": "Text",
    "entryTypeIdentifier": "EntryField",
}


class Planned:
    """A shop with one customer, and a plan file of it."""

    def __init__(self, shop: Shop, file: Path) -> None:
        self.shop = shop
        self.file = file

    def plan(self, *arguments: str) -> Any:
        said = self.shop("plan", "--out", str(self.file), *arguments)
        assert said.code == 0, said.err
        return json.loads(self.file.read_text(encoding="utf-8"))

    def apply(self) -> Said:
        return self.shop("apply", str(self.file))

    def path(self, collection: str, **conditions: str) -> str:
        return f"{collection}/{self.shop.one(collection, **conditions)['id']}"


@pytest.fixture
def planned(shop: Shop, tmp_path: Path) -> Planned:
    shop.only(ALDER)
    return Planned(shop, tmp_path / "plan.json")


@pytest.fixture
def applied(planned: Planned) -> Planned:
    """Return a shop with one customer that was applied."""
    planned.shop.apply()
    return planned


COMPANY = "/company/companies"
ALDER_FILE = "customers/alder-dental.yaml"


def test_a_plan_file_is_applied_unchanged(planned: Planned) -> None:
    planned.plan()

    said = planned.apply()

    assert (said.code, said.out) == (0, "Applied: 12 done.\n")


def test_a_plan_file_that_was_applied_is_applied_again_without_a_write(planned: Planned) -> None:
    planned.plan()
    planned.apply()
    before = planned.shop.journal()

    said = planned.apply()

    assert (said.code, said.out) == (0, "Applied: 12 already.\n")
    assert planned.shop.journal() == before


@pytest.mark.parametrize(
    "path",
    ["/company/contacts", "/finance/agreements", "/additions", "/managementSummaryReports", "/procurement/catalog"],
)
def test_a_plan_file_that_was_applied_in_part_is_finished_and_nothing_is_created_twice(
    planned: Planned, path: str
) -> None:
    planned.plan()
    with planned.shop.meddled(failing_posts(path)):
        first = planned.apply()
    assert first.code == 4

    second = planned.apply()

    assert second.code == 0, second.err
    assert "already" in second.out
    assert sum(planned.shop.counts().values()) == 12
    assert planned.shop("plan", "--detailed-exitcode").code == 0


def test_the_whole_plan_is_refused_with_the_differences_if_one_object_has_changed(applied: Planned) -> None:
    shop = applied.shop
    shop.edit(ALDER_FILE, "city: Tampa", "city: Miami")
    shop.uses(ALDER, "150")
    applied.plan()
    shop.patch_live(applied.path(COMPANY, identifier="AlderDental"), city="Orlando")

    said = applied.apply()

    assert said.code == 3
    assert "the plan is stale: ConnectWise has changed since it was made" in said.err
    assert 'Company/alder-dental: city: "Tampa" → "Orlando"' in said.err
    assert "Nothing was written. Make a new plan: reconciler plan --out FILE" in said.err
    assert shop.additions("Alder Dental - Managed Backup")["BACKUP-GB"][0] == 121


def test_the_path_to_a_change_inside_a_nested_value_is_shown(applied: Planned) -> None:
    shop = applied.shop
    shop.edit(ALDER_FILE, "city: Tampa", "city: Miami")
    applied.plan()
    company = applied.path(COMPANY, identifier="AlderDental")
    vendor = next(each["id"] for each in shop.get(f"{COMPANY}/types") if each["name"] == "Vendor")
    shop.http.post(f"{company}/typeAssociations", json={"type": {"id": vendor}}).raise_for_status()

    said = applied.apply()

    assert said.code == 3
    assert "Company/alder-dental: types: Vendor was added\n" in said.err


def test_a_change_of_a_field_that_no_manifest_declares_does_not_matter(applied: Planned) -> None:
    applied.shop.edit(ALDER_FILE, "city: Tampa", "city: Miami")
    applied.plan()
    applied.shop.patch_live(applied.path(COMPANY, identifier="AlderDental"), website="alder.example")

    assert applied.apply().code == 0


def test_a_deleted_object_makes_the_plan_stale(applied: Planned) -> None:
    shop = applied.shop
    shop.uses(ALDER, "150")
    shop.edit(ALDER_FILE, "city: Tampa", "city: Miami")
    applied.plan()
    number = shop.one(COMPANY, identifier="AlderDental")["id"]
    shop.tenant.tables["company"].rows[number].data["deletedFlag"] = True

    said = applied.apply()

    assert said.code == 3
    assert f"Company/alder-dental: id {number} no longer exists" in said.err


def test_additions_of_a_deleted_agreement_make_the_plan_stale(applied: Planned) -> None:
    shop = applied.shop
    shop.uses(ALDER, "150")
    plan = applied.plan()
    agreement = shop.tenant.tables["agreement"]
    for table in ("managementSummary", "addition", "agreement"):
        for row in [*shop.tenant.tables[table].rows.values()]:
            shop.tenant.tables[table].remove(row)
    assert not agreement.rows

    said = applied.apply()

    assert said.code == 3
    (action,) = plan["actions"]
    assert f"Addition/alder-dental.storage:backup-gb: id {action['id']} no longer exists" in said.err


def test_a_management_solution_of_a_deleted_company_makes_the_plan_stale(applied: Planned) -> None:
    shop = applied.shop
    shop.edit("defaults.yaml", "deviceType: BackupStats", "deviceType: Servers")
    applied.plan()
    for table in ("managementSummary", "company"):
        for row in [*shop.tenant.tables[table].rows.values()]:
            shop.tenant.tables[table].remove(row)

    said = applied.apply()

    assert said.code == 3
    assert "ManagementSolution/alder-dental: id" in said.err


def test_an_object_created_meanwhile_with_the_same_key_makes_the_plan_stale(planned: Planned) -> None:
    planned.plan()
    body = {"identifier": "AlderDental", "name": "Somebody Else", "city": "Boston"}
    assert planned.shop.http.post(COMPANY, json=body).status_code == 201

    said = planned.apply()

    assert said.code == 3
    assert "Company/alder-dental: the plan creates it, but it exists with id" in said.err
    assert 'name: "Alder Dental" → "Somebody Else"' in said.err


def test_an_object_created_meanwhile_with_a_similar_name_makes_the_plan_stale(planned: Planned) -> None:
    planned.plan()
    body = {"identifier": "ALDERDENTAL", "name": "Somebody Else", "city": "Boston"}
    assert planned.shop.http.post(COMPANY, json=body).status_code == 201

    said = planned.apply()

    assert said.code == 3
    assert (
        "Company/alder-dental: the plan creates it, but ConnectWise has this Company in another spelling: "
        'identifier "ALDERDENTAL"'
    ) in said.err
    assert planned.shop.counts()["integratorLogin"] == 0


def test_of_two_contacts_with_one_address_the_active_one_counts(planned: Planned) -> None:
    shop = planned.shop
    planned.plan()
    assert planned.apply().code == 0
    gone = shop.tenant.create(
        "contact",
        {
            "firstName": "Former",
            "company": {"identifier": "AlderDental"},
            "inactiveFlag": True,
            "communicationItems": [{"type": {"name": "Email"}, "value": "office@alder-dental.example"}],
        },
    )
    assert gone["id"] > shop.one("/company/contacts", firstName="Ada")["id"]

    assert planned.apply().out == "Applied: 12 already.\n"


def test_changed_manifests_make_the_plan_stale(planned: Planned) -> None:
    planned.plan()
    planned.shop.edit(ALDER_FILE, "city: Tampa", "city: Miami")

    said = planned.apply()

    assert said.code == 3
    assert "the manifests have changed since it was made" in said.err


def test_a_plan_of_another_workspace_is_refused(planned: Planned) -> None:
    planned.plan()
    planned.shop.edit("workspace.yaml", "name: example", "name: other")

    said = planned.apply()

    assert said.code == 3
    assert "the plan is for workspace example, not other" in said.err


def test_a_custom_field_that_is_not_changed_yet_is_not_done(applied: Planned) -> None:
    shop = applied.shop
    shop.tenant.create("userDefinedField", FIELD)
    shop.edit(ALDER_FILE, "city: Tampa", "customFields: {Region: East}, city: Tampa")
    applied.plan()

    assert applied.apply().out == "Applied: 1 done.\n"

    company = shop.one(COMPANY, identifier="AlderDental")
    assert company["customFields"][0]["value"] == "East"
    assert applied.apply().out == "Applied: 1 already.\n"


def test_a_new_company_is_done_even_if_it_has_undeclared_custom_fields(planned: Planned) -> None:
    shop = planned.shop
    shop.tenant.create("userDefinedField", FIELD)
    shop.tenant.create("userDefinedField", {**FIELD, "caption": "Tier", "sequenceNumber": 2})
    shop.edit(ALDER_FILE, "city: Tampa", "customFields: {Region: East}, city: Tampa")
    planned.plan()
    assert planned.apply().code == 0

    assert planned.apply().out == "Applied: 12 already.\n"


CROSS = """  crossReferences:
    - {vendorType: Server, vendorLevel: Gold, agreementType: Managed Service, product: backup-gb}
    - {vendorType: Laptop, vendorLevel: Basic}
"""


def test_cross_references_are_compared_entry_by_entry(planned: Planned) -> None:
    shop = planned.shop
    setup = shop.folder / "setup.yaml"
    text = setup.read_text(encoding="utf-8")
    mark = '  matchOnSerialNumber: true # "Check Match on Serial Number"\n'
    assert mark in text
    setup.write_text(text.replace(mark, mark + CROSS), encoding="utf-8")
    planned.plan()
    assert planned.apply().code == 0
    assert planned.apply().out == "Applied: 12 already.\n"

    shop.edit("setup.yaml", "    - {vendorType: Laptop, vendorLevel: Basic}\n", "")
    shop.edit("setup.yaml", "agreementType: Managed Service, product: backup-gb", "agreementType: Maintenance")
    planned.plan()
    assert planned.apply().out == "Applied: 1 done.\n"
    assert planned.apply().out == "Applied: 1 already.\n"


def test_an_adoption_is_checked_like_an_update(shop: Shop, tmp_path: Path) -> None:
    shop.only(ELMHURST)
    shop.apply("--only", "setup")
    number = by_hand(shop)
    planned = Planned(shop, tmp_path / "plan.json")
    planned.plan()
    agreement = shop.one("/finance/agreements", name="Elmhurst Foundry - Managed Backup")["id"]
    shop.patch_live(f"/finance/agreements/{agreement}/additions/{number}", quantity=99)

    said = planned.apply()

    assert said.code == 3
    assert 'Addition/elmhurst-foundry.storage:backup-gb: quantity: "250" → "99"' in said.err


def test_a_link_to_an_object_of_the_same_plan_is_done_once_the_object_exists(applied: Planned) -> None:
    shop = applied.shop
    extra = (
        "apiVersion: reconciler/v1\nkind: Contact\nmetadata: {name: new}\n"
        "spec: {company: alder-dental, firstName: New, email: new@alder-dental.example}\n"
    )
    shop.write("customers/new.yaml", extra)
    shop.edit(ALDER_FILE, "company: alder-dental, contact: alder-dental}", "company: alder-dental, contact: new}")
    plan = applied.plan()
    assert {action["address"] for action in plan["actions"]} == {"Contact/new", "Agreement/alder-dental"}
    assert applied.apply().out == "Applied: 2 done.\n"

    assert applied.apply().out == "Applied: 2 already.\n"


def test_objects_are_read_in_bulk_and_of_new_customers_only_the_companies(shop: Shop, tmp_path: Path) -> None:
    planned = Planned(shop, tmp_path / "plan.json")
    planned.plan()
    shop.sandbox.log.clear()

    assert planned.apply().code == 0

    reads = [each.path.rpartition("3.0")[2] for each in shop.sandbox.log.entries if each.method == "GET"]
    assert len([path for path in reads if path == COMPANY]) == 1
    assert not [path for path in reads if path in ("/company/contacts", "/finance/agreements")]
    assert dict(shop.counts()) == ALL


def test_an_addition_that_ended_before_the_new_one_starts_does_not_make_the_plan_stale(applied: Planned) -> None:
    shop = applied.shop
    agreement = shop.one("/finance/agreements")["id"]
    (line,) = shop.get(f"/finance/agreements/{agreement}/additions")
    path = f"/finance/agreements/{agreement}/additions/{line['id']}"
    shop.patch_live(path, cancelledDate="2026-11-28T00:00:00Z")
    shop.advance(24 * 40)
    applied.plan("--only", "usage")

    assert applied.apply().code == 0
    assert applied.apply().out == "Applied: 1 already.\n"

    assert len(shop.get(f"/finance/agreements/{agreement}/additions")) == 2


def test_an_addition_that_was_created_and_then_cancelled_is_not_created_again(applied: Planned) -> None:
    shop = applied.shop
    agreement = shop.one("/finance/agreements")["id"]
    additions = f"/finance/agreements/{agreement}/additions"
    shop.patch_live(f"{additions}/{shop.get(additions)[0]['id']}", cancelledDate="2026-11-28T00:00:00Z")
    shop.advance(24 * 40)
    applied.plan("--only", "usage")
    applied.apply()
    shop.patch_live(f"{additions}/{shop.get(additions)[1]['id']}", cancelledDate="2026-12-20T00:00:00Z")

    assert applied.apply().out == "Applied: 1 already.\n"

    assert len(shop.get(additions)) == 2


def test_a_plan_file_continues_between_an_integration_and_its_cross_references(planned: Planned) -> None:
    shop = planned.shop
    mark = '  matchOnSerialNumber: true # "Check Match on Serial Number"\n'
    shop.edit("setup.yaml", mark, mark + CROSS)
    planned.plan()
    with shop.meddled(failing_posts("/crossReferences")):
        assert planned.apply().code == 4
    (integration,) = shop.get("/company/managedDevicesIntegrations")
    below = f"/company/managedDevicesIntegrations/{integration['id']}/crossReferences"
    assert shop.get(below) == []

    assert planned.apply().code == 0

    assert len(shop.get(below)) == 2
    assert len(shop.get("/company/managedDevicesIntegrations")) == 1
    assert shop("plan", "--detailed-exitcode").code == 0


def test_a_plan_file_that_cleared_flags_and_fields_counts_as_applied(applied: Planned) -> None:
    shop = applied.shop
    company = applied.path(COMPANY, identifier="AlderDental")
    agreement = applied.path("/finance/agreements", name="Alder Dental - Managed Backup")
    shop.patch_live(company, website="alder.example")
    shop.patch_live(agreement, customerPO="7", prorateFlag=True)
    shop.edit(ALDER_FILE, "city: Tampa", "website: null, addressLine2: '', city: Miami")
    shop.edit(
        ALDER_FILE,
        "company: alder-dental, contact: alder-dental}",
        "company: alder-dental, contact: alder-dental, customerPO: null, prorate: null}",
    )
    plan = applied.plan()
    done = len(plan["actions"])
    shop.patch_live(company, website="")  # a part of the company's action, done by a run that was killed
    shop.patch_live(agreement, prorateFlag=False)

    assert applied.apply().out == f"Applied: {done} done.\n"
    assert applied.apply().out == f"Applied: {done} already.\n"


def test_company_types_that_were_written_in_part_are_finished(applied: Planned) -> None:
    shop = applied.shop
    shop.edit("defaults.yaml", "types: [Customer]", "types: [Vendor, Partner]")
    applied.plan()
    company = applied.path(COMPANY, identifier="AlderDental")
    vendor = shop.one("/company/companies/types", name="Vendor")["id"]
    assert shop.http.post(f"{company}/typeAssociations", json={"type": {"id": vendor}}).status_code == 201

    assert applied.apply().code == 0

    assert {each["name"] for each in shop.get(company)["types"]} == {"Vendor", "Partner"}
    assert applied.apply().out == "Applied: 1 already.\n"


def test_a_type_that_was_added_by_hand_meanwhile_makes_the_plan_stale(applied: Planned) -> None:
    shop = applied.shop
    shop.edit("defaults.yaml", "types: [Customer]", "types: [Vendor, Partner]")
    applied.plan()
    company = applied.path(COMPANY, identifier="AlderDental")
    owner = shop.one("/company/companies/types", name="Owner")["id"]
    assert shop.http.post(f"{company}/typeAssociations", json={"type": {"id": owner}}).status_code == 201

    assert applied.apply().code == 3
