"""Agreements, additions and invoices: computed amounts, statuses that follow the clock, refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.conftest import Api, problems

AGREEMENTS = "/finance/agreements"


def test_an_agreement_needs_name_type_company_and_contact(api: Api) -> None:
    fields = [name for name, _ in problems(api.http.post(AGREEMENTS, json={}))]
    assert fields == ["name", "type", "company", "contact"]


def test_an_agreement_has_an_end_date_or_no_end(api: Api) -> None:
    agreement = api.agreement()
    path = f"{AGREEMENTS}/{agreement['id']}"
    clear = [{"op": "replace", "path": "noEndingDateFlag", "value": False}]
    assert problems(api.http.patch(path, json=clear)) == [("endDate", "MissingRequiredField")]
    both = [{"op": "replace", "path": "endDate", "value": "2027-01-01T00:00:00Z"}]
    assert problems(api.http.patch(path, json=both)) == [("endDate", "InvalidField")]
    assert api.patch(path, endDate="2027-01-01T00:00:00Z", noEndingDateFlag=False)["endDate"] == "2027-01-01T00:00:00Z"
    early = [{"op": "replace", "path": "endDate", "value": "2026-10-01T00:00:00Z"}]
    assert problems(api.http.patch(path, json=early)) == [("endDate", "InvalidField")]
    assert "endDate" not in api.patch(path, noEndingDateFlag=True)


def test_the_contact_must_belong_to_the_company(api: Api) -> None:
    agreement = api.agreement()
    stranger = api.contact(api.company("OTHER"))
    operations = [{"op": "replace", "path": "contact", "value": {"id": stranger["id"]}}]
    answer = api.http.patch(f"{AGREEMENTS}/{agreement['id']}", json=operations)
    assert problems(answer) == [("contact", "InvalidField")]


def test_a_deleted_company_cannot_have_a_new_agreement(api: Api) -> None:
    company = api.company()
    contact = api.contact(company)
    api.http.delete(f"/company/companies/{company['id']}")
    body = {
        "name": "B",
        "type": {"name": "Managed Service"},
        "company": {"id": company["id"]},
        "contact": {"id": contact["id"]},
        "noEndingDateFlag": True,
    }
    assert problems(api.http.post(AGREEMENTS, json=body)) == [("company", "InvalidReference")]


def test_an_agreement_cannot_be_its_own_parent(api: Api) -> None:
    agreement = api.agreement()
    operations = [{"op": "replace", "path": "parentAgreement", "value": {"id": agreement["id"]}}]
    assert api.http.patch(f"{AGREEMENTS}/{agreement['id']}", json=operations).status_code == 400


def test_an_agreement_takes_its_defaults_from_its_type_and_company(api: Api) -> None:
    kind = api.get("/finance/agreements/types", conditions='name="Managed Service"')[0]
    api.patch(f"/finance/agreements/types/{kind['id']}", prorateFlag=True, billingCycle={"name": "Quarterly"})
    agreement = api.agreement()
    assert agreement["prorateFlag"] is True
    assert agreement["billingCycle"]["name"] == "Quarterly"
    assert agreement["billToCompany"]["id"] == agreement["company"]["id"]
    assert agreement["currency"]["currencyCode"] == "USD"
    assert agreement["nextInvoiceDate"] == "2026-11-01T00:00:00Z"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "Active"),
        ({"startDate": "2026-12-01"}, "Inactive"),
        ({"noEndingDateFlag": False, "endDate": "2026-11-09"}, "Expired"),
        ({"noEndingDateFlag": False, "endDate": "2026-11-10"}, "Active"),
        ({"cancelledFlag": True}, "Cancelled"),
        ({"cancelledFlag": True, "dateCancelled": "2026-12-01"}, "Active"),
    ],
)
def test_the_status_follows_dates_and_the_cancelled_flag(api: Api, fields: dict[str, Any], status: str) -> None:
    assert api.agreement(**fields)["agreementStatus"] == status


def test_the_status_changes_with_the_clock(api: Api) -> None:
    agreement = api.agreement(noEndingDateFlag=False, endDate="2026-11-30")
    addition = api.addition(agreement, api.product())
    path = f"{AGREEMENTS}/{agreement['id']}"
    assert api.get(path)["agreementStatus"] == "Active"
    api.sandbox.clock.set(datetime(2026, 12, 1, tzinfo=UTC))
    assert api.get(path)["agreementStatus"] == "Expired"
    assert api.get(f"{path}/additions/{addition['id']}")["agreementStatus"] == "Expired"
    assert api.get(f"{AGREEMENTS}/count", conditions='agreementStatus="Expired"') == {"count": 1}


def test_the_status_cannot_be_written(api: Api) -> None:
    agreement = api.agreement()
    operations = [{"op": "replace", "path": "agreementStatus", "value": "Cancelled"}]
    assert api.http.patch(f"{AGREEMENTS}/{agreement['id']}", json=operations).status_code == 400


def test_an_agreement_with_additions_cannot_be_deleted(api: Api) -> None:
    agreement = api.agreement()
    addition = api.addition(agreement, api.product())
    path = f"{AGREEMENTS}/{agreement['id']}"
    assert api.http.delete(path).status_code == 409
    assert api.http.delete(f"{path}/additions/{addition['id']}").status_code == 204
    assert api.http.delete(path).status_code == 204


def test_an_addition_needs_a_product_and_how_to_bill(api: Api) -> None:
    answer = api.http.post(f"{AGREEMENTS}/{api.agreement()['id']}/additions", json={})
    assert [name for name, _ in problems(answer)] == ["product", "billCustomer"]


def test_an_addition_of_an_unknown_agreement_is_not_found(api: Api) -> None:
    answer = api.http.get(f"{AGREEMENTS}/99/additions")
    assert (answer.status_code, answer.json()["message"]) == (404, "Agreement 99 not found")


def test_an_addition_takes_its_defaults_from_the_product(api: Api) -> None:
    product = api.product(taxableFlag=True)
    addition = api.addition(api.agreement(), product)
    assert addition["unitPrice"] == Decimal("0.25")
    assert addition["unitCost"] == Decimal("0.10")
    assert addition["taxableFlag"] is True
    assert (addition["description"], addition["uom"]) == ("Backup per GB", "Each")
    assert addition["effectiveDate"] == "2026-11-10T00:00:00Z"


def test_an_addition_bills_the_quantity_above_the_included_one(api: Api) -> None:
    addition = api.addition(api.agreement(), api.product(), quantity=Decimal("12.5"), lessIncluded=2)
    assert addition["billedQuantity"] == Decimal("10.5")
    assert addition["extPrice"] == Decimal("2.63")
    assert addition["extCost"] == Decimal("1.05")
    assert addition["margin"] == Decimal("1.58")
    path = f"{AGREEMENTS}/{addition['agreementId']}/additions/{addition['id']}"
    assert api.patch(path, quantity=1)["extPrice"] == 0


def test_money_is_a_number_with_two_decimals_in_the_json(api: Api) -> None:
    addition = api.addition(api.agreement(), api.product(), quantity=3)
    text = api.http.get(f"{AGREEMENTS}/{addition['agreementId']}/additions").text
    assert '"quantity":3.00' in text
    assert '"unitPrice":0.25' in text


@pytest.mark.parametrize("field", ["billedQuantity", "extPrice", "extCost", "margin", "proratePrice", "agreementId"])
def test_computed_fields_of_an_addition_are_read_only(api: Api, field: str) -> None:
    agreement = api.agreement()
    addition = api.addition(agreement, api.product(), **{field: 99})
    assert addition[field] != 99
    path = f"{AGREEMENTS}/{agreement['id']}/additions/{addition['id']}"
    answer = api.http.patch(path, json=[{"op": "replace", "path": field, "value": 99}])
    assert problems(answer) == [(field, "InvalidField")]


def test_texts_of_an_addition_have_maximum_lengths(api: Api) -> None:
    path = f"{AGREEMENTS}/{api.agreement()['id']}/additions"
    body = {"product": {"id": api.product()["id"]}, "billCustomer": "Maybe", "serialNumber": "x" * 51}
    assert problems(api.http.post(path, json=body)) == [
        ("billCustomer", "InvalidField"),
        ("serialNumber", "InvalidField"),
    ]


def test_an_addition_is_shown_as_cancelled_from_its_cancel_date_on(api: Api) -> None:
    agreement = api.agreement()
    addition = api.addition(agreement, api.product(), effectiveDate="2026-11-01")
    path = f"{AGREEMENTS}/{agreement['id']}/additions/{addition['id']}"
    assert api.patch(path, cancelledDate="2026-11-30T00:00:00Z")["agreementStatus"] == "Active"
    api.sandbox.clock.set(datetime(2026, 11, 30, tzinfo=UTC))
    assert api.get(path)["agreementStatus"] == "Cancelled"
    early = [{"op": "replace", "path": "cancelledDate", "value": "2026-10-30T00:00:00Z"}]
    assert problems(api.http.patch(path, json=early)) == [("cancelledDate", "InvalidField")]


def test_a_prorating_agreement_bills_a_share_of_the_first_month(api: Api) -> None:
    agreement = api.agreement(prorateFlag=True)
    addition = api.addition(agreement, api.product(), quantity=30, unitPrice=1, effectiveDate="2026-11-16")
    assert addition["extendedProratePrice"] == Decimal("15.00")
    assert addition["prorateCurrentPeriodFlag"] is True
    path = f"{AGREEMENTS}/{agreement['id']}"
    api.patch(path, prorateFlag=False)
    assert api.get(f"{path}/additions/{addition['id']}")["extendedProratePrice"] == Decimal("30.00")


def test_a_new_price_of_a_product_does_not_change_existing_additions(api: Api) -> None:
    product = api.product()
    addition = api.addition(api.agreement(), product)
    api.patch(f"/procurement/catalog/{product['id']}", price=9, description="Renamed")
    found = api.get(f"{AGREEMENTS}/{addition['agreementId']}/additions/{addition['id']}")
    assert (found["unitPrice"], found["description"]) == (Decimal("0.25"), "Renamed")


def test_a_product_in_use_cannot_be_deleted(api: Api) -> None:
    product = api.product()
    api.addition(api.agreement(), product)
    assert api.http.delete(f"/procurement/catalog/{product['id']}").status_code == 409


def test_a_products_subcategory_decides_its_category(api: Api) -> None:
    product = api.product()
    assert (product["category"]["name"], product["unitOfMeasure"]["name"]) == ("Managed Services", "Each")
    body = {"identifier": "X", "description": "X", "customerDescription": "X", "type": {"name": "Agreement"}}
    wrong = {**body, "subcategory": {"name": "Backup"}, "category": {"name": "Hardware"}}
    assert problems(api.http.post("/procurement/catalog", json=wrong)) == [("subcategory", "InvalidField")]


def test_a_subcategorys_name_is_unique_in_its_category(api: Api) -> None:
    body = {"name": "Backup", "category": {"name": "Managed Services"}}
    assert problems(api.http.post("/procurement/subcategories/", json=body)) == [("name", "ObjectExists")]
    api.post("/procurement/subcategories/", {**body, "category": {"name": "Hardware"}})


def test_a_products_price_is_quoted(api: Api) -> None:
    product = api.product()
    answer = api.http.post(f"/procurement/catalog/{product['id']}/pricing", json={"quantity": 2})
    assert answer.json() == {"quantity": 2, "price": 0.25}
    assert api.http.post(f"/procurement/catalog/{product['id']}/pricing", json=[]).status_code == 400


def test_an_invoice_of_an_agreement_bills_its_additions_and_moves_the_next_date(api: Api) -> None:
    agreement = api.agreement(billAmount=5)
    product = api.product()
    api.addition(agreement, product, quantity=100, effectiveDate="2026-11-01")
    api.addition(agreement, product, quantity=7, effectiveDate="2026-12-01")
    api.addition(agreement, product, quantity=7, billCustomer="NoCharge")
    body = {"type": "Agreement", "company": {"id": agreement["company"]["id"]}, "agreement": {"id": agreement["id"]}}
    invoice = api.post("/finance/invoices", body)
    assert invoice["total"] == Decimal("30.00")
    assert invoice["status"]["name"] == "New"
    assert api.get(f"{AGREEMENTS}/{agreement['id']}")["nextInvoiceDate"] == "2026-12-01T00:00:00Z"


def invoice(api: Api, agreement: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"type": "Agreement", "company": {"id": agreement["company"]["id"]}, "agreement": {"id": agreement["id"]}}
    return api.post("/finance/invoices", {**body, **more})


def test_an_invoice_bills_every_addition_that_is_active_in_its_period(api: Api) -> None:
    agreement, product = api.agreement(), api.product()
    api.addition(agreement, product, quantity=4, effectiveDate="2026-11-30")
    api.addition(agreement, product, quantity=8, effectiveDate="2026-11-01", cancelledDate="2026-11-01")
    invoice(api, agreement)
    assert invoice(api, agreement)["total"] == Decimal("1.00")  # of December: what ended in November is out


def test_deleting_an_invoice_sets_the_next_date_back_and_only_the_newest_can_be_deleted(api: Api) -> None:
    agreement = api.agreement()
    first, second = invoice(api, agreement), invoice(api, agreement)
    assert api.http.delete(f"/finance/invoices/{first['id']}").status_code == 409
    assert api.http.delete(f"/finance/invoices/{second['id']}").status_code == 204
    assert api.get(f"{AGREEMENTS}/{agreement['id']}")["nextInvoiceDate"] == "2026-12-01T00:00:00Z"


def test_an_invoice_can_be_dated_up_to_90_days_before_its_period(api: Api) -> None:
    agreement = api.agreement(startDate="2027-01-30")
    body = {"type": "Agreement", "company": {"id": agreement["company"]["id"]}, "agreement": {"id": agreement["id"]}}
    early = api.http.post("/finance/invoices", json={**body, "date": "2026-10-31T00:00:00Z"})
    assert problems(early) == [("date", "InvalidField")]
    invoice(api, agreement, date="2026-11-01T00:00:00Z")


@pytest.mark.parametrize(
    ("cycle", "following"),
    [
        ("Weekly", "2026-11-08"),
        ("BiWeekly", "2026-11-15"),
        ("Monthly", "2026-12-01"),
        ("BiMonthly", "2027-01-01"),
        ("Quarterly", "2027-02-01"),
        ("SemiAnnual", "2027-05-01"),
        ("Yearly", "2027-11-01"),
        ("NotRecurring", "2026-11-01"),
    ],
)
def test_an_invoice_covers_one_billing_cycle(api: Api, cycle: str, following: str) -> None:
    found = api.post("/finance/billingCycles", {"identifier": "X", "name": f"By {cycle}", "billingOptions": cycle})
    agreement = api.agreement(billingCycle={"id": found["id"]})
    invoice(api, agreement)
    assert api.get(f"{AGREEMENTS}/{agreement['id']}")["nextInvoiceDate"] == f"{following}T00:00:00Z"


def refused(api: Api, agreement: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    body = {"product": {"id": api.product()["id"]}, "billCustomer": "Billable", **more}
    return problems(api.http.post(f"{AGREEMENTS}/{agreement['id']}/additions", json=body))


INVOICED = [("effectiveDate", "InvalidField")]


def test_an_addition_cannot_start_in_an_invoiced_period(api: Api) -> None:
    agreement = api.agreement()
    invoice(api, agreement)
    assert refused(api, agreement, effectiveDate="2026-11-30T00:00:00Z") == INVOICED
    api.addition(agreement, api.product(identifier="SECOND"), effectiveDate="2026-12-01")


def test_an_agreement_without_invoices_accepts_any_first_day(api: Api) -> None:
    agreement = api.agreement()
    assert agreement["nextInvoiceDate"] == "2026-11-01T00:00:00Z"
    api.addition(agreement, api.product(), effectiveDate="2025-01-01")
    made = invoice(api, agreement)
    assert api.http.delete(f"/finance/invoices/{made['id']}").status_code == 204
    api.addition(agreement, api.product(identifier="SECOND"), effectiveDate="2026-11-15")


def test_a_late_invoice_bills_the_current_additions(api: Api) -> None:
    agreement = api.agreement(startDate="2026-09-01")
    line = api.addition(agreement, api.product(), quantity=4, unitPrice=1, effectiveDate="2026-09-01")
    assert invoice(api, agreement)["total"] == Decimal("4.00")
    api.patch(f"{AGREEMENTS}/{agreement['id']}/additions/{line['id']}", quantity=9)
    october = invoice(api, agreement)
    assert (october["total"], october["date"]) == (Decimal("9.00"), "2026-11-10T00:00:00Z")
    assert api.get(f"{AGREEMENTS}/{agreement['id']}")["nextInvoiceDate"] == "2026-11-01T00:00:00Z"


def test_an_invoice_shows_totals_and_no_lines(api: Api) -> None:
    agreement = api.agreement()
    api.addition(agreement, api.product(), quantity=4, unitPrice=1, effectiveDate="2026-11-01")
    shown = api.get(f"/finance/invoices/{invoice(api, agreement)['id']}")
    assert {name for name, value in shown.items() if isinstance(value, list)} == set()
    totals = ("agreementAmount", "subtotal", "total", "balance")
    assert {shown[name] for name in totals} == {Decimal("4.00")}


def test_a_prorating_agreement_accepts_an_addition_in_an_invoiced_period(api: Api) -> None:
    agreement = api.agreement(prorateFlag=True)
    invoice(api, agreement)
    api.addition(agreement, api.product(), effectiveDate="2026-11-15")


def test_a_prorating_agreement_bills_a_share_of_the_first_period_only(api: Api) -> None:
    agreement = api.agreement(prorateFlag=True)
    api.addition(agreement, api.product(), quantity=30, unitPrice=1, effectiveDate="2026-11-16")
    assert [invoice(api, agreement)["total"] for _ in range(2)] == [Decimal("15.00"), Decimal("30.00")]


def test_a_prorating_agreement_bills_a_share_of_the_last_period(api: Api) -> None:
    agreement = api.agreement(prorateFlag=True)
    api.addition(
        agreement, api.product(), quantity=30, unitPrice=1, effectiveDate="2026-11-11", cancelledDate="2026-11-15"
    )
    assert invoice(api, agreement)["total"] == Decimal("5.00")


def test_a_line_of_a_whole_period_bills_it_whole_where_the_agreement_prorates(api: Api) -> None:
    agreement = api.agreement(prorateFlag=True)
    api.addition(
        agreement,
        api.product(),
        quantity=3,
        unitPrice=Decimal("0.335"),
        effectiveDate="2026-11-01",
        cancelledDate="2026-11-30",
    )
    assert [invoice(api, agreement)["total"] for _ in range(2)] == [Decimal("1.01"), Decimal(0)]


def test_a_monthly_period_that_starts_on_the_31st_ends_with_each_month(api: Api) -> None:
    agreement = api.agreement(startDate="2026-12-31")
    following = []
    for _ in range(3):
        invoice(api, agreement, date="2026-12-31T00:00:00Z")
        following.append(api.get(f"{AGREEMENTS}/{agreement['id']}")["nextInvoiceDate"][:10])
    assert following == ["2027-01-31", "2027-02-28", "2027-03-31"]


def test_an_invoiced_addition_keeps_its_first_day_and_product_until_the_invoice_is_deleted(api: Api) -> None:
    agreement, other = api.agreement(prorateFlag=True), api.product(identifier="OTHER")
    line = api.addition(agreement, api.product(), effectiveDate="2026-11-01")
    path = f"{AGREEMENTS}/{agreement['id']}/additions/{line['id']}"
    made = invoice(api, agreement)
    changes = [
        {"op": "replace", "path": "effectiveDate", "value": "2026-11-02T00:00:00Z"},
        {"op": "replace", "path": "product", "value": {"id": other["id"]}},
    ]
    assert problems(api.http.patch(path, json=changes)) == [("product", "InvalidField"), INVOICED[0]]
    assert api.http.delete(path).status_code == 409
    api.patch(path, quantity=3, unitPrice=2, cancelledDate="2026-11-30T00:00:00Z")
    assert api.get(f"/finance/invoices/{made['id']}")["total"] == Decimal("2.50")

    api.http.delete(f"/finance/invoices/{made['id']}")
    assert api.http.patch(path, json=changes).status_code == 200
    assert api.http.delete(path).status_code == 204


def test_an_addition_cannot_move_into_an_invoiced_period(api: Api) -> None:
    agreement = api.agreement()
    invoice(api, agreement)
    line = api.addition(agreement, api.product(), effectiveDate="2026-12-05")
    early = [{"op": "replace", "path": "effectiveDate", "value": "2026-11-05T00:00:00Z"}]
    assert problems(api.http.patch(f"{AGREEMENTS}/{agreement['id']}/additions/{line['id']}", json=early)) == INVOICED


def test_an_agreement_bills_the_periods_that_begin_up_to_its_end(api: Api) -> None:
    agreement = api.agreement(noEndingDateFlag=False, endDate="2026-12-01")
    invoice(api, agreement)
    invoice(api, agreement)
    body = {"type": "Agreement", "company": {"id": agreement["company"]["id"]}, "agreement": {"id": agreement["id"]}}
    assert problems(api.http.post("/finance/invoices", json=body)) == [("agreement", "InvalidField")]


def test_a_one_time_agreement_is_invoiced_once(api: Api) -> None:
    agreement = api.agreement(billingCycle={"name": "One Time"})
    made = invoice(api, agreement)
    body = {"type": "Agreement", "company": {"id": agreement["company"]["id"]}, "agreement": {"id": agreement["id"]}}
    assert problems(api.http.post("/finance/invoices", json=body)) == [("agreement", "InvalidField")]
    api.http.delete(f"/finance/invoices/{made['id']}")
    invoice(api, agreement)


def test_an_invoice_of_a_period_keeps_its_agreement(api: Api) -> None:
    agreement = api.agreement()
    made = invoice(api, agreement)
    other = [{"op": "replace", "path": "type", "value": "Standard"}]
    assert problems(api.http.patch(f"/finance/invoices/{made['id']}", json=other)) == [("type", "InvalidField")]
    assert api.patch(f"/finance/invoices/{made['id']}", reference="A-1")["applyToId"] == agreement["id"]
    plain = api.post("/finance/invoices", {"type": "Miscellaneous", "company": {"id": agreement["company"]["id"]}})
    assert api.patch(f"/finance/invoices/{plain['id']}", type="Standard")["type"] == "Standard"


def test_an_addition_cannot_start_before_the_agreement_bills(api: Api) -> None:
    agreement = api.agreement(billStartDate="2026-11-15T00:00:00Z", prorateFlag=True)
    assert refused(api, agreement, effectiveDate="2026-11-14T00:00:00Z") == INVOICED
    api.addition(agreement, api.product(identifier="SECOND"), effectiveDate="2026-11-15")


def test_a_bundle_product_cannot_be_an_addition(api: Api) -> None:
    bundle = api.product(productClass="Bundle")
    body = {"product": {"id": bundle["id"]}, "billCustomer": "Billable"}
    answer = api.http.post(f"{AGREEMENTS}/{api.agreement()['id']}/additions", json=body)
    assert problems(answer) == [("product", "InvalidField")]


def test_an_agreement_invoice_needs_an_agreement_of_its_company(api: Api) -> None:
    agreement = api.agreement()
    body = {"type": "Agreement", "company": {"id": api.company("OTHER")["id"]}}
    assert problems(api.http.post("/finance/invoices", json=body)) == [("agreement", "MissingRequiredField")]
    body["agreement"] = {"id": agreement["id"]}
    assert problems(api.http.post("/finance/invoices", json=body)) == [("agreement", "InvalidField")]


def test_a_miscellaneous_invoice_has_a_total_of_zero(api: Api) -> None:
    invoice = api.post("/finance/invoices", {"type": "Miscellaneous", "company": {"id": api.company()["id"]}})
    assert invoice["total"] == 0


def test_a_site_of_an_agreement_names_its_agreement(api: Api) -> None:
    agreement = api.agreement()
    site = {"company": {"id": agreement["company"]["id"]}, "site": {"id": agreement["site"]["id"]}}
    assert api.post(f"{AGREEMENTS}/{agreement['id']}/sites", site)["agreementId"] == agreement["id"]


def test_a_cancelled_agreement_bills_the_periods_that_begin_up_to_its_last_day(api: Api) -> None:
    agreement = api.agreement(startDate="2026-11-01T00:00:00Z", billingCycle={"name": "Monthly"})
    path = f"{AGREEMENTS}/{agreement['id']}"
    early = [
        {"op": "replace", "path": "cancelledFlag", "value": True},
        {"op": "replace", "path": "dateCancelled", "value": "2026-10-31T00:00:00Z"},
    ]
    assert problems(api.http.patch(path, json=early)) == [("dateCancelled", "InvalidField")]
    cancelled = api.patch(path, cancelledFlag=True, dateCancelled="2026-11-30T00:00:00Z")
    assert cancelled["agreementStatus"] == "Active"
    invoice = {"type": "Agreement", "company": {"id": agreement["company"]["id"]}, "agreement": {"id": agreement["id"]}}
    assert api.http.post("/finance/invoices", json=invoice).status_code == 201
    assert problems(api.http.post("/finance/invoices", json=invoice)) == [("agreement", "InvalidField")]
