"""The requests that each job sends to ConnectWise, and the part of a security role that allows them.

`tests/test_permissions.py` runs all commands against the sandbox, and fails if they send another request than these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.connectwise.permissions import AREAS, area_of, level_of
from tools.reference.fields import table

Requests = Mapping[str, str]
"""By path, without the id at its end: the methods, with spaces between them."""

PLAN: Requests = {
    "company/companies": "GET",
    "company/companies/{id}/managementSummaryReports": "GET",
    "company/companies/statuses": "GET",
    "company/companies/types": "GET",
    "company/contacts": "GET",
    "company/contacts/types": "GET",
    "company/communicationTypes": "GET",
    "company/countries": "GET",
    "company/managedDevicesIntegrations": "GET",
    "company/managedDevicesIntegrations/{id}/crossReferences": "GET",
    "company/managementItSolutions": "GET",
    "finance/agreements": "GET",
    "finance/agreements/{id}/additions": "GET",
    "finance/agreements/types": "GET",
    "finance/billingCycles": "GET",
    "finance/billingTerms": "GET",
    "procurement/catalog": "GET",
    "procurement/categories": "GET",
    "procurement/subcategories": "GET",
    "procurement/types": "GET",
    "procurement/unitOfMeasures": "GET",
    "system/integratorlogins": "GET",
    "system/userDefinedFields": "GET",
    "system/bundles": "POST",
    "system/info": "GET",
}
"""What `plan`, `show`, `import` and `usage` send."""
SETUP: Requests = {
    "company/companies": "POST PATCH",
    "company/companies/{id}/managementSummaryReports": "POST PATCH DELETE",
    "company/companies/{id}/typeAssociations": "GET POST DELETE",
    "company/contacts": "POST PATCH",
    "company/contacts/{id}/communications": "GET POST PATCH DELETE",
    "company/contacts/{id}/typeAssociations": "GET POST DELETE",
    "company/managedDevicesIntegrations": "POST PATCH DELETE",
    "company/managedDevicesIntegrations/{id}/crossReferences": "POST PATCH",
    "company/managementItSolutions": "POST PATCH DELETE",
    "finance/agreements": "POST PATCH",
    "procurement/catalog": "POST PATCH",
    "system/integratorlogins": "POST PATCH",
}
"""What `apply --only setup` sends in addition to what `PLAN` has."""
USAGE: Requests = {"finance/agreements/{id}/additions": "POST PATCH"}
"""What `apply --only usage` sends in addition to what `READ_BY_USAGE` has."""
READ_BY_USAGE: Requests = {
    "company/companies": "GET",
    "finance/agreements": "GET",
    "finance/agreements/{id}/additions": "GET",
    "finance/billingCycles": "GET",
    "procurement/catalog": "GET",
    "system/bundles": "POST",
    "system/info": "GET",
}
"""What `plan --only usage` sends."""

_LEVELS = ("Inquire", "Add", "Edit", "Delete")
_SOURCES = {"guide": "vendor's guide", "others": "other vendors", "guess": "guess"}


def endpoints() -> str:
    """Return the table of the endpoints with the methods that each job sends, and their function in a role."""
    rows = []
    for path in sorted({*PLAN, *SETUP, *USAGE}, key=str.casefold):
        area = area_of(path)
        methods = [_shown(requests.get(path, "")) for requests in (PLAN, SETUP, USAGE)]
        function, source = ("–", "–") if area is None else (area.function, _SOURCES[area.source])
        rows.append((f"`/{path}`", *methods, function, source))
    head = ("endpoint", "`plan`", "and `apply` of setup", "and `apply` of usage", "function in the role", "says who")
    return table(rows, head)


def roles() -> str:
    """Return the table of the functions of a role, with the levels that each job needs."""
    rows = []
    for function in sorted({area.function for area in AREAS}):
        needs = [
            _needed(function, requests)
            for requests in ((PLAN,), (READ_BY_USAGE, USAGE), (PLAN, SETUP), (PLAN, SETUP, USAGE))
        ]
        rows.append((function, *needs))
    head = ("function", "`plan`", "`apply --only usage`", "`apply --only setup`", "`apply`")
    return table(rows, head)


def _needed(function: str, all_requests: Iterable[Requests]) -> str:
    """Return the levels of a function that some requests need."""
    levels = {
        level_of(method, path)
        for requests in all_requests
        for path, methods in requests.items()
        for method in methods.split()
        if (area := area_of(path)) is not None and area.function == function
    }
    return ", ".join(level for level in _LEVELS if level in levels) or "–"


def _shown(methods: str) -> str:
    return ", ".join(methods.split()) or "–"
