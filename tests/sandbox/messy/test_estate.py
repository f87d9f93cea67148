"""The objects of a messy estate. ConnectWise would have accepted each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from reconciler.sandbox.connectwise.schema.entities import ENTITIES
from reconciler.sandbox.cove.data.model import Level, State
from reconciler.sandbox.cove.data.saved import dump_world
from reconciler.sandbox.messy.oddities import LONG, ODD
from tests.sandbox.messy.conftest import NOW, Estate, made


def rows(estate: Estate, table: str) -> Iterator[dict[str, Any]]:
    return (row.data for row in estate.tenant.tables[table].rows.values())


def written(estate: Estate) -> bytes:
    tables = {name: [row.data for row in table.rows.values()] for name, table in estate.tenant.tables.items()}
    return msgspec.json.encode([tables, dump_world(estate.world), estate.truth])


def test_the_same_seed_number_and_time_make_the_same_estate() -> None:
    assert written(made(5, 120)) == written(made(5, 120))


def test_another_seed_makes_another_estate() -> None:
    assert written(made(5, 60)) != written(made(6, 60))


@pytest.mark.parametrize("day", ["2026-01-01T00:00:00", "2028-02-29T23:59:59", "2026-03-31T12:00:00"])
def test_an_estate_can_be_made_on_any_day(day: str) -> None:
    now = datetime.fromisoformat(day).replace(tzinfo=UTC)
    estate = made(2, 60, now)

    latest = max(row["_info"]["lastUpdated"] for row in rows(estate, "company"))
    assert latest <= now.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("seed", range(4))
def test_connectwise_accepts_every_object_again_as_it_is(seed: int) -> None:
    estate = made(seed, 150)
    tenant = estate.tenant
    for name, table in tenant.tables.items():
        if name not in ENTITIES:
            continue
        for row in list(table.rows.values()):
            tenant.update(name, row, {})


def test_the_console_is_a_small_tree_with_trials_a_recycle_bin_and_customers_without_devices(estate: Estate) -> None:
    partners = estate.world.partners.values()
    states = Counter(each.state for each in partners if each.level is Level.END_CUSTOMER)
    usage = estate.world.usage(NOW)

    assert states[State.IN_PRODUCTION] > 500
    assert min(states[state] for state in State) > 0
    assert {each.level for each in partners} >= {Level.RESELLER, Level.SERVICE_ORGANIZATION, Level.SITE}
    assert [each.name for each in partners if each.name.endswith("Recycle Bin")]
    assert any(each.recycled for each in estate.truth.customers)
    assert sum(not each.devices for each in usage) > 5
    assert any(each.missing for each in usage)
    assert any(each.level is Level.RESELLER and each.devices for each in usage)


def test_companies_are_also_deleted_inactive_vendors_and_prospects(estate: Estate) -> None:
    companies = list(rows(estate, "company"))
    kinds = Counter(kind["name"] for each in companies for kind in each["types"])

    assert sum(each["deletedFlag"] for each in companies) > 3
    assert {"Inactive", "Former Customer"} <= {each["status"]["name"] for each in companies}
    assert min(kinds[name] for name in ("Vendor", "Prospect", "Partner", "Owner")) > 0
    assert any("city" not in each for each in companies)
    assert any(len(each["name"]) == 156 for each in companies)


def test_every_odd_text_is_the_name_of_something(estate: Estate) -> None:
    texts = {each["name"] for each in rows(estate, "company")}
    agreements = {each["name"] for each in rows(estate, "agreement")}
    products = {each["identifier"] for each in rows(estate, "catalogItem")}

    assert set(ODD) <= texts
    assert len(agreements & set(ODD)) > 5
    assert {each.strip() for each in ODD} <= products
    assert LONG[:75].strip() in products


def test_contacts_are_inactive_without_e_mail_or_share_one(estate: Estate) -> None:
    contacts = list(rows(estate, "contact"))
    mails: dict[int, list[str]] = {}
    for each in contacts:
        items = [item["value"] for item in each["communicationItems"] if item["communicationType"] == "Email"]
        mails.setdefault(each["company"]["id"], []).extend(items)

    assert any(each["inactiveFlag"] for each in contacts)
    assert any("lastName" not in each for each in contacts)
    assert any(not each["communicationItems"] for each in contacts)
    assert any(len(set(found)) < len(found) for found in mails.values())


def test_agreements_are_doubled_over_endless_mid_month_and_below_others(estate: Estate) -> None:
    agreements = list(rows(estate, "agreement"))
    names = Counter((each["company"]["id"], each["name"]) for each in agreements)

    assert {each["agreementStatus"] for each in agreements} >= {"Active", "Cancelled", "Expired"}
    assert max(names.values()) == 2
    assert sum(each["startDate"][8:10] != "01" for each in agreements) > 50
    assert any("endDate" in each for each in agreements if each["agreementStatus"] == "Active")
    assert any(each["noEndingDateFlag"] for each in agreements)
    assert any("parentAgreement" in each for each in agreements)
    assert any("billStartDate" in each for each in agreements)
    assert len({each["type"]["name"] for each in agreements}) > 3
    assert {each["billingCycle"]["name"] for each in agreements} > {"Monthly"}
    assert {each["currency"]["currencyCode"] for each in agreements} == {"USD", "EUR"}


def test_agreements_are_invoiced_until_different_months(estate: Estate) -> None:
    following = Counter(each["nextInvoiceDate"][:7] for each in rows(estate, "agreement"))

    assert following["2026-12"] > following["2026-11"] > following["2026-10"] > 20
    assert estate.tenant.tables["invoice"].rows


def test_additions_have_prices_costs_and_included_quantities_of_their_own(estate: Estate) -> None:
    products = {each["id"]: each for each in rows(estate, "catalogItem")}
    additions = list(rows(estate, "addition"))
    lines = Counter((each["agreementId"], each["product"]["id"]) for each in additions)

    assert any(each["unitPrice"] != products[each["product"]["id"]]["price"] for each in additions)
    assert any(each["unitCost"] != products[each["product"]["id"]]["cost"] for each in additions)
    assert any(each["lessIncluded"] for each in additions)
    assert any(each["unitPrice"] == 0 for each in additions)
    assert any(each["unitPrice"].as_tuple().exponent == -6 for each in additions)
    assert any("cancelledDate" in each for each in additions)
    assert max(lines.values()) > 1
    assert {each["billCustomer"] for each in additions} == {"Billable", "DoNotBill", "NoCharge"}
    assert any(products[each["product"]["id"]]["inactiveFlag"] for each in additions)


def test_additions_were_edited_by_hand_and_by_the_integration_of_the_console(estate: Estate) -> None:
    writers = {each["_info"]["updatedBy"] for each in rows(estate, "addition")}

    assert {"NableSync", "jdoe", "Admin1"} <= writers
    assert all(each["_info"]["lastUpdated"] >= each["_info"]["dateEntered"] for each in rows(estate, "addition"))


def test_custom_fields_of_several_types_have_values_in_some_objects(estate: Estate) -> None:
    kinds = {each["fieldTypeIdentifier"] for each in rows(estate, "userDefinedField")}
    valued = {
        entry["type"]
        for table in ("company", "contact", "agreement", "addition", "catalogItem")
        for each in rows(estate, table)
        for entry in each["customFields"]
        if "value" in entry
    }

    assert kinds == valued


def test_some_management_solutions_name_no_customer(estate: Estate) -> None:
    solutions = list(rows(estate, "managementSummary"))

    assert {each["managementSolution"]["name"] for each in solutions} == {"Cove Data Protection", "N-central"}
    assert any(not each["groupIdentifier"].isdecimal() for each in solutions)
    assert any("agreement" not in each for each in solutions)
