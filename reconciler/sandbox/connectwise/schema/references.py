"""References: which table each kind of reference points into, and what it shows of the object there.

A reference is stored as one dictionary that all objects pointing at the same target share; when the target is renamed
the dictionary is changed in place, and every answer shows the new name at no cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Stands before every address in stored objects; the application puts the address of the API in its place.
HREF_ROOT = "\x01root\x01"
#: The same, as it stands in encoded JSON.
HREF_ROOT_JSON = rb"\u0001root\u0001"


@dataclass(frozen=True, slots=True)
class Shape:
    """Into which table a reference points, and `reference field → field of the target` for what it shows."""

    table: str
    shows: tuple[tuple[str, str], ...]
    href: str

    @property
    def names(self) -> tuple[str, ...]:
        """Text fields of the reference by which a target can be named instead of by id."""
        return tuple(mine for mine, _ in self.shows if mine in {"identifier", "name", "currencyCode", "summary"})


def _shape(table: str, shows: str, href: str = "") -> Shape:
    pairs = (part.partition("=") for part in shows.split())
    return Shape(table, tuple((mine, theirs or mine) for mine, _, theirs in pairs), f"{href or table}_href")


#: By the name that the entity tables use. What is not here points into a table of its own name that shows `name`;
#: those tables have no route, so whatever is not seeded into them by setup does not exist.
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
    #: Of both kinds of record that bring a solution in; see `solutions`.
    "ManagementSolution": Shape("", (("name", ""), ("setupName", "")), "managementSolution_href"),
}


def shape(target: str) -> Shape:
    """The shape of a kind of reference."""
    found = SHAPES.get(target)
    if found is None:
        found = SHAPES[target] = _shape(target, "name", target[:1].lower() + target[1:])
    return found


def shown(target: str) -> dict[str, str]:
    """Field → kind of what a reference of this kind shows, for conditions, fields and orderBy."""
    kinds = {"numberOfDecimals": "int", "dailyCapacity": "number"}
    return {
        mine: kinds.get(mine, "flag" if mine.endswith(("Flag", "isClosed", "rightAlign")) else "text")
        for mine, _ in shape(target).shows
    }


def fill(reference: dict[str, Any], target: str, data: dict[str, Any]) -> None:
    """Write into a shared reference what it shows of its target's data; names of people are put together here."""
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
