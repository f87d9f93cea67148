"""Objects whose documents are gone: they are listed with what they still bill, until they are retired or forgotten."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from tests.prepared import prepared
from tests.shop import ALDER, Shop
from tests.test_retirement import CUSTOMER, SETUP, actions, mark, unmark, without


@prepared
def applied(shop: Shop) -> Shop:
    """Return a shop with one customer that is billed."""
    shop.only(ALDER)
    shop.apply()
    return shop


def listed(plan: Any) -> dict[str, Any]:
    """Return the notes about objects that no document declares any longer, by address."""
    return {note["address"]: note for note in plan["warnings"] if note["message"].startswith("no longer declared")}


def rows(shop: Shop) -> dict[str, tuple[Any, ...]]:
    """Return the rows of declared objects in the ledger, by address."""
    with closing(sqlite3.connect(shop.ledger)) as connection:
        found = connection.execute("SELECT address, object_id, parent_id, protected FROM declared").fetchall()
    return {address: tuple(more) for address, *more in found}


def leaves(shop: Shop) -> None:
    """Remove the customer's file."""
    (shop.folder / CUSTOMER).unlink()


def by_hand(shop: Shop) -> Any:
    """Make a company and an agreement in ConnectWise by hand, and declare both. Return the agreement."""
    company = shop.post_live("/company/companies", identifier="OTHER", name="Other", city="X").json()
    contact = shop.post_live("/company/contacts", firstName="A", company={"id": company["id"]}).json()
    kind = shop.one("/finance/agreements/types", name="Managed Service")
    agreement = shop.post_live(
        "/finance/agreements",
        name="Other",
        type={"id": kind["id"]},
        company={"id": company["id"]},
        contact={"id": contact["id"]},
        startDate="2026-01-01T00:00:00Z",
        noEndingDateFlag=True,
        billAmount=70,
    ).json()
    head = "apiVersion: reconciler/v1\nkind: {}\nmetadata: {{name: other}}\nspec: {}\n"
    spec = f"{{company: other, name: Other, contact: {{id: {contact['id']}}}}}"
    documents = head.format("Company", "{identifier: OTHER, name: Other, city: X}"), head.format("Agreement", spec)
    shop.write("customers/other.yaml", "---\n".join(documents))
    return agreement


def test_an_apply_records_which_objects_are_declared(applied: Shop) -> None:
    company = applied.one("/company/companies", identifier="AlderDental")["id"]
    solution = next(iter(applied.tenant.tables["managementSummary"].rows))
    found = rows(applied)
    assert found["Company/alder-dental"] == (company, None, 0)
    assert found["ManagementSolution/alder-dental"] == (solution, company, 0)
    assert not any(address.startswith(("CustomerMapping", "Workspace", "Addition")) for address in found)


def test_only_differences_are_written(applied: Shop) -> None:
    assert "declared" not in applied.plan()


def test_a_run_for_usage_or_a_plan_records_nothing(shop: Shop) -> None:
    shop.only(ALDER)
    shop.plan()
    shop.apply("--only", "usage", code=5)
    assert rows(shop) == {}


def test_an_object_without_its_document_is_listed_with_what_it_bills(applied: Shop) -> None:
    agreement = applied.one("/finance/agreements")
    bills = sum(row["extPrice"] for row in applied.get(f"/finance/agreements/{agreement['id']}/additions"))
    leaves(applied)
    found = listed(applied.plan(*SETUP))
    assert found.keys() == {
        f"{kind}/alder-dental" for kind in ("Company", "Contact", "Agreement", "ManagementSolution")
    }
    assert Decimal(found["Agreement/alder-dental"]["money"]) == bills
    assert found["Agreement/alder-dental"]["id"] == agreement["id"]
    assert (
        f"it still bills {bills.normalize():f} USD a month (1 addition)" in found["Agreement/alder-dental"]["message"]
    )
    assert found["Company/alder-dental"]["money"] == "0"
    assert "apply --forget Company/alder-dental" in found["Company/alder-dental"]["message"]


def test_an_object_that_was_made_by_hand_is_listed_too(applied: Shop) -> None:
    agreement = by_hand(applied)
    applied.apply(*SETUP)
    (applied.folder / "customers/other.yaml").unlink()
    note = listed(applied.plan(*SETUP))["Agreement/other"]
    assert (note["id"], note["money"]) == (agreement["id"], "70")


def test_applying_again_keeps_the_list(applied: Shop) -> None:
    leaves(applied)
    applied.apply(*SETUP)
    assert "Company/alder-dental" in listed(applied.plan(*SETUP))


