"""The rules of management solutions, and of the records that provide solutions."""

from __future__ import annotations

from typing import Any, Final

from reconciler.sandbox.connectwise.rules.base import Draft, Rules
from reconciler.sandbox.connectwise.store.solutions import solution_name
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row

_NEEDED: Final = {
    "Custom": ("managementSolutionName",),
    "NAble": ("nAbleUsername", "nAblePassword"),
    "Continuum": ("continuumApiUsername", "continuumApiPassword"),
    "LevelPlatforms": ("managementServerUrl", "levelApiUsername", "levelApiPassword", "levelVarDomain"),
}
"""The fields that each type of Management IT record needs [spec, from the descriptions of the fields]."""


class SummaryRules(Rules):
    """A company has one management solution for each solution and Managed ID. The agreement is its own."""

    def check(self, draft: Draft) -> None:
        """Refuse an agreement of another company, and a solution with a Managed ID that the company has."""
        store, values = draft.store, draft.values
        agreement = draft.row_of("Agreement", "agreement")
        if agreement is not None and agreement.data["company"]["id"] != draft.parent:
            message = f"Agreement {agreement.id} does not belong to company {draft.parent}"
            draft.refuse("managementSummaryReport", "agreement", message)
        for row in store.children("managementSummary", draft.parent or 0):
            if row is not draft.row and _key(row.data) == _key(values):
                message = f"The company has this solution with {values['groupIdentifier']!r} already"
                draft.refuse("managementSummaryReport", "groupIdentifier", message, "ObjectExists")

    def compute(self, store: Store, row: Row) -> None:
        """Show the company."""
        row.data["company"] = store.reference("Company", row.parent)


def _key(values: dict[str, Any]) -> tuple[int | None, str]:
    return (values.get("managementSolution") or {}).get("id"), str(values["groupIdentifier"]).casefold()


class ItSolutionRules(Rules):
    """A Management IT record needs the fields of its type."""

    def check(self, draft: Draft) -> None:
        """Require the fields that the type of the record needs."""
        for name in _NEEDED[draft.values["managementItSolutionType"]]:
            stored = draft.row is not None and name in draft.row.secrets
            if not draft.values.get(name) and not stored:
                message = f"{name} is required for {draft.values['managementItSolutionType']}"
                draft.refuse("managementItSolution", name, message, "MissingRequiredField")

    def used_by(self, store: Store, row: Row) -> str | None:
        """Return a management solution that uses the record."""
        return _in_use(store, row)


class IntegrationRules(Rules):
    """A managed devices integration. It cannot be deleted while a company uses its solution."""

    def used_by(self, store: Store, row: Row) -> str | None:
        """Return a management solution that uses the integration."""
        return _in_use(store, row)


def _in_use(store: Store, record: Row) -> str | None:
    for row in store.tables["managementSummary"].rows.values():
        if (row.data.get("managementSolution") or {}).get("id") == record.id:
            return f"managementSummaryReport {row.id} (solution {solution_name(record.data)!r})"
    return None


class IntegrationChildRules(Rules):
    """Cross-references, logins and notifications show the integration that they belong to."""

    def compute(self, store: Store, row: Row) -> None:
        """Show the integration."""
        row.data["managedDevicesIntegration"] = store.reference("ManagedDevicesIntegration", row.parent)


class CompanyChildRules(Rules):
    """Rows that show the company that they belong to."""

    def compute(self, store: Store, row: Row) -> None:
        """Show the company."""
        row.data["company"] = store.reference("Company", row.parent)
