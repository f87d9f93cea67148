"""The setup tables of a new tenant: enough entries to work with.

There is no product, company, integration or management solution: the user creates those. The names of subcategories
and types in a new tenant are a [guess]. `Managed Service` and `Managed Services` are the words of the vendor's guide.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.shared.clock import Clock

_STATUSES = ("Active", "Inactive", "Not-Approved", "Credit Hold", "Delinquent", "Imported", "Problem")
_COMPANY_TYPES = ("Customer", "Prospect", "Vendor", "Partner", "Competitor", "Owner", "Managed Service Customer")
_CONTACT_TYPES = ("Approver", "Billing", "Decision Maker", "End User", "Technical")
_AGREEMENT_TYPES = ("Managed Service", "Block Time", "Hosted Services", "Maintenance", "Subscription", "Warranty")
_CATEGORIES = {
    "Hardware": ("Desktop", "Network", "Server"),
    "Managed Services": ("Backup", "Backup and Disaster Recovery", "Monitoring", "Security", "Workstation Support"),
    "Services": ("Consulting", "Installation"),
    "Software": ("Licence", "Subscription"),
}
_PRODUCT_TYPES = {
    "Agreement": "NonInventoryPart",
    "Inventory Part": "InventoryPart",
    "Non-Inventory Part": "NonInventoryPart",
    "Other Charge": "OtherCharge",
    "Service": "Service",
}
_UNITS = ("Each", "Box", "GB", "Hour", "User")
_CYCLES = {
    "Monthly": ("M", "Monthly"),
    "Quarterly": ("Q", "Quarterly"),
    "Semi-Annually": ("SA", "SemiAnnual"),
    "Annually": ("A", "Yearly"),
    "Bi-Weekly": ("BW", "BiWeekly"),
    "One Time": ("OT", "NotRecurring"),
}
_TERMS = {"Due Upon Receipt": 0, "Net 10 days": 10, "Net 15 days": 15, "Net 30 days": 30}
_COMMUNICATIONS = {
    "Direct": "phoneFlag",
    "Cell": "phoneFlag",
    "Mobile": "phoneFlag",
    "Fax": "faxFlag",
    "Email": "emailFlag",
}
_COUNTRIES = {
    "United States": ("US", "1"),
    "Australia": ("AU", "61"),
    "Austria": ("AT", "43"),
    "Belgium": ("BE", "32"),
    "Canada": ("CA", "1"),
    "Denmark": ("DK", "45"),
    "France": ("FR", "33"),
    "Germany": ("DE", "49"),
    "Ireland": ("IE", "353"),
    "Italy": ("IT", "39"),
    "Netherlands": ("NL", "31"),
    "New Zealand": ("NZ", "64"),
    "Norway": ("NO", "47"),
    "South Africa": ("ZA", "27"),
    "Spain": ("ES", "34"),
    "Sweden": ("SE", "46"),
    "Switzerland": ("CH", "41"),
    "United Kingdom": ("GB", "44"),
}
_CURRENCIES = (("USD", "$", "US Dollars"), ("EUR", "€", "Euro"), ("GBP", "£", "British Pounds"))
_LOCATIONS = ("Corporate", "Branch")
_MEMBERS = (("API", "Sandbox", "Integration", "A"), ("Admin1", "Ada", "Admin", "F"))

_HIDDEN = {
    "SystemDepartment": ("Managed Services", "Professional Services"),
    "MarketDescription": ("Finance", "Health Care", "Manufacturing"),
    "OwnershipType": ("Corporation", "Partnership", "Sole Proprietor"),
    "TimeZoneSetup": ("GMT/UTC+00:00", "US Eastern", "US Central", "US Pacific"),
    "TaxCode": ("Tax-Exempt", "State"),
    "EntityType": ("Corporation",),
    "BillingDelivery": ("Mail", "Email"),
    "InvoiceTemplate": ("Standard Invoice",),
    "InvoiceTemplateDetail": ("Standard Invoice",),
    "PricingSchedule": ("Default",),
    "Calendar": ("Standard",),
    "Relationship": ("Employee", "Manager"),
    "ContactDepartment": ("Accounting", "IT"),
    "Manufacturer": ("N-able", "Microsoft"),
    "SLA": ("Standard SLA",),
    "WorkRole": ("Engineer", "Technician"),
    "WorkType": ("Remote", "On-site"),
    "ProjectType": ("Implementation",),
    "Board": ("Service Board",),
    "ConfigurationType": ("Managed Server", "Managed Workstation"),
    "BillingStatus": ("New", "Sent", "Closed"),
    "BillingUnit": ("Managed Services",),
    "AddressFormat": ("Default",),
    "NotificationRecipient": ("Member", "Email Address"),
    "State": ("Florida", "New York", "Texas"),
    "InvoiceGrouping": ("Backup",),
    "EmailTemplate": ("Default",),
    "CorporateStructureLevel": ("Company", "Location"),
}
"""Entries of tables that only references use, by table. The first entry is the default."""


def new_tenant(clock: Clock | None = None) -> Tenant:
    """Return a tenant with filled setup tables and nothing else."""
    tenant = Tenant(clock)
    for table, names in _HIDDEN.items():
        for name in names:
            hidden(tenant, table, {"name": name, "identifier": name})
    for code, symbol, name in _CURRENCIES:
        _currency(tenant, code, symbol, name)
    for name in _LOCATIONS:
        _directly(tenant, "location", {"name": name, "location_flag": True, "defaultFlag": name == _LOCATIONS[0]})
    for identifier, first, last, licence in _MEMBERS:
        person = {"identifier": identifier, "firstName": first, "lastName": last, "fullName": f"{first} {last}"}
        _directly(tenant, "member", {**person, "licenseClass": licence, "inactiveFlag": False})
    _people_and_companies(tenant)
    _billing(tenant)
    _products(tenant)
    return tenant


def _people_and_companies(tenant: Tenant) -> None:
    _named(tenant, "companyStatus", _STATUSES)
    for name in _COMPANY_TYPES:
        body = {"name": name, "vendorFlag": name == "Vendor", "defaultFlag": name == "Customer"}
        tenant.insert("companyType", body)
    for name in _CONTACT_TYPES:
        tenant.insert("contactType", {"description": name})
    for name, flag in _COMMUNICATIONS.items():
        body = {"description": name, flag: True, "iphoneXref": name, "androidXref": name}
        tenant.insert("communicationType", {**body, "defaultFlag": name in {"Direct", "Email", "Fax"}})
    for name, (code, prefix) in _COUNTRIES.items():
        body = {"name": name, "countryCode": code, "dialingPrefix": prefix, "defaultFlag": code == "US"}
        tenant.insert("country", body)


def _billing(tenant: Tenant) -> None:
    for name, (identifier, option) in _CYCLES.items():
        body = {"identifier": identifier, "name": name, "billingOptions": option, "defaultFlag": option == "Monthly"}
        tenant.insert("billingCycle", body)
    for name, days in _TERMS.items():
        tenant.insert("billingTerm", {"name": name, "dueDays": days, "defaultFlag": days == 30})
    for name in _AGREEMENT_TYPES:
        _agreement_type(tenant, name)


def _products(tenant: Tenant) -> None:
    for name, children in _CATEGORIES.items():
        category = tenant.insert("category", {"name": name})
        for child in children:
            tenant.insert("subCategory", {"name": child, "category": {"id": category.id}})
    for name, xref in _PRODUCT_TYPES.items():
        tenant.insert("productType", {"name": name, "typeXref": xref, "defaultFlag": name == "Agreement"})
    _named(tenant, "unitOfMeasure", _UNITS)


def hidden(tenant: Tenant, name: str, data: dict[str, Any]) -> Row:
    """Add an entry to a table that only references use, and return its row. The first entry is the default."""
    table = tenant.table(name)
    row = Row(table.next_id, None, {"id": table.next_id, "defaultFlag": not table.rows, **data})
    table.add(row)
    return row


def _directly(tenant: Tenant, name: str, data: dict[str, Any]) -> None:
    row = hidden(tenant, name, data)
    now = tenant.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    row.data["_info"] = {"lastUpdated": now, "updatedBy": "zAdmin", "dateEntered": now, "enteredBy": "zAdmin"}


def _named(tenant: Tenant, table: str, names: tuple[str, ...]) -> None:
    for name in names:
        tenant.insert(table, {"name": name, "defaultFlag": name == names[0]})


def _currency(tenant: Tenant, code: str, symbol: str, name: str) -> None:
    hidden(
        tenant,
        "Currency",
        {
            "symbol": symbol,
            "currencyCode": code,
            "decimalSeparator": ".",
            "numberOfDecimals": 2,
            "thousandsSeparator": ",",
            "negativeParenthesesFlag": False,
            "displaySymbolFlag": True,
            "currencyIdentifier": code,
            "displayIdFlag": False,
            "rightAlign": False,
            "name": name,
        },
    )


def _agreement_type(tenant: Tenant, name: str) -> None:
    tenant.insert(
        "agreementType",
        {
            "name": name,
            "defaultFlag": name == _AGREEMENT_TYPES[0],
            "employeeCompRate": "Actual",
            "employeeCompNotExceed": "Billing",
            "invoicingCycle": "CalendarYear",
            "billTime": "Billable",
            "billExpenses": "Billable",
            "billProducts": "Billable",
            "billingCycle": {"name": "Monthly"},
            "applicationUnits": "Amount",
            "applicationCycle": "CalendarMonth",
        },
    )
