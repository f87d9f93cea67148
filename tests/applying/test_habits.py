"""A server that stores values in other forms causes no failure, and no change that every plan repeats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.sandbox.shared.faults import HABITS
from tests.shop import ALDER, Shop

FILE = "customers/alder-dental.yaml"
RICH = """# Every field that a server may store in another form.
apiVersion: reconciler/v1
kind: Company
metadata: {name: alder-dental}
spec:
  identifier: AlderDental
  name: "Alder  Dental Cafe\\u0301"
  types: [Customer, Vendor]
  addressLine1: " 12 Mill Road"
  addressLine2: "First floor \\nsecond door"
  city: Tampa
  website: ""
  phoneNumber: null
  billingTerms: Net 30 days
  customFields: {Region: "East\\n\\nCoast", Score: 12.5, Key: true, Since: "2026-11-01", Note: null}
---
apiVersion: reconciler/v1
kind: Contact
metadata: {name: alder-dental}
spec:
  company: alder-dental
  firstName: " Zoe\\u0308 "
  lastName: Alder
  email: office@alder-dental.example
  phone: "555-0100"
  title: "Head of\\r\\nIT"
  types: [Approver]
---
apiVersion: reconciler/v1
kind: Agreement
metadata: {name: alder-dental}
spec:
  name: Alder Dental - Managed Backup
  company: alder-dental
  contact: alder-dental
  internalNotes: "line one\\n\\nline two\\n"
  customerPO: "007"
---
apiVersion: reconciler/v1
kind: ManagementSolution
metadata: {name: alder-dental}
spec: {company: alder-dental, solution: Managed Backup, managedId: "1001001", agreement: alder-dental}
---
apiVersion: reconciler/v1
kind: Product
metadata: {name: extra}
spec: {identifier: "Extra & <More>", description: Extra, customerDescription: "a\\nb", price: 0.3, cost: 0}
---
apiVersion: reconciler/v1
kind: CustomerMapping
metadata: {name: alder-dental}
spec:
  customer: {source: cove, id: "1001001", name: Alder Dental}
  company: alder-dental
  agreement: alder-dental
  managedId: "1001001"
  rounding: {mode: none}
"""
CROSS = """  crossReferences:
    - {vendorType: "Serve\\u0301r", vendorLevel: "Gold\\nplus", agreementType: Managed Service, product: backup-gb}
    - {vendorType: Laptop, vendorLevel: Basic}