def test_a_plan_file_records_what_is_declared(shop: Shop) -> None:
    shop.only(ALDER)
    file = str(shop.folder.parent / "plan.json")
    shop("plan", *SETUP, "--out", file)
    assert shop("apply", file, "--auto-approve").code == 0
    company = shop.one("/company/companies", identifier="AlderDental")["id"]
    assert rows(shop)["Company/alder-dental"] == (company, None, 0)
    assert rows(shop)["ManagementSolution/alder-dental"][1] == company


def test_a_retired_object_is_not_listed(applied: Shop) -> None:
    without(applied, "CustomerMapping")
    mark(applied, "Company", "Contact", "Agreement", "ManagementSolution")
    applied.apply(*SETUP)
    leaves(applied)
    assert listed(applied.plan(*SETUP)) == {}


def test_an_object_that_was_cancelled_by_hand_is_not_listed(applied: Shop) -> None:
    leaves(applied)
    applied.patch_live(f"/finance/agreements/{applied.one('/finance/agreements')['id']}", cancelledFlag=True)
    assert "Agreement/alder-dental" not in listed(applied.plan(*SETUP))
    applied.apply(*SETUP)
    assert "Agreement/alder-dental" not in rows(applied)


def test_an_object_that_is_gone_is_reported_and_dropped_with_the_next_apply(applied: Shop) -> None:
    leaves(applied)
    solution = next(iter(applied.tenant.tables["managementSummary"].rows.values()))
    path = f"/company/companies/{solution.parent}/managementSummaryReports/{solution.id}"
    assert applied.http.delete(path).status_code == 204
    note = listed(applied.plan(*SETUP))["ManagementSolution/alder-dental"]
    assert note["message"] == (
        f"no longer declared (id {solution.id}), and gone in ConnectWise; the next apply of the setup stops listing it"
    )
    applied.apply(*SETUP)
    assert "ManagementSolution/alder-dental" not in listed(applied.plan(*SETUP))


def test_an_object_under_another_name_counts_as_declared(applied: Shop) -> None:
    """The name of the document is not its key in ConnectWise."""
    applied.edit(
        CUSTOMER, "metadata: {name: alder-dental}\nspec: {identifier", "metadata: {name: new}\nspec: {identifier"
    )
    text = (applied.folder / CUSTOMER).read_text(encoding="utf-8")
    applied.write(CUSTOMER, text.replace("company: alder-dental", "company: new"))
    plan = applied.plan()
    assert (plan["actions"], listed(plan)) == ([], {})
    applied.apply()
    assert "Company/alder-dental" not in rows(applied)
    assert "Company/new" in rows(applied)


def test_a_renamed_object_is_updated_and_not_listed(applied: Shop) -> None:
    applied.edit(CUSTOMER, "name: Alder Dental - Managed Backup", "name: Alder Backup")
    applied.edit(
        CUSTOMER,
        "kind: Agreement\nmetadata: {name: alder-dental}",
        "kind: Agreement\nmetadata: {name: alder-dental, previously: [Alder Dental - Managed Backup]}",
    )
    before = applied.one("/finance/agreements")["id"]
    plan = applied.plan()
    assert {address: action["action"] for address, action in actions(plan).items()} == {
        "Agreement/alder-dental": "update"
    }
    applied.apply()
    agreement = applied.one("/finance/agreements")
    assert (agreement["id"], agreement["name"]) == (before, "Alder Backup")
    assert listed(applied.plan()) == {}


def test_an_object_that_is_declared_by_its_id_under_another_name_is_not_listed(applied: Shop) -> None:
    number = applied.one("/company/contacts")["id"]
    applied.edit(
        CUSTOMER,
        "kind: Contact\nmetadata: {name: alder-dental}",
        f"kind: Contact\nmetadata: {{name: ada, id: {number}}}",
    )
    applied.edit(CUSTOMER, "contact: alder-dental", "contact: ada")
    plan = applied.plan(*SETUP)
    assert (plan["actions"], listed(plan)) == ([], {})


def takes_the_place_of_another(shop: Shop) -> dict[str, int]:
    """Let the documents describe another company, and return the ids of the objects that they declared, by address."""
    shop.post_live("/company/companies", identifier="OTHER", name="Other", city="X")
    before = {each: row[0] for each, row in rows(shop).items() if each.endswith("/alder-dental")}
    shop.edit(CUSTOMER, "identifier: AlderDental", "identifier: OTHER")
    return before


