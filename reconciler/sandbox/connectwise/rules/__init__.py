"""What single kinds ask beyond their fields. A kind without rules of its own gets the plain ones."""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.connectwise.rules import (
    agreements,
    companies,
    contacts,
    invoices,
    management,
    products,
    settings,
)
from reconciler.sandbox.connectwise.rules.base import Rules
from reconciler.sandbox.connectwise.schema.references import HREF_ROOT

_RULES: Final[dict[str, Rules]] = {
    "company": companies.CompanyRules(),
    "companySite": companies.SiteRules(),
    "companyTypeAssociation": companies.TypeAssociationRules(),
    "contact": contacts.ContactRules(),
    "contactCommunication": contacts.CommunicationRules(),
    "contactTypeAssociation": contacts.TypeAssociationRules(),
    "communicationType": settings.CommunicationTypeRules(),
    "agreement": agreements.AgreementRules(),
    "addition": agreements.AdditionRules(),
    "agreementSite": agreements.SiteRules(),
    "invoice": invoices.InvoiceRules(),
    "managementSummary": management.SummaryRules(),
    "managementItSolution": management.ItSolutionRules(),
    "managedDevicesIntegration": management.IntegrationRules(),
    "crossReference": management.IntegrationChildRules(),
    "deviceLogin": management.IntegrationChildRules(),
    "deviceNotification": management.IntegrationChildRules(),
    "reportNotification": management.CompanyChildRules(),
    "catalogItem": products.CatalogRules(),
    "subCategory": products.SubCategoryRules(),
    "integratorLogin": settings.IntegratorLoginRules(),
    "userDefinedField": settings.CustomFieldRules(),
}
_PLAIN: Final = Rules()

#: References that do not keep their target from being deleted: the target's own defaults point back at these.
_WEAK: Final = {
    ("company", "site"),
    ("company", "defaultContact"),
    ("company", "billingContact"),
    ("company", "billingSite"),
    ("contact", "managerContact"),
}
#: Rows that belong to their parent and go with it.
_OWNED: Final = {
    ("companySite", "company"),
    ("companyTypeAssociation", "company"),
    ("contactTypeAssociation", "contact"),
    ("crossReference", "managedDevicesIntegration"),
    ("deviceLogin", "managedDevicesIntegration"),
    ("deviceNotification", "managedDevicesIntegration"),
    ("reportNotification", "company"),
}


def of(table: str) -> Rules:
    """The rules of one kind."""
    return _RULES.get(table, _PLAIN)


def weak(table: str, field: str) -> bool:
    """Whether a reference lets its target be deleted."""
    return (table, field) in _WEAK


def owned(table: str, parent: str) -> bool:
    """Whether rows of `table` go with their parent."""
    return (table, parent) in _OWNED


def links(table: str, key: int) -> dict[str, str]:
    """Addresses of related lists, for `_info`."""
    if table == "company":
        return {
            "contacts_href": f"{HREF_ROOT}/company/contacts?conditions=company/id={key}",
            "agreements_href": f"{HREF_ROOT}/finance/agreements?conditions=company/id={key}",
            "sites_href": f"{HREF_ROOT}/company/companies/{key}/sites",
        }
    if table == "agreement":
        return {"additions_href": f"{HREF_ROOT}/finance/agreements/{key}/additions"}
    return {}
