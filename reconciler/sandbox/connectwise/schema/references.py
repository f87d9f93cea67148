"""References between objects: the table that each kind of reference points into, and the fields that it shows.

A reference is stored as one dictionary that all objects with the same target share. When the target is renamed, the
dictionary is changed in place, and every response shows the new name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HREF_ROOT = "\x01root\x01"
"""The placeholder for the address of the API in stored objects."""
HREF_ROOT_JSON = rb"\u0001root\u0001"
"""The same placeholder in encoded JSON."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The form of one kind of reference.

    `table` is the table of its targets, `shows` are pairs of a field of the reference and the field of the target that
    it shows, and `href` is the name of the target's address in `_info`.
    """

    table: str
    shows: tuple[tuple[str, str], ...]
    href: str

    @property
    def names(self) -> tuple[str, ...]:
        """Return the text fields by which a request can name the target instead of by id."""
        return tuple(mine for mine, _ in self.shows if mine in {"identifier", "name", "currencyCode", "summary"})


def _shape(table: str, shows: str, href: str = "") -> Shape:
    pairs = (part.partition("=") for part in shows.split())
    return Shape(table, tuple((mine, theirs or mine) for mine, _, theirs in pairs), f"{href or table}_href")


SHAPES: dict[str, Shape] = {
    "Agreement": _shape("agreement", "name type=typeName chargeFirmFlag=chargeToFirm"),
    "AgreementType": _shape("agreementType", "name", "type"),
    "BillingCycle": _shape("billingCycle", "name"),
    "BillingStatus": _shape("BillingStatus", "name isClosed", "status"),
    "BillingTerms": _shape("billingTerm", "name", "billingTerms"),
    "CommunicationType": _shape("communicationType", "name=description", "type"),
    "Company": _shape("company", "identifier name"),
    "CompanyStatus": _shape("companyStatus", "name", "status"),
    "CompanyType": _shape("companyType", "name", "type"),
    "Contact": _shape("contact", "name=fullName"),
    "ContactType": _shape("contactType", "name=description", "type"),
    "Country": _shape("country", "identifier=countryCode name"),
    "Currency": _shape(
        "Currency",
        "symbol currencyCode decimalSeparator numberOfDecimals thousandsSeparator negativeParenthesesFlag"
        " displaySymbolFlag currencyIdentifier displayIdFlag rightAlign name",
        "currency",
    ),
    "IntegratorLogin": _shape("integratorLogin", "name=username"),
    "InvoiceGrouping": _shape(
        "InvoiceGrouping",
        "name description showPriceFlag showSubItemsFlag groupParentChildAdditionsFlag",
        "invoiceGrouping",
    ),
    "IvItem": _shape("catalogItem", "identifier serializedFlag", "catalog"),
    "ManagedDevicesIntegration": _shape("managedDevicesIntegration", "name"),
    "Member": _shape("member", "identifier name=fullName dailyCapacity"),
    "NotificationRecipient": _shape("NotificationRecipient", "identifier name", "notificationRecipient"),
    "ProductCategory": _shape("category", "name"),
    "ProductSubCategory": _shape("subCategory", "name", "subcategory"),
    "ProductType": _shape("productType", "name", "type"),
    "SalesOrder": _shape("SalesOrder", "identifier", "salesOrder"),
    "Site": _shape("companySite", "name", "site"),
    "State": _shape("State", "identifier name", "state"),
    "SystemDepartment": _shape("SystemDepartment", "identifier name", "department"),
    "SystemLocation": _shape("location", "name"),
    "Ticket": _shape("Ticket", "summary", "ticket"),
    "UnitOfMeasure": _shape("unitOfMeasure", "name"),
    "WorkType": _shape("WorkType", "name utilizationFlag", "workType"),
    # It points into two tables: see `store/solutions.py`.
    "ManagementSolution": Shape("", (("name", ""), ("setupName", "")), "managementSolution_href"),
}
"""Forms by the name that the tables of fields use.

A name that is not here points into a table of the same name and shows `name`. Such a table has no route, so it has
only the entries that `setup` puts into it.
"""


def shape(target: str) -> Shape:
    """Return the form of a kind of reference."""
    found = SHAPES.get(target)
    if found is None:
        found = SHAPES[target] = _shape(target, "name", target[:1].lower() + target[1:])
    return found


def shown(target: str) -> dict[str, str]:
    """Return the fields that a kind of reference shows, with their types, for conditions, `fields` and `orderBy`."""
    kinds = {"numberOfDecimals": "int", "dailyCapacity": "number"}
    return {
        mine: kinds.get(mine, "flag" if mine.endswith(("Flag", "isClosed", "rightAlign")) else "text")
        for mine, _ in shape(target).shows
    }


def fill(reference: dict[str, Any], target: str, data: dict[str, Any]) -> None:
    """Write the shown fields of a target into its shared reference. Names of people are joined from two fields."""
    for mine, theirs in shape(target).shows:
        value = data.get(theirs)
        if theirs == "fullName":
            value = " ".join(filter(None, (data.get("firstName"), data.get("lastName"))))
        elif theirs == "typeName":
            value = (data.get("type") or {}).get("name")
        if value is None:
            reference.pop(mine, None)
        else:
            reference[mine] = value