@pytest.mark.parametrize("part", [(), ("--target", "Agreement/alder-dental")])
def test_the_object_that_a_document_declared_before_is_named_with_what_it_bills(
    applied: Shop, part: tuple[str, ...]
) -> None:
    before = takes_the_place_of_another(applied)

    plan = applied.plan(*SETUP, *part)

    notes = {each["address"]: each for each in plan["warnings"] if "than the one it declared before" in each["message"]}
    assert actions(plan)["Agreement/alder-dental"]["action"] == "create"
    assert notes["Company/alder-dental"]["message"].startswith(
        f"this is another Company than the one it declared before: id {before['Company/alder-dental']}, which has "
        "identifier 'AlderDental' in ConnectWise"
    )
    agreement = notes["Agreement/alder-dental"]
    assert "it still bills 18.15 USD a month" in agreement["message"]
    assert (agreement["id"], agreement["money"]) == (before["Agreement/alder-dental"], "18.15")


def test_the_object_that_a_document_declared_before_is_listed_until_it_is_forgotten(applied: Shop) -> None:
    before = {f"{address}:{number}" for address, number in takes_the_place_of_another(applied).items()}
    assert {each["action"] for each in applied.plan(*SETUP, "--prune")["actions"]} == {"create", "update"}
    applied.apply()

    assert set(listed(applied.plan())) == before
    company = next(each for each in before if each.startswith("Company/"))
    assert applied("--json", "show", company).json["live"]["identifier"] == "AlderDental"
    applied.apply(*SETUP, "--forget", company)
    assert set(listed(applied.plan())) == before - {company}


def test_an_object_that_was_deleted_by_hand_is_made_again_without_a_word(applied: Shop) -> None:
    company = applied.one("/company/companies")["id"]
    path = f"/company/companies/{company}/managementSummaryReports"
    assert applied.http.delete(f"{path}/{applied.one(path)['id']}").status_code == 204

    plan = applied.plan(*SETUP)

    assert [each["action"] for each in plan["actions"]] == ["create"]
    assert plan["warnings"] == []


def test_a_plan_of_a_part_lists_and_drops_nothing(applied: Shop) -> None:
    """The other documents are declared, although they are not in the plan."""
    before = rows(applied)
    mark(applied, "Agreement", how="protect: true")
    leaves_product = applied.folder / "products.yaml"
    text = leaves_product.read_text(encoding="utf-8")
    leaves_product.write_text(text.replace("price: 0.15", "price: 0.16"), encoding="utf-8")
    assert listed(applied.plan("--target", "Product/backup-gb")) == {}
    applied.apply("--target", "Product/backup-gb")
    assert rows(applied) == before
    applied.apply("--target", "Agreement/alder-dental")
    assert rows(applied)["Agreement/alder-dental"][2] == 1
    assert rows(applied).keys() == before.keys()


# ── prune ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_prune_retires_the_objects_that_we_made_dependents_first(applied: Shop) -> None:
    leaves(applied)
    plan = applied.plan(*SETUP, "--prune")
    found = actions(plan)
    assert {action["action"] for action in found.values()} == {"retire"}
    assert found["Agreement/alder-dental"]["reason"].startswith("no longer declared; it bills ")
    assert found["Company/alder-dental"]["depends_on"] == [
        "Agreement/alder-dental",
        "Contact/alder-dental",
        "ManagementSolution/alder-dental",
    ]
    applied.apply(*SETUP, "--prune")
    assert applied.one("/finance/agreements")["cancelledFlag"] is True
    assert applied.one("/finance/agreements")["reasonCancelled"] == "no longer declared"
    plan = applied.plan(*SETUP, "--prune")
    assert (plan["actions"], listed(plan)) == ([], {})


def test_prune_leaves_objects_that_were_made_by_hand(applied: Shop) -> None:
    by_hand(applied)
    applied.apply(*SETUP)
    (applied.folder / "customers/other.yaml").unlink()
    plan = applied.plan(*SETUP, "--prune")
    assert plan["actions"] == []
    assert "Not pruned, because it was not made by reconciler" in listed(plan)["Agreement/other"]["message"]


def test_prune_leaves_objects_that_a_document_still_needs(applied: Shop) -> None:
    """By a look-up, by the solution that a mapping names, and by the integration that brings in a solution."""
    applied.edit(CUSTOMER, "agreement: alder-dental}\n---", "agreement: alder-dental}\n---")
    without(applied, "Product", "products.yaml")
    (applied.folder / "products.yaml").unlink()
    applied.edit("defaults.yaml", "product: backup-gb", "product: {identifier: BACKUP-GB}")
    without(applied, "ManagementSolution")
    without(applied, "ManagedDevicesIntegration", "setup.yaml")
    plan = applied.plan(*SETUP, "--prune")
    notes = listed(plan)
    assert "CustomerMapping/alder-dental still needs it" in notes["Product/backup-gb"]["message"]
    assert "CustomerMapping/alder-dental still needs it" in notes["ManagementSolution/alder-dental"]["message"]
    assert "Product/backup-gb-500" in actions(plan)


