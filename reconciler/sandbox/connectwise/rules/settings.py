"""The rules of integrator logins, communication types and custom fields."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.connectwise.rules.base import Draft, Rules, Writes
from reconciler.sandbox.connectwise.store import custom_fields
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row


class IntegratorLoginRules(Rules):
    """`canAccessAllApisFlag` gives access to every API. An inactive login shows since when it is inactive [spec]."""

    def prepare(self, draft: Draft) -> None:
        """Set the flag of every API when `canAccessAllApisFlag` is set."""
        if draft.values.get("canAccessAllApisFlag"):
            for name in draft.values:
                if name.endswith("ApiFlag"):
                    draft.values[name] = True

    def compute(self, store: Store, row: Row) -> None:
        """Show the date of the deactivation while the login is inactive."""
        if row.data["inactiveFlag"]:
            row.data.setdefault("dateInactivated", store.today)
        else:
            row.data.pop("dateInactivated", None)


class CommunicationTypeRules(Rules):
    """A communication type is for phone, fax or e-mail [spec]."""

    def check(self, draft: Draft) -> None:
        """Require one of the three flags."""
        if not any(draft.values.get(name) for name in ("phoneFlag", "faxFlag", "emailFlag")):
            message = "At least one flag is required to be true: phoneFlag, faxFlag or emailFlag"
            draft.refuse("communicationType", "phoneFlag", message, "MissingRequiredField")


class CustomFieldRules(Rules):
    """The definition of a custom field. Every object of its screen shows the field at once."""

    def prepare(self, draft: Draft) -> None:
        """Set the entry type to `EntryField`."""
        draft.default("entryTypeIdentifier", "EntryField")

    def check(self, draft: Draft) -> None:
        """Refuse a sequence number outside 1 to 500, and an unknown screen."""
        if not 1 <= draft.values["sequenceNumber"] <= 500:
            draft.refuse("userDefinedField", "sequenceNumber", "sequenceNumber must be between 1 and 500")
        if draft.values["podId"] not in custom_fields.PODS:
            draft.refuse("userDefinedField", "podId", f"There is no pod {draft.values['podId']}", "InvalidReference")

    def created(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        """Show the date of creation, and show the field on all objects of its screen."""
        row.data["dateCreated"] = row.data["_info"]["dateEntered"]
        custom_fields.show_all(store.tables, custom_fields.PODS[row.data["podId"]])
        return ()

    def changed(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        """Show the changed field on all objects of its screen."""
        custom_fields.show_all(store.tables, custom_fields.PODS[row.data["podId"]])
        return ()

    def delete(self, store: Store, row: Row) -> bool:
        """Remove the definition, and remove the field from all objects of its screen."""
        store.tables["userDefinedField"].remove(row)
        custom_fields.show_all(store.tables, custom_fields.PODS[row.data["podId"]])
        return True
