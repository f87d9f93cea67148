"""Each step of the vendor's guide, done by its manifest, and checked in the tenant with plain GET requests."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.shop import ALDER, BIRCHWOOD, DOGWOOD, ELMHURST, FIR, Shop

ALDER_LINES = "Alder Dental - Managed Backup"
BIRCH_LINES = "Birchwood Legal - Managed Backup"
ELM_LINES = "Elmhurst Foundry - Managed Backup"


@pytest.fixture
def alder(shop: Shop) -> Shop:
    """Return the example estate with one customer."""
    shop.only(ALDER)
    return shop


# ── steps 1 and 2: the integrator login ──────────────────────────────────────────────────────────────────


def test_step_2_the_integrator_login_has_all_records_and_exactly_four_apis(alder: Shop) -> None:
    alder.apply()

    login = alder.one("/system/integratorlogins", username="backup-billing")
    assert login["canAccessAllRecordsFlag"] is True
    on = {name for name, value in login.items() if name.endswith("ApiFlag") and value}
    assert on == {"managedServicesApiFlag", "companyApiFlag", "productApiFlag", "reportingApiFlag"}


# ── step 3: the managed devices integration ──────────────────────────────────────────────────────────────


def test_step_3_the_integration_has_the_solution_name_and_its_two_check_boxes(alder: Shop) -> None:
    alder.apply()

    made = alder.one("/company/managedDevicesIntegrations", name="Managed Backup")
    assert made["solution"] == "Managed Backup"
    assert made["disableNewCrossReferencesFlag"] is False
    assert made["matchOnSerialNumberFlag"] is True
    assert made["integratorLogin"]["id"] == alder.one("/system/integratorlogins", username="backup-billing")["id"]


# ── steps 4 and 5: company and contact ───────────────────────────────────────────────────────────────────


def test_step_4_the_company_is_an_active_customer_with_its_address(alder: Shop) -> None:
    alder.apply()

    made = alder.one("/company/companies", identifier="AlderDental")
    assert (made["name"], made["status"]["name"]) == ("Alder Dental", "Active")
    assert (made["addressLine1"], made["city"], made["state"], made["zip"]) == ("12 Mill Road", "Tampa", "FL", "33602")
    (kind,) = alder.get(f"/company/companies/{made['id']}/typeAssociations")
    assert kind["type"]["name"] == "Customer"


def test_step_5_the_contact_belongs_to_the_company_and_has_its_email_as_default(alder: Shop) -> None:
    alder.apply()

    made = alder.one("/company/contacts", company__identifier="AlderDental")
    assert (made["firstName"], made["lastName"]) == ("Ada", "Alder")
    (item,) = alder.get(f"/company/contacts/{made['id']}/communications")
    assert (item["value"], item["communicationType"], item["defaultFlag"]) == (
        "office@alder-dental.example",
        "Email",
        True,
    )


# ── step 6: the agreement ────────────────────────────────────────────────────────────────────────────────


def test_step_6_the_agreement_has_its_type_starts_on_the_first_of_a_month_and_has_no_end_date(alder: Shop) -> None:
    alder.apply()

    made = alder.one("/finance/agreements", name=ALDER_LINES)
    assert made["type"]["name"] == "Managed Service"
    assert made["startDate"] == "2026-01-01T00:00:00Z"
    assert made["noEndingDateFlag"] is True
    assert made.get("endDate") is None
    assert made["company"]["identifier"] == "AlderDental"
    assert made["contact"]["name"] == "Ada Alder"
    assert made["agreementStatus"] == "Active"


# ── step 7: the management solution, and its possible issues ─────────────────────────────────────────────


def test_step_7_the_company_has_the_solution_with_its_numeric_managed_id(alder: Shop) -> None:
    alder.apply()

    company = alder.one("/company/companies", identifier="AlderDental")
    (made,) = alder.get(f"/company/companies/{company['id']}/managementSummaryReports")
    assert made["managementSolution"]["name"] == "Managed Backup"
    assert made["groupIdentifier"] == "1001001"
    assert made["agreement"]["name"] == ALDER_LINES
    assert made["deviceType"] == "BackupStats"


def test_step_7_a_managed_id_with_letters_is_refused_before_any_request(alder: Shop) -> None:
    alder.edit("customers/alder-dental.yaml", 'managedId: "1001001", agreement', 'managedId: "AB-1", agreement')

    said = alder("plan")

    assert said.code == 1
    assert "alder-dental.yaml" in said.err
    assert alder.sandbox.log.total == 0


def test_step_7_possible_issues_the_management_it_record_is_created_before_the_solution(alder: Shop) -> None:
    alder.apply()

    made = alder.one("/company/managementItSolutions", name="Managed Backup")
    assert (made["managementItSolutionType"], made["managementSolutionName"]) == ("Custom", "Managed Backup")
    wrote = [path for method, path in writes(alder) if method == "POST"]
    assert wrote.index("/company/managementItSolutions") < next(
        place for place, path in enumerate(wrote) if path.endswith("/managementSummaryReports")
    )


def writes(shop: Shop) -> list[tuple[str, str]]:
    """Return the method and the path of each write to ConnectWise, in order."""
    found = [(each.method, each.path.partition("/apis/3.0")[2]) for each in shop.sandbox.log.entries]
    return [(method, path) for method, path in found if path and method != "GET" and path != "/system/bundles"]


# ── step 8: the product ──────────────────────────────────────────────────────────────────────────────────


def test_step_8_the_product_has_its_category_its_unit_and_its_prices(alder: Shop) -> None:
    alder.apply()

    made = alder.one("/procurement/catalog", identifier="BACKUP-GB")
    assert made["category"]["name"] == "Managed Services"
    assert made["subcategory"]["name"] == "Backup"
    assert made["unitOfMeasure"]["name"] == "Each"
    assert made["productClass"] == "Agreement"
    assert (made["price"], made["cost"]) == (Decimal("0.15"), Decimal("0.06"))


# ── step 9: the mapping ──────────────────────────────────────────────────────────────────────────────────


def test_step_9_a_mapping_bills_its_customer_on_one_product(alder: Shop) -> None:
    alder.apply()

    assert alder.additions(ALDER_LINES) == {"BACKUP-GB": (121, Decimal("0.15"))}


def test_step_9_a_solution_name_in_another_case_bills_nothing_and_is_reported(alder: Shop) -> None:
    alder.apply("--only", "setup")
    alder.edit("customers/alder-dental.yaml", "# `product: backup-gb`", "solution: managed backup\n  # `product`")

    said = alder.apply("--only", "usage", code=5)

    assert "no management solution managed backup with Managed ID 1001001" in said.out
    assert "it has Managed Backup with 1001001. The name is compared with case" in said.out
    assert alder.additions(ALDER_LINES) == {}


def test_step_9_ranges_bill_the_whole_quantity_at_the_price_of_one_range(shop: Shop) -> None:
    shop.only(BIRCHWOOD)
    shop.apply()
    assert shop.additions(BIRCH_LINES) == {"BACKUP-GB-500": (461, Decimal("0.14"))}

    shop.uses(BIRCHWOOD, "700")
    shop.apply("--only", "usage", "--approve", "quantity")

    assert shop.additions(BIRCH_LINES) == {
        "BACKUP-GB-500": (0, Decimal("0.14")),
        "BACKUP-GB-1000": (700, Decimal("0.12")),
    }
    rows = shop.get(f"/finance/agreements/{shop.one('/finance/agreements', name=BIRCH_LINES)['id']}/additions")
    assert not any(row.get("cancelledDate") for row in rows)


def test_step_9_graduated_ranges_bill_each_slice_at_its_own_price(shop: Shop) -> None:
    shop.apply()

    assert shop.additions("Cedar Logistics - Managed Backup") == {
        "BACKUP-GB-500": (500, Decimal("0.14")),
        "BACKUP-GB-1000": (500, Decimal("0.12")),
        "BACKUP-GB-ABOVE": (251, Decimal("0.10")),
    }


def test_step_9_an_allowance_is_subtracted_and_a_minimum_is_always_billed(shop: Shop) -> None:
    shop.only(DOGWOOD)
    shop.apply()
    lines = "Dogwood Clinic - Managed Backup"
    assert shop.additions(lines) == {"BACKUP-GB": (40, Decimal("0.15"))}

    shop.uses(DOGWOOD, "100.5")
    shop.apply("--only", "usage")
    assert shop.additions(lines) == {"BACKUP-GB": (51, Decimal("0.15"))}

    shop.uses(DOGWOOD, "3")
    shop.apply("--only", "usage")
    assert shop.additions(lines) == {"BACKUP-GB": (40, Decimal("0.15"))}


# ── step 10: hourly additions, and viewing them ──────────────────────────────────────────────────────────


def test_step_10_the_hourly_job_updates_the_quantity_of_the_addition(alder: Shop) -> None:
    alder.apply()
    agreement = alder.one("/finance/agreements", name=ALDER_LINES)
    (before,) = alder.get(f"/finance/agreements/{agreement['id']}/additions")
    alder.advance()
    alder.uses(ALDER, "130.2")

    alder.apply("--only", "usage")

    (after,) = alder.get(f"/finance/agreements/{agreement['id']}/additions")
    assert (after["id"], after["quantity"], after["billCustomer"]) == (before["id"], 131, "Billable")
    assert (after["billedQuantity"], after["extPrice"]) == (131, Decimal("19.65"))
    assert (after["serialNumber"], after["lessIncluded"]) == ("rc:cove/1001001/alder-dental/storage", 0)
    assert after["_info"]["lastUpdated"] == "2026-11-01T07:00:00Z"


def test_step_10_the_report_shows_each_addition_next_to_its_usage(alder: Shop) -> None:
    alder.apply()

    said = alder("usage", "report")

    assert said.code == 0
    heading, line = (row for row in said.out.splitlines() if "quantity" in row or "BACKUP-GB" in row)
    assert " ".join(heading.split()) == "agreement product quantity price amount margin update from used"
    assert line.startswith("Alder")
    assert " ".join(line.partition("BACKUP-GB")[2].split()) == (
        "121 0.15 18.15 10.89 2026-11-01T06:00:00Z cove/1001001 120.35 GB"
    )
    assert "1 addition, 18.15 USD a month." in said.out


def test_step_10_the_report_as_json_has_every_number_as_decimal_text(alder: Shop) -> None:
    alder.apply()

    (row,) = alder("--json", "usage", "report").json

    assert (row["quantity"], row["unit_price"], row["amount"], row["used"], row["unit"]) == (
        "121", "0.15", "18.15", "120.35", "GB",
    )  # fmt: skip
    assert row["mapping"] == "alder-dental"


# ── what the backup console itself cannot do ───────────────────────────────────────────────────────────────


def by_hand(shop: Shop, quantity: int = 250) -> int:
    """Create an addition without a tag for Elmhurst Foundry; return its id."""
    agreement = shop.one("/finance/agreements", name=ELM_LINES)
    product = shop.one("/procurement/catalog", identifier="BACKUP-GB")
    body = {"product": {"id": product["id"]}, "quantity": quantity, "unitPrice": 0.12, "billCustomer": "Billable"}
    answer = shop.http.post(f"/finance/agreements/{agreement['id']}/additions", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_an_addition_made_by_hand_is_adopted_and_not_created_twice(shop: Shop) -> None:
    shop.only(ELMHURST)
    shop.apply("--only", "setup")
    number = by_hand(shop)

    plan = shop("plan")
    assert "» Addition/elmhurst-foundry.storage:backup-gb" in plan.out
    assert "Plan: 1 to adopt;" in plan.out
    shop.apply()

    agreement = shop.one("/finance/agreements", name=ELM_LINES)
    (line,) = shop.get(f"/finance/agreements/{agreement['id']}/additions")
    assert (line["id"], line["quantity"], line["unitPrice"]) == (number, 301, Decimal("0.15"))
    assert line["serialNumber"] == "rc:cove/1001005/elmhurst-foundry/storage"
    assert shop("plan", "--detailed-exitcode").code == 0


def test_two_additions_that_could_be_adopted_are_refused_with_both_ids(shop: Shop) -> None:
    shop.only(ELMHURST)
    shop.apply("--only", "setup")
    first, second = by_hand(shop), by_hand(shop, 260)

    said = shop.apply(code=5)

    assert f"ids {first} and {second}" in said.out


def test_an_exclusion_is_listed_and_after_its_end_the_customer_is_unmapped(shop: Shop) -> None:
    shop.only(ALDER, FIR)
    shop.edit("customers/fir-internal-lab.yaml", "reason:", 'until: "2026-11-30"\n  reason:')
    said = shop.apply()
    assert "excluded cove/1001006 Fir Internal Lab 40.1 GB" in said.out

    shop.advance(24 * 30 + 6)
    shop.uses(FIR, "50")
    said = shop.apply("--only", "usage", code=5)

    assert "unmapped cove/1001006 Fir Internal Lab 50 GB, 7.50 USD a month" in said.out
    assert "ended on 2026-11-30" in said.out


def test_an_unmapped_customer_ends_the_run_with_5_and_the_others_are_billed(alder: Shop) -> None:
    alder.apply()
    alder.world.add_device(alder.world.add_customer("Gumtree Motors", alder.time).id, alder.time, 12_300_000_000)
    alder.uses(ALDER, "140")

    said = alder.apply("--only", "usage", code=5)

    assert "unmapped cove/" in said.out
    assert "Gumtree Motors 12.3 GB, 1.95 USD a month" in said.out
    assert alder.additions(ALDER_LINES) == {"BACKUP-GB": (140, Decimal("0.15"))}
    assert alder("usage", "coverage").code == 5


def test_with_unmapped_warn_an_unmapped_customer_ends_the_run_with_0(alder: Shop) -> None:
    alder.edit("workspace.yaml", "unmapped: error", "unmapped: warn")
    alder.world.add_device(alder.world.add_customer("Gumtree Motors", alder.time).id, alder.time, 12_300_000_000)

    assert "Gumtree Motors" in alder.apply().out
    assert alder("usage", "coverage").code == 0


def test_a_vanished_customer_is_held_for_the_grace_period_and_then_bills_zero(alder: Shop) -> None:
    alder.apply()
    alder.advance()
    alder.world.remove_customer(ALDER, alder.time)

    alder.advance()
    said = alder.apply("--only", "usage", "--approve", "shrink", code=5)  # the console has no other customer
    assert "vanished cove/1001001" in said.out
    assert alder.additions(ALDER_LINES) == {"BACKUP-GB": (121, Decimal("0.15"))}

    alder.advance(30)
    said = alder.apply("--only", "usage", code=5)
    assert alder.additions(ALDER_LINES) == {"BACKUP-GB": (0, Decimal("0.15"))}
    assert "2026-11-01" in said.out  # names the last sample


def test_a_failed_pull_holds_every_quantity_and_ends_with_5(alder: Shop) -> None:
    alder.apply()
    alder.advance()
    alder.uses(ALDER, "500")
    alder.patch.setenv("COVE_PASSWORD", "wrong")

    said = alder.apply("--only", "usage", code=5)

    assert "1 mapped customer is held at its last quantity" in said.out
    assert alder.additions(ALDER_LINES) == {"BACKUP-GB": (121, Decimal("0.15"))}


def test_the_devices_of_a_reseller_itself_are_unattributed(alder: Shop) -> None:
    alder.world.add_device(alder.world.root_id, alder.time, 5_000_000_000, "own-server")

    said = alder.apply(code=5)

    assert "unattributed cove/1000001 Sandbox MSP (sandbox@example.test) 5 GB" in said.out
    assert alder.additions(ALDER_LINES) == {"BACKUP-GB": (121, Decimal("0.15"))}


def test_a_customer_renamed_in_the_console_is_billed_and_shown_with_both_names(alder: Shop) -> None:
    alder.apply()
    alder.advance()
    alder.world.rename(ALDER, "Alder & Sons Dental", alder.time)

    alder.apply("--only", "usage")

    assert "Alder Dental → Alder & Sons Dental" in alder("usage", "coverage").out
    assert alder.additions(ALDER_LINES) == {"BACKUP-GB": (121, Decimal("0.15"))}