"""
SWITCH = '  matchOnSerialNumber: true # "Check Match on Serial Number"\n'
CHANGES = (
    ("Alder  Dental Cafe\\u0301", "Alder  Dental Cafe\\u0301 2"),
    ("second door", "third\\ndoor"),
    ("types: [Customer, Vendor]", "types: [Vendor, Prospect]"),
    ("billingTerms: Net 30 days", "billingTerms: Net 10 days"),
    ("Score: 12.5, Key: true", "Score: 0, Key: false"),
    ('Since: "2026-11-01"', 'Since: "2026-12-01"'),
    ("Zoe", "Chloe"),
    ('phone: "555-0100"', "phone: null"),
    ("types: [Approver]", "types: []"),
    ("line two", "line three"),
    ('customerPO: "007"', "customerPO: null"),
    ("price: 0.3, cost: 0", "price: 0, cost: 0.1"),
)


@pytest.fixture
def rich(shop: Shop) -> Shop:
    """Return one customer with every type of field, and its custom fields."""
    shop.only(ALDER)
    for number, (caption, sort) in enumerate(
        {"Region": "Text", "Score": "Number", "Key": "Checkbox", "Since": "Date", "Note": "TextArea"}.items(), 1
    ):
        shop.tenant.create(
            "userDefinedField",
            {
                "podId": 1,
                "caption": caption,
                "sequenceNumber": number,
                "fieldTypeIdentifier": sort,
                "entryTypeIdentifier": "EntryField",
            },
        )
    shop.write(FILE, RICH)
    shop.edit("setup.yaml", SWITCH, SWITCH + CROSS)
    shop.edit("defaults.yaml", "    types: [Customer]\n", "")
    return shop


KINDS = [
    *(habit for habit in HABITS if habit not in {"forgets", "named-refs"}),
    "zoned-dates:hours=23",
    "nfc trims one-line pads",
    "",
]


@pytest.mark.parametrize("habits", KINDS)
def test_values_in_another_form_are_no_failure_and_no_repeated_change(rich: Shop, habits: str) -> None:
    rich.fault(*habits.split())

    rich.apply()
    again = rich("plan", "--detailed-exitcode")
    assert again.code == 0, again.out

    for old, new in CHANGES:
        rich.edit(FILE, old, new)
    rich.uses(ALDER, "150.123456")
    rich.apply()
    again = rich("plan", "--detailed-exitcode")
    assert again.code == 0, again.out


@pytest.mark.parametrize("habits", KINDS)
def test_a_plan_file_that_was_applied_to_such_a_server_counts_as_applied(
    rich: Shop, tmp_path: Path, habits: str
) -> None:
    rich.fault(*habits.split())
    file = str(tmp_path / "plan.json")
    assert rich("plan", "--out", file).code == 0
    assert rich("apply", file).code == 0
    assert rich("apply", file).out.endswith("already.\n")

    for old, new in CHANGES:
        rich.edit(FILE, old, new)
    assert rich("plan", "--out", file).code == 0
    done = len(json.loads(Path(file).read_text(encoding="utf-8"))["actions"])
    assert rich("apply", file).out == f"Applied: {done} done.\n"
    assert rich("apply", file).out == f"Applied: {done} already.\n"


def test_a_200_that_stored_nothing_is_still_detected(rich: Shop) -> None:
    rich.apply()
    rich.edit(FILE, "city: Tampa", "city: Miami")
    rich.edit(FILE, "Score: 12.5", "Score: 13")
    rich.edit(FILE, "cost: 0}", "cost: 0.01}")
    rich.fault("forgets", "doubles", "pads", "zoned-dates")

    said = rich("apply", "--auto-approve")

    assert said.code == 4
    assert 'city is "Tampa" instead of "Miami"' in said.out
    assert 'customFields is {"Score": "12.5' in said.out
    assert 'cost is "0" instead of "0.01"' in said.out


def test_a_reference_without_an_id_is_an_error_with_the_endpoint_and_nothing_is_written(rich: Shop) -> None:
    rich.apply()
    rich.edit(FILE, "city: Tampa", "city: Miami")
    before = rich.journal()
    rich.fault("named-refs@/finance")

    said = rich("apply", "--auto-approve")

    assert said.code == 1
    assert "GET /finance/agreements: the response is malformed" in said.err
    assert rich.journal() == before


def test_a_usage_run_bills_a_customer_whose_name_is_stored_in_another_unicode_form(shop: Shop) -> None:
    shop.only(ALDER)
    shop.edit(FILE, "identifier: AlderDental", 'identifier: "Alde\\u0301rDental"')
    shop.edit(FILE, "name: Alder Dental - Managed Backup", 'name: "Alde\\u0301r Dental - Managed Backup"')
    shop.fault("nfc")
    shop.apply()
    shop.uses(ALDER, "150")

    shop.apply("--only", "usage")

    assert shop.quantities() == [150]


def test_a_field_that_the_server_never_leaves_empty_is_cleared_once_and_then_reported(rich: Shop) -> None:
    rich.apply()
    rich.edit(FILE, "billingTerms: Net 30 days", "billingTerms: null")
    rich.edit(FILE, "price: 0.3, cost: 0", "price: 0.3, cost: null")
    rich.fault("refills")

    said = rich.apply(code=4)
    assert "failed   Company/alder-dental" in said.out
    assert "billingTerms is" in said.out

    again = rich("plan", "--detailed-exitcode")
    assert again.code == 0, again.out
    assert "Company/alder-dental: billingTerms stays Net 30 days: ConnectWise kept it when it was cleared" in again.out

    rich.edit(FILE, "billingTerms: null", "billingTerms: Net 10 days")
    rich.apply()
    rich.edit(FILE, "billingTerms: Net 10 days", "billingTerms: null")
    assert "billingTerms = Net 10 days → null" in rich("plan").out


def test_a_number_that_the_server_keeps_at_zero_is_cleared(rich: Shop) -> None:
    rich.edit(FILE, "price: 0.3, cost: 0", "price: 0.3, cost: 0.2")
    rich.apply()
    rich.edit(FILE, "price: 0.3, cost: 0.2", "price: 0.3, cost: null")
    rich.fault("refills")
    rich.apply()
    assert rich("plan", "--detailed-exitcode").code == 0
