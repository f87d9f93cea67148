"""Management solutions of companies, and the records that bring solutions in."""

from __future__ import annotations

from typing import Any, Final

from reconciler.sandbox.connectwise.rules.base import Draft, Rules
from reconciler.sandbox.connectwise.store.solutions import solution_name
from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.connectwise.store.tables import Row

#: Fields that a type of Management IT record needs [spec, from the fields' descriptions].
_NEEDED: Final = {
    "Custom": ("managementSolutionName",),
    "NAble": ("nAbleUsername", "nAblePassword"),
    "Continuum": ("continuumApiUsername", "continuumApiPassword"),
    "LevelPlatforms": ("managementServerUrl", "levelApiUsername", "levelApiPassword", "levelVarDomain"),
}


class SummaryRules(Rules):
    """A company holds one management solution per solution and Managed ID; its agreement is the company's own."""

    def check(self, draft: Draft) -> None:
        store, values = draft.store, draft.values
        agreement = draft.row_of("Agreement", "agreement")
        if agreement is not None and agreement.data["company"]["id"] != draft.parent:
            told = f"Agreement {agreement.id} does not belong to company {draft.parent}"
            draft.refuse("managementSummaryReport", "agreement", told)
        for row in store.children("managementSummary", draft.parent or 0):
            if row is not draft.row and _key(row.data) == _key(values):
                told = f"The company has this solution with {values['groupIdentifier']!r} already"
                draft.refuse("managementSummaryReport", "groupIdentifier", told, "ObjectExists")

    def settle(self, store: Store, row: Row) -> None:
        row.data["company"] = store.reference("Company", row.parent)


def _key(values: dict[str, Any]) -> tuple[int | None, str]:
    return (values.get("managementSolution") or {}).get("id"), str(values["groupIdentifier"]).casefold()


class ItSolutionRules(Rules):
    """A Management IT record needs what its type asks for."""

    def check(self, draft: Draft) -> None:
        for name in _NEEDED[draft.values["managementItSolutionType"]]:
            standing = draft.row is not None and name in draft.row.secrets
            if not draft.values.get(name) and not standing:
                told = f"{name} is required for {draft.values['managementItSolutionType']}"
                draft.refuse("managementItSolution", name, told, "MissingRequiredField")

    def user(self, store: Store, row: Row) -> str | None:
        return _in_use(store, row)


class IntegrationRules(Rules):
    """A managed devices integration; companies that use its solution keep it."""

    def user(self, store: Store, row: Row) -> str | None:
        return _in_use(store, row)


def _in_use(store: Store, record: Row) -> str | None:
    for row in store.tables["managementSummary"].rows.values():
        if (row.data.get("managementSolution") or {}).get("id") == record.id:
            return f"managementSummaryReport {row.id} (solution {solution_name(record.data)!r})"
    return None


class IntegrationChildRules(Rules):
    """Cross-references, logins and notifications show the integration they belong to."""

    def settle(self, store: Store, row: Row) -> None:
        row.data["managedDevicesIntegration"] = store.reference("ManagedDevicesIntegration", row.parent)


class CompanyChildRules(Rules):
    """Rows that show the company they belong to."""

    def settle(self, store: Store, row: Row) -> None:
        row.data["company"] = store.reference("Company", row.parent)
