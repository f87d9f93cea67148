"""Companies: one address field at least, a site of their own, types through associations, soft deletes."""

from __future__ import annotations

from typing import Any, Final

from reconciler.sandbox.connectwise.rules.base import Creation, Draft, Rules, Writes
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row

_ADDRESS: Final = ("addressLine1", "addressLine2", "city", "state", "zip", "country")


class CompanyRules(Rules):
    """`types` is honoured in a POST only; afterwards the type associations are the truth [spec]."""

    soft = True

    def prepare(self, draft: Draft) -> None:
        store = draft.store
        draft.default("status", store.default_of("companyStatus", "CompanyStatus"))
        draft.default("territory", store.default_of("location", "SystemLocation"))
        draft.default("currency", store.default_of("Currency", "Currency"))
        draft.default("billingTerms", store.default_of("billingTerm", "BillingTerms"))

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

    def made(self, store: Store, row: Row, values: dict[str, Any]) -> Writes:
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

    def user(self, store: Store, row: Row) -> str | None:
        for name in ("agreement", "invoice"):
            for each in store.tables[name].rows.values():
                if each.data["company"]["id"] == row.id:
                    return f"{name} {each.id}"
        for each in store.children("managementSummary", row.id):
            return f"managementSummaryReport {each.id}"
        return None

    def delete(self, store: Store, row: Row) -> bool:
        before = dict(row.data)
        row.data |= {"deletedFlag": True, "dateDeleted": store.today, "deletedBy": "API"}
        store.touch("company", row, before)
        return True


class SiteRules(Rules):
    """A site belongs to one company, and its name is unique there."""

    def check(self, draft: Draft) -> None:
        name = str(draft.values["name"]).casefold()
        for site in draft.store.children("companySite", draft.parent or 0):
            if site is not draft.row and site.data["name"].casefold() == name:
                draft.refuse("companySite", "name", f"The company has a site {site.data['name']!r}", "ObjectExists")

    def settle(self, store: Store, row: Row) -> None:
        row.data["company"] = store.reference("Company", row.parent)


class TypeAssociationRules(Rules):
    """A type of a company; the company's `types` shows them all."""

    def prepare(self, draft: Draft) -> None:
        if draft.parent is not None:
            draft.values["company"] = draft.store.reference("Company", draft.parent)

    def check(self, draft: Draft) -> None:
        company, kind = draft.values["company"]["id"], draft.values["type"]["id"]
        for row in associations(draft.store, company):
            if row is not draft.row and row.data["type"]["id"] == kind:
                draft.refuse("companyTypeAssociation", "type", "The company has this type already", "ObjectExists")

    def made(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        if row.parent is None:
            row.parent = row.data["company"]["id"]
            store.tables["companyTypeAssociation"].children.setdefault(row.parent, {})[row.id] = row
        _show_types(store, row.data["company"]["id"])
        return ()

    def changed(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        _show_types(store, row.data["company"]["id"])
        return ()

    def delete(self, store: Store, row: Row) -> bool:
        store.tables["companyTypeAssociation"].remove(row)
        _show_types(store, row.data["company"]["id"])
        return True


def associations(store: Store, company: int) -> list[Row]:
    """The type associations of one company."""
    return store.children("companyTypeAssociation", company)


def _show_types(store: Store, company: int) -> None:
    row = store.tables["company"].rows[company]
    row.data["types"] = [each.data["type"] for each in associations(store, company)]
    kinds = (store.row_of("CompanyType", each) for each in row.data["types"])
    row.data["isVendorFlag"] = any(kind is not None and kind.data["vendorFlag"] for kind in kinds)
