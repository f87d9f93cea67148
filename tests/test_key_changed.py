"""A key that changed on one side only creates no second object. Over real HTTP against the sandbox."""

from __future__ import annotations

from tests.prepared import prepared
from tests.shop import ALDER, Shop

FILE = "customers/alder-dental.yaml"


@prepared
def standing(shop: Shop) -> Shop:
    """Return a shop with one customer, whose manifests are applied."""
    shop.only(ALDER)
    shop.apply()
    return shop


def rename(shop: Shop, identifier: str) -> int:
    """Change the identifier of the company in ConnectWise, and return its id."""
    company = shop.one("/company/companies", identifier="AlderDental")
    shop.patch_live(f"/company/companies/{company['id']}", identifier=identifier)
    return int(company["id"])


def test_a_company_with_a_new_identifier_in_connectwise_gets_no_second_company(standing: Shop) -> None:
    number = rename(standing, "AlderGroup")

    said = standing("apply", "--auto-approve")

    assert said.code == 1
    assert "ConnectWise has no Company with the identifier 'AlderDental'" in said.err
    assert f"id {number}, has the identifier 'AlderGroup'" in said.err
    assert "No second one is created" in said.err
    assert len(standing.get("/company/companies")) == 1


def test_its_document_can_take_the_new_identifier_or_take_it_back(standing: Shop) -> None:
    rename(standing, "AlderGroup")
    standing.edit(
        FILE,
        "{name: alder-dental}\nspec: {identifier: AlderDental",
        "{name: alder-dental, previously: [AlderGroup]}\nspec: {identifier: AlderDental",
    )
    (back,) = standing.plan()["actions"]
    (change,) = back["changes"]
    assert (change["path"], change["before"], change["after"]) == ("identifier", "AlderGroup", "AlderDental")
    assert change["last_written"] == {"value": "AlderDental", "edited": True}

    standing.edit(
        FILE,
        "{name: alder-dental, previously: [AlderGroup]}\nspec: {identifier: AlderDental",
        "{name: alder-dental}\nspec: {identifier: AlderGroup",
    )
    assert standing.plan()["actions"] == []


def test_a_new_key_in_the_manifest_needs_the_old_one_in_previously(standing: Shop) -> None:
    standing.edit(FILE, "name: Alder Dental - Managed Backup", "name: Alder Dental - Backup")

    said = standing("plan")

    assert said.code == 1
    assert "Agreement/alder-dental" in said.err
    assert "add 'Alder Dental - Managed Backup' to metadata.previously" in said.err


def test_a_document_of_another_name_creates_another_object(standing: Shop) -> None:
    standing.edit(FILE, "name: Alder Dental - Managed Backup", "name: Alder Dental - Backup")
    standing.edit(FILE, "kind: Agreement\nmetadata: {name: alder-dental}", "kind: Agreement\nmetadata: {name: other}")
    standing.edit(FILE, "agreement: alder-dental}", "agreement: other}")
    standing.edit(FILE, "  agreement: alder-dental\n", "  agreement: other\n")

    plan = standing.plan("--only", "setup")

    assert [each["action"] for each in plan["actions"] if each["kind"] == "Agreement"] == ["create"]
    assert any("no longer declared" in each["message"] for each in plan["warnings"])


def test_an_agreement_that_was_cancelled_may_be_followed_by_another_one(standing: Shop) -> None:
    agreement = standing.one("/finance/agreements", name="Alder Dental - Managed Backup")
    standing.patch_live(f"/finance/agreements/{agreement['id']}", cancelledFlag=True)
    standing.edit(FILE, "name: Alder Dental - Managed Backup", "name: Alder Dental - Backup")

    actions = standing.plan("--only", "setup")["actions"]

    assert [each["action"] for each in actions if each["kind"] == "Agreement"] == ["create"]


def test_an_object_that_was_deleted_is_created_again_under_its_new_key(standing: Shop) -> None:
    (action,) = [each for each in standing.journal("address, path") if each[0] == "ManagementSolution/alder-dental"]
    solution = standing.get(f"/{action[1]}")[0]
    assert standing.http.delete(f"/{action[1]}/{solution['id']}").status_code == 204
    standing.edit(FILE, 'managedId: "1001001", agreement', 'managedId: "7", agreement')
    standing.edit(FILE, '  managedId: "1001001"\n', '  managedId: "7"\n')

    actions = standing.plan("--only", "setup")["actions"]

    assert [(each["address"], each["action"]) for each in actions] == [("ManagementSolution/alder-dental", "create")]


def test_a_document_that_retires_a_renamed_company_is_an_error_and_no_empty_plan(standing: Shop) -> None:
    rename(standing, "AlderGroup")
    text = (standing.folder / FILE).read_text(encoding="utf-8")
    standing.write(
        FILE, text.split("---\n")[0].replace("{name: alder-dental}", "{name: alder-dental, ensure: retired}")
    )

    said = standing("plan")

    assert said.code == 1
    assert "has the identifier 'AlderGroup'" in said.err


def test_an_import_writes_no_second_document_for_a_company_with_a_new_identifier(standing: Shop) -> None:
    rename(standing, "AlderGroup")

    said = standing("import")

    assert said.code == 1
    assert "has the identifier 'AlderGroup'" in said.err
    assert not (standing.folder / "customers" / "aldergroup.yaml").exists()


def test_an_import_names_declared_companies_that_are_not_in_connectwise(standing: Shop) -> None:
    rename(standing, "AlderGroup")
    for path in standing.ledger.parent.iterdir():
        path.unlink()

    said = standing("import", "--dry-run")

    assert "declared and not in ConnectWise, so a plan would create them:\n  Company/alder-dental\n" in said.out
    assert standing("--json", "import", "--dry-run").json["not_in_connectwise"][0] == "Company/alder-dental"
