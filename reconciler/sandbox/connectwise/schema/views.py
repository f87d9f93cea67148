"""The paths of the API: which table each one shows, and which methods it accepts [spec].

A view without `fields` shows all fields of its kind. A nested view shows the rows of one parent: those created under
it (`parent`), or those whose reference field points at it (`by`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ALL: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
READ: Final = ("GET",)


@dataclass(frozen=True, slots=True)
class View:
    """One collection. `{parent}` in its path stands for the id of the parent.

    `slash` means that the path ends in a slash, `one` that single objects have a path, and `count` that there is a
    count.
    """

    path: str
    table: str
    parent: str = ""
    by: str = ""
    fields: tuple[str, ...] = ()
    methods: tuple[str, ...] = ALL
    slash: bool = False
    one: bool = True
    count: bool = True
    count_path: str = ""
    one_methods: tuple[str, ...] = ()


def _info(path: str, table: str, fields: str, *, slash: bool = False, one: bool = False, count_path: str = "") -> View:
    shown = tuple(fields.split())
    return View(path, table, fields=shown, methods=READ, slash=slash, one=one, count_path=count_path)


_CATEGORY_VIEW: Final = ("name", "inactiveFlag")

VIEWS: Final = (
    View("company/communicationTypes", "communicationType"),
    View("company/companies", "company"),
    View("company/companies/{parent}/managementReportNotifications", "reportNotification", parent="company"),
    View(
        "company/companies/{parent}/managementReportSetup",
        "reportSetup",
        parent="company",
        methods=("GET", "POST"),
        count=False,
        one_methods=("PUT", "PATCH"),
    ),
    View("company/companies/{parent}/managementSummaryReports", "managementSummary", parent="company"),
    View("company/companies/{parent}/sites", "companySite", parent="company"),
    View("company/companies/{parent}/typeAssociations", "companyTypeAssociation", parent="company", by="company"),
    View("company/companies/statuses", "companyStatus"),
    View("company/companies/types", "companyType"),
    View("company/companyTypeAssociations", "companyTypeAssociation"),
    View("company/contacts", "contact"),
    View("company/contacts/{parent}/communications", "contactCommunication", parent="contact"),
    View("company/contacts/{parent}/typeAssociations", "contactTypeAssociation", parent="contact"),
    View("company/contacts/types", "contactType"),
    View("company/countries", "country"),
    View("company/managedDevicesIntegrations", "managedDevicesIntegration"),
    View(
        "company/managedDevicesIntegrations/{parent}/crossReferences",
        "crossReference",
        parent="managedDevicesIntegration",
    ),
    View("company/managedDevicesIntegrations/{parent}/logins", "deviceLogin", parent="managedDevicesIntegration"),
    View(
        "company/managedDevicesIntegrations/{parent}/notifications",
        "deviceNotification",
        parent="managedDevicesIntegration",
    ),
    View("company/managementItSolutions", "managementItSolution"),
    View(
        "company/managementItSolutions/{parent}/managementProducts",
        "managementProduct",
        parent="managementItSolution",
    ),
    View("finance/agreements", "agreement"),
    View("finance/agreements/{parent}/additions", "addition", parent="agreement"),
    View("finance/agreements/{parent}/sites", "agreementSite", parent="agreement"),
    View("finance/agreements/types", "agreementType"),
    View("finance/billingCycles", "billingCycle"),
    View("finance/billingTerms", "billingTerm"),
    View("finance/invoices", "invoice"),
    View("procurement/catalog", "catalogItem"),
    View("procurement/categories", "category"),
    View(
        "procurement/categories/{parent}/subcategories",
        "subCategory",
        parent="category",
        by="category",
        fields=_CATEGORY_VIEW,
        slash=True,
    ),
    View("procurement/subcategories", "subCategory", slash=True),
    View("procurement/types", "productType"),
    View("procurement/unitOfMeasures", "unitOfMeasure"),
    View("system/callbacks", "callback"),
    View("system/info/locations", "location", methods=READ),
    View("system/info/members", "member", methods=READ),
    View("system/integratorlogins", "integratorLogin"),
    View("system/userDefinedFields", "userDefinedField"),
)
"""All collections."""

INFO_VIEWS: Final = (
    _info(
        "company/communicationTypes/info", "communicationType", "description phoneFlag faxFlag emailFlag defaultFlag"
    ),
    _info("company/companies/info/types", "companyType", "name isVendor=vendorFlag", one=True),
    _info(
        "company/contacts/types/info",
        "contactType",
        "description defaultFlag serviceAlertFlag serviceAlertMessage",
        count_path="company/contacts/types/count/info",
    ),
    _info(
        "company/countries/info",
        "country",
        "name defaultFlag cityCaption stateCaption zipCaption dialingPrefix localizationCaptionOne",
    ),
    _info(
        "company/managedDevicesIntegrations/info",
        "managedDevicesIntegration",
        "name solution managementItSetupType",
    ),
    _info("finance/agreements/types/info", "agreementType", "name inactiveFlag applicationUnits billingTerms"),
    _info("finance/billingCycles/info", "billingCycle", "name defaultFlag"),
    _info("finance/billingTerms/info", "billingTerm", "name"),
    _info(
        "procurement/catalog/info",
        "catalogItem",
        "identifier description inactiveFlag productClass serializedCostFlag price cost taxableFlag dropShipFlag"
        " specialOrderFlag customerDescription manufacturerPartNumber vendorSku billableOption",
    ),
    _info("procurement/categories/info", "category", "name inactiveFlag"),
    View(
        "procurement/categories/{parent}/subcategories/info",
        "subCategory",
        parent="category",
        by="category",
        fields=_CATEGORY_VIEW,
        methods=READ,
        one=False,
    ),
    _info("procurement/subcategories/info", "subCategory", "name category inactiveFlag", slash=True),
    _info("procurement/types/info", "productType", "name inactiveFlag"),
    _info(
        "system/userDefinedFields/info",
        "userDefinedField",
        "podId caption sequenceNumber helpText fieldTypeIdentifier numberDecimals entryTypeIdentifier requiredFlag"
        " displayOnScreenFlag readOnlyFlag listViewFlag buttonUrl options businessUnitIds locationIds dateCreated",
    ),
)
"""Short lists: `…/info`, `…/info/count`, and for one object `…/{id}/info`."""
