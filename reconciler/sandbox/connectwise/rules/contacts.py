"""The rules of contacts.

E-mail addresses and phone numbers are communication items, types are associations, and each company has one default
contact.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.sandbox.connectwise.rules.base import Change, Creation, Draft, Rules, Writes
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row

_FLAG_OF: Final = {"Email": "emailFlag", "Phone": "phoneFlag", "Fax": "faxFlag"}
_WRITTEN: Final = ("type", "value", "extension", "defaultFlag")
_SHOWN: Final = ("id", "type", "value", "extension", "defaultFlag", "domain", "communicationType")


class ContactRules(Rules):
    """`typeIds` is stored in a POST only. A PUT cannot have communication items [spec, seen]."""

    def prepare(self, draft: Draft) -> None:
        """Set the site of the company, and complete the communication items with their type."""
        store = draft.store
        company = draft.row_of("Company", "company")
        if company is not None and company.data.get("site"):
            draft.default("site", company.data["site"])
        items = draft.values.get("communicationItems")
        if draft.row is None or "communicationItems" in draft.given:
            draft.values["communicationItems"] = [
                self._item(draft, item) for item in items or () if item.get("value") is not None
            ]
        for key in draft.values.get("typeIds") or ():
            if key not in store.tables["contactType"].rows:
                draft.refuse("contact", "typeIds", f"There is no contact type {key}", "InvalidReference")

    def _item(self, draft: Draft, item: dict[str, Any]) -> dict[str, Any]:
        kind_name = item.get("communicationType")
        kind = _kind(draft.store, item.get("type"), kind_name)
        if kind is None:
            draft.refuse("contact", "communicationItems", "Each item needs a type of communication", "InvalidField")
            return item
        row, name = kind
        if kind_name is not None and kind_name != name:
            draft.refuse("contact", "communicationItems", f"{row.data['description']} is not a type for {kind_name}")
        if name == "Email" and "@" not in item["value"]:
            draft.refuse("contact", "communicationItems", f"{item['value']!r} is not an e-mail address")
        return {**item, "type": draft.store.reference("CommunicationType", row.id), "communicationType": name}

    def created(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        """Create the communication items and type associations, and make the contact its company's default if asked."""
        yield from self._replace_items(store, row, row.data.pop("communicationItems", []))
        row.data["types"] = []
        for key in dict.fromkeys(row.data.pop("typeIds", None) or ()):
            yield Creation("contactTypeAssociation", {"type": {"id": key}}, row.id)
        company = row.data.get("company")
        if company is not None:
            owner = store.tables["company"].rows[company["id"]]
            if row.data["defaultFlag"] or "defaultContact" not in owner.data:
                _make_default(store, row, owner)

    def changed(self, store: Store, row: Row, values: dict[str, Any]) -> Writes:
        """Replace the communication items, and make the contact its company's default if asked."""
        if "communicationItems" in values:
            yield from self._replace_items(store, row, row.data.get("communicationItems", []))
        company = row.data.get("company")
        if company is not None and values.get("defaultFlag"):
            _make_default(store, row, store.tables["company"].rows[company["id"]])

    def compute(self, store: Store, row: Row) -> None:
        """Show the communication items and the default phone of the contact."""
        show_items(store, row)

    def _replace_items(self, store: Store, row: Row, items: list[dict[str, Any]]) -> Writes:
        kept = {item["id"] for item in items if item.get("id")}
        table = store.tables["contactCommunication"]
        for child in store.children("contactCommunication", row.id):
            if child.id not in kept:
                table.remove(child)
        for item in items:
            body: dict[str, Any] = {name: item[name] for name in _WRITTEN if name in item}
            present = table.children.get(row.id, {}).get(item.get("id") or 0)
            if present is None:
                yield Creation("contactCommunication", body, row.id)
            else:
                yield Change("contactCommunication", present, body)
        show_items(store, row)

    def used_by(self, store: Store, row: Row) -> str | None:
        """Return the company whose default contact this is."""
        company = store.row_of("Company", row.data.get("company"))
        if company is not None and company.data.get("defaultContact", {}).get("id") == row.id:
            return f"company {company.id}, as its default contact"
        return None


