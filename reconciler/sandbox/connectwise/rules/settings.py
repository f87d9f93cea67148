"""Integrator logins, kinds of communication, and custom fields."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.connectwise.rules.base import Draft, Rules, Writes
from reconciler.sandbox.connectwise.store import custom_fields
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row


class IntegratorLoginRules(Rules):
    """`canAccessAllApisFlag` opens every API; making a login inactive notes the day [spec]."""

    def prepare(self, draft: Draft) -> None:
        if draft.values.get("canAccessAllApisFlag"):
            for name in draft.values:
                if name.endswith("ApiFlag"):
                    draft.values[name] = True

    def settle(self, store: Store, row: Row) -> None:
        if row.data["inactiveFlag"]:
            row.data.setdefault("dateInactivated", store.today)
        else:
            row.data.pop("dateInactivated", None)


class CommunicationTypeRules(Rules):
    """A kind of communication is a phone, a fax or an e-mail [spec]."""

    def check(self, draft: Draft) -> None:
        if not any(draft.values.get(name) for name in ("phoneFlag", "faxFlag", "emailFlag")):
            told = "At least one flag is required to be true: phoneFlag, faxFlag or emailFlag"
            draft.refuse("communicationType", "phoneFlag", told, "MissingRequiredField")


class CustomFieldRules(Rules):
    """A custom field's definition shows at once on every object of its screen."""

    def prepare(self, draft: Draft) -> None:
        draft.default("entryTypeIdentifier", "EntryField")

    def check(self, draft: Draft) -> None:
        if not 1 <= draft.values["sequenceNumber"] <= 500:
            draft.refuse("userDefinedField", "sequenceNumber", "sequenceNumber must be between 1 and 500")
        if draft.values["podId"] not in custom_fields.PODS:
            draft.refuse("userDefinedField", "podId", f"There is no pod {draft.values['podId']}", "InvalidReference")

    def made(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        row.data["dateCreated"] = row.data["_info"]["dateEntered"]
        custom_fields.show_all(store.tables, custom_fields.PODS[row.data["podId"]])
        return ()

    def changed(self, store: Store, row: Row, _values: dict[str, Any]) -> Writes:
        custom_fields.show_all(store.tables, custom_fields.PODS[row.data["podId"]])
        return ()

    def delete(self, store: Store, row: Row) -> bool:
        store.tables["userDefinedField"].remove(row)
        custom_fields.show_all(store.tables, custom_fields.PODS[row.data["podId"]])
        return True
