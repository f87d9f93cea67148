"""A customer with every type of field, for tests of what is written and how it comes back."""

from __future__ import annotations

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
"""Changes of `RICH`: the text in the manifest, and its replacement."""


def make_rich(shop: Shop) -> Shop:
    """Return the shop with one customer that has every type of field, and with its custom fields."""
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
