"""`metadata.ensure: retired`: each kind is retired in its way, dependents first, and can become active again."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.prepared import prepared
from tests.shop import ALDER, Send, Shop

CUSTOMER = "customers/alder-dental.yaml"
SETUP = ("--only", "setup")


@prepared
def applied(shop: Shop) -> Shop:
    """Return a shop with one customer that is billed."""
    shop.only(ALDER)
    shop.apply()
    return shop


def without(shop: Shop, kind: str, file: str = CUSTOMER) -> None:
    """Remove the documents of a kind from a file."""
    path = shop.folder / file
    kept = [part for part in path.read_text(encoding="utf-8").split("---\n") if f"kind: {kind}\n" not in part]
    path.write_text("---\n".join(kept), encoding="utf-8")


def mark(shop: Shop, *kinds: str, file: str = CUSTOMER, how: str = "ensure: retired, reason: left us") -> None:
    """Mark the documents of these kinds in a file as retired."""
    path = shop.folder / file
    parts = path.read_text(encoding="utf-8").split("---\n")
    for index, part in enumerate(parts):
        if any(f"kind: {kind}\n" in part for kind in kinds):
            parts[index] = re.sub(r"metadata:\s*\{?\s*name: ([\w-]+)\}?", rf"metadata: {{name: \1, {how}}}", part)
    path.write_text("---\n".join(parts), encoding="utf-8")


def unmark(shop: Shop, file: str = CUSTOMER) -> None:
    path = shop.folder / file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(", ensure: retired, reason: left us", ""), encoding="utf-8")


def actions(plan: Any) -> dict[str, Any]:
    return {action["address"]: action for action in plan["actions"]}


LEAVES = ("Company", "Contact", "Agreement", "ManagementSolution")


def leaves(shop: Shop) -> None:
    """Let the customer leave: its mapping is removed, and all else is marked as retired."""
    without(shop, "CustomerMapping")
    mark(shop, *LEAVES)


def test_each_kind_is_retired_in_its_way(applied: Shop) -> None:
    leaves(applied)
    applied.apply(*SETUP)
    agreement = applied.one("/finance/agreements")
    assert agreement["cancelledFlag"] is True
    assert agreement["dateCancelled"] == "2026-11-30T00:00:00Z"
    assert agreement["reasonCancelled"] == "left us"
    assert applied.one("/company/companies", identifier="AlderDental")["status"]["name"] == "Inactive"
    assert applied.one("/company/contacts")["inactiveFlag"] is True
    assert applied.counts()["managementSummary"] == 0


def test_a_retired_object_is_left_alone(applied: Shop) -> None:
    leaves(applied)
    applied.apply(*SETUP)
    plan = applied.plan(*SETUP)
    assert plan["actions"] == []
    assert plan["warnings"] == []


def test_an_object_that_does_not_exist_is_not_created_to_be_retired(shop: Shop) -> None:
    shop.only(ALDER)
    leaves(shop)
    addresses = actions(shop.plan(*SETUP)).keys()
    assert not {address for address in addresses if address.endswith("/alder-dental")}


def test_dependents_are_retired_first(applied: Shop) -> None:
    leaves(applied)
    found = actions(applied.plan(*SETUP))
    assert {address: action["action"] for address, action in found.items()} == {
        f"{kind}/alder-dental": "retire" for kind in LEAVES
    }
    assert {address: action["depends_on"] for address, action in found.items()} == {
        "ManagementSolution/alder-dental": [],
        "Agreement/alder-dental": ["ManagementSolution/alder-dental"],
        "Contact/alder-dental": ["Agreement/alder-dental"],
        "Company/alder-dental": [
            "Agreement/alder-dental",
            "Contact/alder-dental",
            "ManagementSolution/alder-dental",
        ],
    }


def test_the_plan_shows_what_the_agreement_bills_until_it_ends(applied: Shop) -> None:
    """Its own amount, our additions, and those of others."""
    agreement = applied.one("/finance/agreements")
    applied.patch_live(f"/finance/agreements/{agreement['id']}", billAmount=100)
    product = applied.one("/procurement/catalog", identifier="BACKUP-GB")
    foreign = {"product": {"id": product["id"]}, "billCustomer": "Billable", "quantity": 2, "unitPrice": 5}
    assert applied.post_live(f"/finance/agreements/{agreement['id']}/additions", **foreign).status_code == 201
    ours = sum(row["extPrice"] for row in applied.get(f"/finance/agreements/{agreement['id']}/additions")) - 10
    leaves(applied)
    plan = applied.plan(*SETUP)
    retire = actions(plan)["Agreement/alder-dental"]
    total = Decimal(110) + ours
    assert retire["reason"].startswith(f"left us; it bills {total:.2f} USD a month (its own 100.00 and 2 additions)")
    assert Decimal(retire["money"]["before"]) == total
    assert retire["money"]["after"] == "0"
    assert Decimal(plan["summary"]["money"]["before"]) == total
    assert plan["summary"]["money"]["after"] == "0"


def test_without_the_mark_the_objects_become_active_again(applied: Shop) -> None:
    """A deleted object is created again."""
    leaves(applied)
    applied.apply(*SETUP)
    unmark(applied)
    found = actions(applied.plan(*SETUP))
    assert {address: action["action"] for address, action in found.items()} == {
        "Company/alder-dental": "update",
        "Contact/alder-dental": "update",
        "Agreement/alder-dental": "update",
        "ManagementSolution/alder-dental": "create",
    }
    assert found["Agreement/alder-dental"]["reason"] == "retired in ConnectWise, and lives again"
    changes = found["Agreement/alder-dental"]["changes"]
    assert [(each["path"], each["before"], each["after"]) for each in changes] == [
        ("cancelled", True, False),
        ("dateCancelled", "2026-11-30", None),
        ("reasonCancelled", "left us", None),
    ]
    applied.apply(*SETUP)
    assert applied.one("/finance/agreements")["cancelledFlag"] is False
    assert applied.one("/company/contacts")["inactiveFlag"] is False
    assert applied.plan(*SETUP)["actions"] == []


def test_a_product_that_is_declared_inactive_stays_inactive(applied: Shop) -> None:
    product = applied.one("/procurement/catalog", identifier="BACKUP-GB-500")
    applied.patch_live(f"/procurement/catalog/{product['id']}", inactiveFlag=True)
    applied.edit("products.yaml", "identifier: BACKUP-GB-500\n", "identifier: BACKUP-GB-500\n  inactive: true\n")
    assert applied.plan(*SETUP)["actions"] == []


def test_products_and_logins_are_made_inactive_and_integrations_are_deleted(applied: Shop) -> None:
    leaves(applied)
    mark(applied, "Product", file="products.yaml")
    mark(applied, "IntegratorLogin", "ManagedDevicesIntegration", "ManagementItSolution", file="setup.yaml")
    found = actions(applied.plan(*SETUP))
    integration = found["ManagedDevicesIntegration/managed-backup"]
    assert integration["depends_on"] == ["ManagementSolution/alder-dental"]
    assert integration["reason"] == "left us; deleted, because ConnectWise cannot make it inactive"
    assert {"path": "solution", "before": "Managed Backup", "after": None} in integration["changes"]
    assert "ManagedDevicesIntegration/managed-backup" in found["IntegratorLogin/backup"]["depends_on"]
    applied.apply(*SETUP, "--approve", "retirements")
    assert all(row["inactiveFlag"] for row in applied.get("/procurement/catalog"))
    assert applied.one("/system/integratorlogins")["inactiveFlag"] is True
    counts = applied.counts()
    assert (counts["managedDevicesIntegration"], counts["managementItSolution"]) == (0, 0)
    assert applied.plan(*SETUP)["actions"] == []


def test_too_many_retirements_trip_the_guardrail(applied: Shop) -> None:
    leaves(applied)
    mark(applied, "Product", file="products.yaml")
    mark(applied, "IntegratorLogin", "ManagedDevicesIntegration", "ManagementItSolution", file="setup.yaml")
    refused = applied.apply(*SETUP, code=3)
    assert "retirements: 11 of 11 objects would be retired" in refused.err
    assert applied.one("/finance/agreements")["cancelledFlag"] is False


def test_a_plan_file_of_a_retirement_is_stale_after_the_object_was_edited(applied: Shop) -> None:
    leaves(applied)
    file = str(applied.folder.parent / "plan.json")
    applied("plan", *SETUP, "--out", file)
    solution = next(iter(applied.tenant.tables["managementSummary"].rows.values()))
    applied.patch_live(
        f"/company/companies/{solution.parent}/managementSummaryReports/{solution.id}", deviceType="Servers"
    )
    refused = applied("apply", file, "--auto-approve")
    assert refused.code == 3
    assert "ManagementSolution/alder-dental: deviceType" in refused.err


def test_a_plan_file_of_a_retirement_continues_where_it_was_interrupted(applied: Shop) -> None:
    """An object that was deleted or cancelled by hand meanwhile counts as done."""
    leaves(applied)
    file = str(applied.folder.parent / "plan.json")
    applied("plan", *SETUP, "--out", file)
    solution = next(iter(applied.tenant.tables["managementSummary"].rows.values()))
    path = f"/company/companies/{solution.parent}/managementSummaryReports/{solution.id}"
    assert applied.http.delete(path).status_code == 204
    done = applied("--json", "apply", file, "--auto-approve")
    assert done.code == 0
    results = {each["address"]: each["status"] for each in done.json["results"]}
    assert results["ManagementSolution/alder-dental"] == "already"
    assert results["Agreement/alder-dental"] == "done"


def test_a_delete_that_connectwise_refuses_skips_what_depends_on_it(applied: Shop) -> None:
    """A management solution of another customer still uses the integration."""
    company = applied.post_live("/company/companies", identifier="OTHER", name="Other", city="X").json()
    other = {"managementSolution": {"name": "Managed Backup"}, "groupIdentifier": "77"}
    path = f"/company/companies/{company['id']}/managementSummaryReports"
    assert applied.post_live(path, **other).status_code == 201
    leaves(applied)
    mark(applied, "IntegratorLogin", "ManagedDevicesIntegration", file="setup.yaml")
    said = applied("--json", "apply", "--auto-approve", *SETUP)
    assert said.code == 4
    results = {each["address"]: each for each in said.json["results"]}
    assert results["ManagedDevicesIntegration/managed-backup"]["status"] == "failed"
    assert results["IntegratorLogin/backup"]["status"] == "skipped"
    assert results["Agreement/alder-dental"]["status"] == "done"


def test_a_company_gets_the_status_that_the_workspace_names(applied: Shop) -> None:
    applied.edit("workspace.yaml", "spec:\n", "spec:\n  retiredAs: {Company: Credit Hold}\n")
    leaves(applied)
    applied.apply(*SETUP)
    assert applied.one("/company/companies", identifier="AlderDental")["status"]["name"] == "Credit Hold"


def statuses(shop: Shop, *names: str) -> None:
    """Rename the status Inactive to the first name, and add the others."""
    rows = shop.get("/company/companies/statuses")
    (inactive,) = [row for row in rows if row["name"] == "Inactive"]
    shop.patch_live(f"/company/companies/statuses/{inactive['id']}", name=names[0])
    for name in names[1:]:
        assert shop.post_live("/company/companies/statuses", name=name).status_code == 201


def test_a_company_gets_the_only_status_with_the_word_inactive(applied: Shop) -> None:
    statuses(applied, "Client (inactive)")
    leaves(applied)
    applied.apply(*SETUP)
    assert applied.one("/company/companies", identifier="AlderDental")["status"]["name"] == "Client (inactive)"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("Inactive client", "Inactive vendor"), "several entries could mean it: Inactive client, Inactive vendor"),
        (("Former",), "the setup table /company/companies/statuses has no 'Inactive'"),
    ],
)
def test_an_unclear_status_is_an_error_that_lists_the_candidates(applied: Shop, names: Any, told: str) -> None:
    statuses(applied, *names)
    leaves(applied)
    said = applied("plan", *SETUP)
    assert said.code == 1
    assert told in said.err
    assert "Name the status of a retired Company in the Workspace: retiredAs: {Company: …}" in said.err


def test_an_agreement_that_goes_on_at_a_retired_company_is_named(applied: Shop) -> None:
    """It was made by hand, so no document retires it."""
    company = applied.one("/company/companies", identifier="AlderDental")
    other = by_hand_agreement(applied, company["id"], billAmount=40)
    leaves(applied)
    notes = applied.plan(*SETUP)["warnings"]
    bills = "it bills 40.00 USD a month (its own 40.00)"
    told = f"Agreement Other (id {other['id']}) belongs to it, and is not retired: {bills}"
    assert [(note["address"], note["message"]) for note in notes] == [("Company/alder-dental", told)]


def by_hand_agreement(shop: Shop, company: int, **more: Any) -> Any:
    """Make an agreement by hand."""
    kind = shop.one("/finance/agreements/types", name="Managed Service")
    contact = shop.post_live("/company/contacts", firstName="B", company={"id": company}).json()
    made = shop.post_live(
        "/finance/agreements",
        name="Other",
        type={"id": kind["id"]},
        company={"id": company},
        contact={"id": contact["id"]},
        startDate="2026-01-01T00:00:00Z",
        noEndingDateFlag=True,
        **more,
    )
    assert made.status_code == 201, made.text
    return made.json()


def test_a_plan_with_usage_counts_what_an_agreement_bills_once(applied: Shop) -> None:
    """Our additions end with their agreement, so they are no orphans that still bill."""
    before = applied.plan()["summary"]["money"]["before"]
    leaves(applied)
    plan = applied.plan("--prune")
    orphan = [row for row in plan["coverage"] if row["state"] == "orphan"]
    assert [row["accounted"] for row in orphan] == [True]
    assert orphan[0]["detail"].endswith("until its agreement ends, which this plan retires")
    assert plan["summary"]["money"] == {"before": before, "after": "0", "currency": "USD"}
    assert not any(address.startswith("Addition/") for address in actions(plan))


def test_additions_of_an_agreement_that_ends_with_the_month_are_no_orphans(applied: Shop) -> None:
    leaves(applied)
    applied.apply(*SETUP)
    rows = applied.plan()["coverage"]
    assert not [row for row in rows if row["state"] == "orphan"]


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_a_retirement_whose_response_was_lost_is_recovered(applied: Shop, method: str) -> None:
    """The next run finds that it was carried out, and continues with what depends on it."""
    leaves(applied)
    lost: list[str] = []

    async def lose_first(request: httpx.Request, send: Send) -> httpx.Response:
        response = await send(request)
        if request.method == method and not lost:
            lost.append(request.url.path)
            raise httpx.ReadError("connection reset")
        return response

    with applied.meddled(lose_first):
        applied("apply", "--auto-approve", *SETUP)
    applied.apply(*SETUP)
    assert lost
    assert {state for *_, state in applied.journal()} == {"done"}
    assert applied.plan(*SETUP)["actions"] == []
    assert applied.one("/finance/agreements")["cancelledFlag"] is True
    assert applied.counts()["managementSummary"] == 0