def test_an_integration_whose_solution_a_document_uses_is_not_pruned(applied: Shop) -> None:
    without(applied, "ManagedDevicesIntegration", "setup.yaml")
    note = listed(applied.plan(*SETUP, "--prune"))["ManagedDevicesIntegration/managed-backup"]
    assert "ManagementSolution/alder-dental still needs it" in note["message"]


# ── protect ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_protected_object_stays_protected_after_its_document_is_gone(applied: Shop) -> None:
    mark(applied, "Agreement", how="protect: true")
    applied.apply(*SETUP)
    leaves(applied)
    plan = applied.plan(*SETUP, "--prune")
    assert "Agreement/alder-dental" not in actions(plan)
    message = listed(plan)["Agreement/alder-dental"]["message"]
    assert (
        "Not pruned, because it is protected: to retire it, declare it again with protect: false and apply" in message
    )


def test_a_document_without_protection_ends_it(applied: Shop) -> None:
    mark(applied, "Agreement", how="protect: true")
    applied.apply(*SETUP)
    applied.edit(CUSTOMER, "protect: true", "protect: false")
    applied.apply(*SETUP)
    leaves(applied)
    assert "Agreement/alder-dental" in actions(applied.plan(*SETUP, "--prune"))


# ── forget ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_forgotten_object_is_neither_listed_nor_pruned(applied: Shop) -> None:
    leaves(applied)
    before = len(applied.journal())
    said = applied.apply(*SETUP, "--forget", "Agreement/alder-dental", "--forget", "Contact/alder-dental")
    assert "note: Contact/alder-dental: the ledger forgets it" in said.err
    plan = applied.plan(*SETUP, "--prune")
    assert listed(plan) == {}
    assert actions(plan).keys() == {"Company/alder-dental", "ManagementSolution/alder-dental"}
    assert len(applied.journal()) == before


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("Agreement/alder", "Did you mean Agreement/alder-dental"),
        ("Product/backup-gb", "Product/backup-gb is still declared, in products.yaml"),
        ("Addition/alder-dental.storage:backup-gb", "an addition is found by its tag in ConnectWise"),
        ("", "the ledger knows no "),
    ],
)
def test_an_address_that_cannot_be_forgotten_is_an_error(applied: Shop, address: str, told: str) -> None:
    leaves(applied)
    said = applied("apply", "--auto-approve", *SETUP, "--forget", address)
    assert said.code == 1
    assert told in said.err


def test_forgetting_needs_the_setup_and_no_plan_file(applied: Shop) -> None:
    said = applied("apply", "--auto-approve", "--only", "usage", "--forget", "Company/x")
    assert "--forget cannot be used with --only usage" in said.err
    said = applied("apply", "--auto-approve", "--target", "Product/backup-gb", "--forget", "Company/x")
    assert "--forget cannot be used with --target" in said.err
    said = applied("apply", "plan.json", "--forget", "Company/x")
    assert "--forget cannot be used with a plan file" in said.err


# ── a ledger without these rows ──────────────────────────────────────────────────────────────────────────────────────


def test_an_older_ledger_lists_the_objects_that_we_made(applied: Shop) -> None:
    """It has no rows of declared objects yet. The next apply stores them, with those that are left."""
    with closing(sqlite3.connect(applied.ledger)) as connection, connection:
        connection.execute("DELETE FROM declared")
    leaves(applied)
    found = listed(applied.plan(*SETUP))
    assert found["ManagementSolution/alder-dental"]["message"] == (
        "no longer declared; its id in ConnectWise is not known"
    )
    assert found["Agreement/alder-dental"]["money"] is not None
    applied.apply(*SETUP)
    assert "Agreement/alder-dental" in rows(applied)
    assert "Agreement/alder-dental" in listed(applied.plan(*SETUP))


def test_an_object_that_is_declared_again_is_no_longer_listed(applied: Shop) -> None:
    text = (applied.folder / CUSTOMER).read_text(encoding="utf-8")
    leaves(applied)
    applied.apply(*SETUP)
    applied.write(CUSTOMER, text)
    unmark(applied)
    plan = applied.plan(*SETUP)
    assert (plan["actions"], listed(plan)) == ([], {})
