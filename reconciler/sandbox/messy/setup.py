"""The setup of the MSP in ConnectWise: types, statuses, custom fields, integrations and products."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from reconciler.sandbox.messy.custom import Fields, custom_values
from reconciler.sandbox.messy.oddities import LONG, ODD
from reconciler.sandbox.messy.work import Work

LONG_AGO: Final = 2100
"""The age of the tenant's setup in days."""
AGREEMENT_TYPES: Final = ("Backup (per GB)", "MSP Gold: all-in", "Wartungsvertrag", "# Legacy")
FORMER: Final = "Former Customer"
"""A company status that was made inactive, and that companies still have."""
COVE: Final = "Cove Data Protection"
"""The solution of the console."""
OTHER_SOLUTION: Final = "N-central"
"""The solution of another product. Its Managed IDs are not those of the console."""

_PRODUCTS: Final = (
    ("BACKUP-GB", "Cloud backup per GB", "Backup", "0.25", "0.10", "GB"),
    ("BACKUP-SRV", "Server backup storage, per GB", "Backup", "0.30", "0.11", "GB"),
    ("COVE-OLD", "Backup (price list of 2023)", "Backup", "0.22", "0.09", "GB"),
    ("BDR-GB", "BDR storage", "Backup and Disaster Recovery", "0", "0", "GB"),
    ("BACKUP-6", "Backup, metered", "Backup", "0.123456", "0.051234", "GB"),
    ("MON-SRV", "Server monitoring", "Monitoring", "35.00", "9.50", "Each"),
    ("MON-WS", "Workstation monitoring", "Workstation Support", "12", "3.20", "Each"),
    ("AV-SEAT", "Endpoint security", "Security", "4.5", "1.99", "User"),
    ("M365-BP", "Microsoft 365 Business Premium", "Licence", "22.00", "19.80", "User"),
    ("FW-RENT", "Firewall rental", "Network", "89.00", "41", "Each"),
    ("HELPDESK", "Helpdesk hours included", "Consulting", "0", "55", "Hour"),
    ("O365-BKP", "Microsoft 365 backup per user", "Backup", "2.95", "1.10", "User"),
)
"""Identifier, description, subcategory, price, cost and unit of the usual products."""

_FIELDS: Final = (
    (1, "Region", "Text", "EntryField"),
    (1, "VIP", "Checkbox", "EntryField"),
    (1, "Credit limit (€)", "Currency", "EntryField"),
    (1, "Onboarded: date", "Date", "Date"),
    (2, "Birthday gift", "Checkbox", "EntryField"),
    (3, "SLA %", "Percent", "EntryField"),
    (3, "Renewal", "Date", "Date"),
    (3, 'Notes / "internal"', "TextArea", "EntryField"),
    (4, "Vendor ref", "Text", "EntryField"),
    (4, "Seats", "Number", "EntryField"),
    (5, "Data sheet", "Hyperlink", "EntryField"),
    (5, "null", "Text", "EntryField"),
)
"""Screen, caption, type and way of entry of the custom fields."""


@dataclass(frozen=True, slots=True)
class Setup:
    """The ids of the setup: products by identifier, and custom fields as id and type by table."""

    products: dict[str, int]
    odd_products: tuple[int, ...]
    fields: Fields
    types: dict[str, int]
    cove: int
    other_solution: int


def set_up(work: Work) -> Setup:
    """Set up a tenant that has the setup tables of a new one."""
    dice, tenant = work.dice("setup"), work.tenant

    def enter(table: str, body: dict[str, Any]) -> int:
        return work.enter(table, body, dice, days_ago=LONG_AGO).id

    fields: Fields = {}
    tables = {1: "company", 2: "contact", 3: "agreement", 4: "addition", 5: "catalogItem"}
    for number, (pod, caption, kind, entry) in enumerate(_FIELDS, 1):
        body = {"podId": pod, "caption": caption, "sequenceNumber": number, "fieldTypeIdentifier": kind}
        key = enter("userDefinedField", {**body, "entryTypeIdentifier": entry})
        fields.setdefault(tables[pod], []).append((key, kind))
    template = {
        "employeeCompRate": "Actual",
        "employeeCompNotExceed": "Billing",
        "invoicingCycle": "CalendarYear",
        **dict.fromkeys(("billTime", "billExpenses", "billProducts"), "Billable"),
        "billingCycle": {"name": "Monthly"},
    }
    for name in AGREEMENT_TYPES:
        enter("agreementType", {"name": name, **template})
    for name in (FORMER, "0", "yes: really"):
        enter("companyStatus", {"name": name})
    login = {"username": "NableSync", "password": "made-up", "managedServicesApiFlag": True}
    integration = {
        "name": "Cove Backup Portal",
        "solution": COVE,
        "loginBy": "Global",
        "defaultBillingLevel": "Summary",
        "integratorLogin": {"id": enter("integratorLogin", login)},
    }
    it_solution = {
        "name": "N-central PSA",
        "managementItSolutionType": "Custom",
        "managementSolutionName": OTHER_SOLUTION,
    }
    return Setup(
        products={row[0]: enter("catalogItem", _product(*row)) for row in _PRODUCTS},
        odd_products=tuple(
            enter("catalogItem", each | {"customFields": custom_values(fields, dice, "catalogItem")})
            for each in _odd_products()
        ),
        fields=fields,
        types={row.data["name"]: row.id for row in tenant.tables["agreementType"].rows.values()},
        cove=enter("managedDevicesIntegration", integration),
        other_solution=enter("managementItSolution", it_solution),
    )


def retire_setup(work: Work) -> None:
    """Make some setup inactive, once the objects that use it are there."""
    tenant = work.tenant
    tenant.clock.set(work.now)
    for table, name, value in (
        ("catalogItem", "identifier", "COVE-OLD"),
        ("companyStatus", "name", FORMER),
        ("agreementType", "name", "# Legacy"),
    ):
        [row] = tenant.tables[table].named(name, value)
        with tenant.acting_as("Admin1"):
            tenant.update(table, row, {"inactiveFlag": True})


def _product(identifier: str, description: str, subcategory: str, price: str, cost: str, unit: str) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "description": description,
        "customerDescription": f"{description}, as agreed.\nBilled each month.",
        "subcategory": {"name": subcategory},
        "type": {"name": "Agreement"},
        "unitOfMeasure": {"name": unit},
        "price": Decimal(price),
        "cost": Decimal(cost),
    }


def _odd_products() -> list[dict[str, Any]]:
    odd = [_product(each[:75], each[:60], "Backup", "1.000001", "0", "Each") for each in ODD]
    return [*odd, _product(LONG[:75], LONG[:60], "Backup", "999999.99", "0.000001", "Box")]
