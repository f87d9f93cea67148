"""The rules of single kinds: the checks and computed values of ConnectWise beyond the fields of a kind.

Owns: defaults, checks, computed fields and deletes of each kind, one module for related kinds.
Does not own: writing. A rule changes its own row and returns other writes; `tenant` carries them out.
Always true: for a kind without rules here, only the table of its fields counts.
"""

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

_WEAK: Final = {
    ("company", "site"),
    ("company", "defaultContact"),
    ("company", "billingContact"),
    ("company", "billingSite"),
    ("contact", "managerContact"),
}
"""Reference fields, by table, whose target can be deleted: each one only says which object is the default."""
_OWNED: Final = {
    ("companySite", "company"),
    ("companyTypeAssociation", "company"),
    ("contactTypeAssociation", "contact"),
    ("crossReference", "managedDevicesIntegration"),
    ("deviceLogin", "managedDevicesIntegration"),
    ("deviceNotification", "managedDevicesIntegration"),
    ("reportNotification", "company"),
}
"""Tables, each with the table of its parent, whose rows are deleted with the parent."""


def of(table: str) -> Rules:
    """Return the rules of a table."""
    return _RULES.get(table, _PLAIN)


def weak(table: str, field: str) -> bool:
    """Return whether a reference field lets its target be deleted."""
    return (table, field) in _WEAK


def owned(table: str, parent: str) -> bool:
    """Return whether rows of `table` are deleted with their parent."""
    return (table, parent) in _OWNED


def links(table: str, key: int) -> dict[str, str]:
    """Return the addresses of related lists that `_info` shows, by name."""
    if table == "company":
        return {
            "contacts_href": f"{HREF_ROOT}/company/contacts?conditions=company/id={key}",
            "agreements_href": f"{HREF_ROOT}/finance/agreements?conditions=company/id={key}",
            "sites_href": f"{HREF_ROOT}/company/companies/{key}/sites",
        }
    if table == "agreement":
        return {"additions_href": f"{HREF_ROOT}/finance/agreements/{key}/additions"}
    return {}
