"""The rules of companies, their sites and their types.

A company needs one address field, has a site of its own, and is deleted softly. Its types are associations.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.sandbox.connectwise.rules.base import Creation, Draft, Rules, Writes
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row

_ADDRESS: Final = ("addressLine1", "addressLine2", "city", "state", "zip", "country")


class CompanyRules(Rules):
    """`types` is stored in a POST only. Afterwards the type associations decide the types [spec]."""

    soft = True

    def prepare(self, draft: Draft) -> None:
        """Set status, territory, currency and billing terms to the defaults of the setup tables."""
        store = draft.store
        draft.default("status", store.default_of("companyStatus", "CompanyStatus"))
        draft.default("territory", store.default_of("location", "SystemLocation"))
        draft.default("currency", store.default_of("Currency", "Currency"))
        draft.default("billingTerms", store.default_of("billingTerm", "BillingTerms"))

    def check(self, draft: Draft) -> None:
        """Require one address field, and refuse a company that is its own parent."""
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

    def created(self, store: Store, row: Row, values: dict[str, Any]) -> Writes:
        """Create the associations of the given types, and the site `Main` with the company's address."""
        row.data["deletedFlag"] = False
        row.data["types"] = []
        for key in dict.fromkeys(each["id"] for each in values.get("types") or ()):
            yield Creation("companyTypeAssociation", {"type": {"id": key}, "company": {"id": row.id}}, row.id)
        address = {
            name: values[name]
            for name in ("addressLine1", "addressLine2", "city", "zip", "country", "phoneNumber", "faxNumber")
            if values.get(name)
        }
        yield Creation(
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
        [site] = store.children("companySite", row.id)
        row.data["site"] = store.reference("Site", site.id)

    def used_by(self, store: Store, row: Row) -> str | None:
        """Return an agreement, an invoice or a management solution of the company."""
        for name in ("agreement", "invoice"):
            for each in store.tables[name].rows.values():
                if each.data["company"]["id"] == row.id:
                    return f"{name} {each.id}"
        for each in store.children("managementSummary", row.id):
            return f"managementSummaryReport {each.id}"
        return None

    def delete(self, store: Store, row: Row) -> bool:
        """Mark the company as deleted; the row stays."""
        before = dict(row.data)
        row.data |= {"deletedFlag": True, "dateDeleted": store.today, "deletedBy": store.author}
        store.touch("company", row, before)
        return True


class SiteRules(Rules):
    """A site belongs to one company. Its name is unique there."""

    def check(self, draft: Draft) -> None:
        """Refuse a name that another site of the company has, compared without case."""
        name = str(draft.values["name"]).casefold()
        for site in draft.store.children("companySite", draft.parent or 0):
            if site is not draft.row and site.data["name"].casefold() == name:
                draft.refuse("companySite", "name", f"The company has a site {site.data['name']!r}", "ObjectExists")

    def compute(self, store: Store, row: Row) -> None:
        """Show the company of the site."""
        row.data["company"] = store.reference("Company", row.parent)


class TypeAssociationRules(Rules):
    """The association of a company with a type. The company shows its types in `types`."""

    def prepare(self, draft: Draft) -> None:
        """Set the company from the path of a nested request."""
        if draft.parent is not None:
            draft.values["company"] = draft.store.reference("Company", draft.parent)

    def check(self, draft: Draft) -> None:
        """Refuse a type that the company has already."""
        company, kind = draft.values["company"]["id"], draft.values["type"]["id"]
        for row in associations(draft.store, company):
            if row is not draft.row and row.data["type"]["id"] == kind:
                draft.refuse("companyTypeAssociation", "type", "The company has this type already", "ObjectExists")

    def created(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        """Put the association below its company, and show the types there."""
        if row.parent is None:
            row.parent = row.data["company"]["id"]
            store.tables["companyTypeAssociation"].children.setdefault(row.parent, {})[row.id] = row
        _show_types(store, row.data["company"]["id"])
        return ()

    def changed(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        """Show the types of the company again."""
        _show_types(store, row.data["company"]["id"])
        return ()

    def delete(self, store: Store, row: Row) -> bool:
        """Remove the association, and show the remaining types of the company."""
        store.tables["companyTypeAssociation"].remove(row)
        _show_types(store, row.data["company"]["id"])
        return True


def associations(store: Store, company: int) -> list[Row]:
    """Return the type associations of a company."""
    return store.children("companyTypeAssociation", company)


def _show_types(store: Store, company: int) -> None:
    row = store.tables["company"].rows[company]
    row.data["types"] = [each.data["type"] for each in associations(store, company)]
    kinds = (store.row_of("CompanyType", each) for each in row.data["types"])
    row.data["isVendorFlag"] = any(kind is not None and kind.data["vendorFlag"] for kind in kinds)
