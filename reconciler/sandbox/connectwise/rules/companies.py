"""Companies: one address field at least, a site of their own, types through associations, soft deletes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.sandbox.connectwise.rules.base import Draft, Rules

if TYPE_CHECKING:
    from reconciler.sandbox.connectwise.tables import Row
    from reconciler.sandbox.connectwise.tenant import Tenant

_ADDRESS: Final = ("addressLine1", "addressLine2", "city", "state", "zip", "country")


def default_of(tenant: Tenant, table: str, target: str) -> dict[str, Any] | None:
    """The reference to a setup table's default entry."""
    for row in tenant.table(table).rows.values():
        if row.data.get("defaultFlag"):
            return tenant.reference(target, row.id)
    return None


class CompanyRules(Rules):
    """`types` is honoured in a POST only; afterwards the type associations are the truth [spec]."""

    soft = True

    def prepare(self, draft: Draft) -> None:
        tenant = draft.tenant
        draft.default("status", default_of(tenant, "companyStatus", "CompanyStatus"))
        draft.default("territory", default_of(tenant, "location", "SystemLocation"))
        draft.default("currency", default_of(tenant, "Currency", "Currency"))
        draft.default("billingTerms", default_of(tenant, "billingTerm", "BillingTerms"))

    def check(self, draft: Draft) -> None:
        if not any(draft.values.get(name) for name in _ADDRESS):
            draft.refuse(
                "company",
                "addressLine1",
                "At least one address field is required: addressLine1, addressLine2, city, state, zip or country.",
                "MissingRequiredField",
            )
        parent = draft.values.get("parentCompany")
        if parent is not None and draft.row is not None and parent["id"] == draft.row.id:
            draft.refuse("company", "parentCompany", "A company cannot be its own parent")

    def made(self, tenant: Tenant, row: Row, values: dict[str, Any]) -> None:
        row.data["deletedFlag"] = False
        row.data["types"] = []
        for key in dict.fromkeys(each["id"] for each in values.get("types") or ()):
            tenant.insert("companyTypeAssociation", {"type": {"id": key}, "company": {"id": row.id}}, row.id)
        address = {
            name: values[name]
            for name in ("addressLine1", "addressLine2", "city", "zip", "country", "phoneNumber", "faxNumber")
            if values.get(name)
        }
        site = tenant.insert(
            "companySite",
            {
                "name": "Main",
                "primaryAddressFlag": True,
                "defaultShippingFlag": True,
                "defaultBillingFlag": True,
                "defaultMailingFlag": True,
                **address,
            },
            row.id,
        )
        row.data["site"] = tenant.reference("Site", site.id)

    def user(self, tenant: Tenant, row: Row) -> str | None:
        for name in ("agreement", "invoice"):
            for each in tenant.tables[name].rows.values():
                if each.data["company"]["id"] == row.id:
                    return f"{name} {each.id}"
        for each in tenant.children("managementSummary", row.id):
            return f"managementSummaryReport {each.id}"
        return None

    def delete(self, tenant: Tenant, row: Row) -> bool:
        before = dict(row.data)
        row.data |= {"deletedFlag": True, "dateDeleted": tenant.today, "deletedBy": "API"}
        tenant.touch("company", row, before)
        return True


class SiteRules(Rules):
    """A site belongs to one company, and its name is unique there."""

    def check(self, draft: Draft) -> None:
        name = str(draft.values["name"]).casefold()
        for site in draft.tenant.children("companySite", draft.parent or 0):
            if site is not draft.row and site.data["name"].casefold() == name:
                draft.refuse("companySite", "name", f"The company has a site {site.data['name']!r}", "ObjectExists")

    def settle(self, tenant: Tenant, row: Row) -> None:
        row.data["company"] = tenant.reference("Company", row.parent)


class TypeAssociationRules(Rules):
    """A type of a company; the company's `types` shows them all."""

    def prepare(self, draft: Draft) -> None:
        if draft.parent is not None:
            draft.values["company"] = draft.tenant.reference("Company", draft.parent)

    def check(self, draft: Draft) -> None:
        company, kind = draft.values["company"]["id"], draft.values["type"]["id"]
        for row in associations(draft.tenant, company):
            if row is not draft.row and row.data["type"]["id"] == kind:
                draft.refuse("companyTypeAssociation", "type", "The company has this type already", "ObjectExists")

    def made(self, tenant: Tenant, row: Row, _values: dict[str, Any]) -> None:
        if row.parent is None:
            row.parent = row.data["company"]["id"]
            tenant.tables["companyTypeAssociation"].children.setdefault(row.parent, {})[row.id] = row
        _show_types(tenant, row.data["company"]["id"])

    def changed(self, tenant: Tenant, row: Row, _values: dict[str, Any]) -> None:
        _show_types(tenant, row.data["company"]["id"])

    def delete(self, tenant: Tenant, row: Row) -> bool:
        tenant.tables["companyTypeAssociation"].remove(row)
        _show_types(tenant, row.data["company"]["id"])
        return True


def associations(tenant: Tenant, company: int) -> list[Row]:
    """The type associations of one company."""
    return tenant.children("companyTypeAssociation", company)


def _show_types(tenant: Tenant, company: int) -> None:
    row = tenant.tables["company"].rows[company]
    row.data["types"] = [each.data["type"] for each in associations(tenant, company)]
    kinds = (tenant.row_of("CompanyType", each) for each in row.data["types"])
    row.data["isVendorFlag"] = any(kind is not None and kind.data["vendorFlag"] for kind in kinds)
