"""Integrator logins, kinds of communication, and custom fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.connectwise import custom_fields
from reconciler.sandbox.connectwise.rules.base import Draft, Rules

if TYPE_CHECKING:
    from reconciler.sandbox.connectwise.tables import Row
    from reconciler.sandbox.connectwise.tenant import Tenant


class IntegratorLoginRules(Rules):
    """`canAccessAllApisFlag` opens every API; making a login inactive notes the day [spec]."""

    def prepare(self, draft: Draft) -> None:
        if draft.values.get("canAccessAllApisFlag"):
            for name in draft.values:
                if name.endswith("ApiFlag"):
                    draft.values[name] = True

    def settle(self, tenant: Tenant, row: Row) -> None:
        if row.data["inactiveFlag"]:
            row.data.setdefault("dateInactivated", tenant.today)
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

    def made(self, tenant: Tenant, row: Row, _values: dict[str, Any]) -> None:
        row.data["dateCreated"] = row.data["_info"]["dateEntered"]
        custom_fields.show_all(tenant, custom_fields.PODS[row.data["podId"]])

    def changed(self, tenant: Tenant, row: Row, _values: dict[str, Any]) -> None:
        custom_fields.show_all(tenant, custom_fields.PODS[row.data["podId"]])

    def delete(self, tenant: Tenant, row: Row) -> bool:
        tenant.tables["userDefinedField"].remove(row)
        custom_fields.show_all(tenant, custom_fields.PODS[row.data["podId"]])
        return True