class CommunicationRules(Rules):
    """One e-mail address, phone or fax number of a contact.

    The first item of its kind is the default. Making another item the default takes the mark from the first one.
    """

    def prepare(self, draft: Draft) -> None:
        """Require a type."""
        if draft.values.get("type") is None:
            draft.refuse("contactCommunication", "type", "The type field is required.", "MissingRequiredField")

    def check(self, draft: Draft) -> None:
        """Refuse an e-mail address without `@`."""
        kind = _kind(draft.store, draft.values.get("type"), None)
        if kind is not None and kind[1] == "Email" and "@" not in draft.values["value"]:
            draft.refuse("contactCommunication", "value", f"{draft.values['value']!r} is not an e-mail address")

    def created(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        """Make the item the default if it is the only one of its kind."""
        self._update_default(store, row)
        return ()

    def changed(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        """Move the mark of the default item if the change says so."""
        self._update_default(store, row)
        return ()

    def compute(self, store: Store, row: Row) -> None:
        """Show contact, kind and e-mail domain, and show the item in its contact."""
        row.data["contactId"] = row.parent
        kind = _kind(store, row.data.get("type"), None)
        row.data["communicationType"] = kind[1] if kind is not None else "Phone"
        row.data.pop("domain", None)
        if row.data["communicationType"] == "Email":
            row.data["domain"] = f"@{row.data['value'].rpartition('@')[2]}"
        show_items(store, store.tables["contact"].rows[row.parent or 0])

    def _update_default(self, store: Store, row: Row) -> None:
        self.compute(store, row)
        alike = [
            each
            for each in store.children("contactCommunication", row.parent or 0)
            if each is not row and each.data["communicationType"] == row.data["communicationType"]
        ]
        if not alike:
            row.data["defaultFlag"] = True
        elif row.data["defaultFlag"]:
            for each in alike:
                each.data["defaultFlag"] = False

    def delete(self, store: Store, row: Row) -> bool:
        """Remove the item, and show the remaining items in the contact."""
        store.tables["contactCommunication"].remove(row)
        show_items(store, store.tables["contact"].rows[row.parent or 0])
        return True


class TypeAssociationRules(Rules):
    """The association of a contact with a type. The contact shows its types in `types`."""

    def check(self, draft: Draft) -> None:
        """Refuse a type that the contact has already."""
        for row in draft.store.children("contactTypeAssociation", draft.parent or 0):
            if row is not draft.row and row.data["type"]["id"] == draft.values["type"]["id"]:
                draft.refuse("contactTypeAssociation", "type", "The contact has this type already", "ObjectExists")

    def compute(self, store: Store, row: Row) -> None:
        """Show the contact, and show the types in the contact."""
        row.data["contact"] = store.reference("Contact", row.parent)
        _show_types(store, row.parent or 0)

    def created(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        """Show the types in the contact."""
        _show_types(store, row.parent or 0)
        return ()

    def delete(self, store: Store, row: Row) -> bool:
        """Remove the association, and show the remaining types in the contact."""
        store.tables["contactTypeAssociation"].remove(row)
        _show_types(store, row.parent or 0)
        return True


def show_items(store: Store, contact: Row) -> None:
    """Show the communication items in their contact, and the default phone in fields of their own."""
    rows = store.children("contactCommunication", contact.id)
    contact.data["communicationItems"] = [{name: row.data[name] for name in _SHOWN if name in row.data} for row in rows]
    for name in ("defaultPhoneType", "defaultPhoneNbr", "defaultPhoneExtension"):
        contact.data.pop(name, None)
    for row in rows:
        if row.data.get("communicationType") == "Phone" and row.data["defaultFlag"]:
            contact.data["defaultPhoneType"] = row.data["type"]["name"]
            contact.data["defaultPhoneNbr"] = row.data["value"]
            if row.data.get("extension"):
                contact.data["defaultPhoneExtension"] = row.data["extension"]


def _kind(store: Store, reference: dict[str, Any] | None, kind_name: str | None) -> tuple[Row, str] | None:
    rows = store.tables["communicationType"].rows
    if reference is not None:
        row = rows[reference["id"]]
        return next(((row, name) for name, flag in _FLAG_OF.items() if row.data[flag]), None)
    flag = _FLAG_OF.get(kind_name or "")
    if flag is None:
        return None
    fitting = [row for row in rows.values() if row.data[flag]]
    fitting.sort(key=lambda row: not row.data["defaultFlag"])
    return (fitting[0], kind_name or "") if fitting else None


def _make_default(store: Store, contact: Row, company: Row) -> None:
    former = store.row_of("Contact", company.data.get("defaultContact"))
    if former is not None:
        former.data["defaultFlag"] = False
    contact.data["defaultFlag"] = True
    company.data["defaultContact"] = store.reference("Contact", contact.id)


def _show_types(store: Store, contact: int) -> None:
    rows = store.children("contactTypeAssociation", contact)
    store.tables["contact"].rows[contact].data["types"] = [row.data["type"] for row in rows]
