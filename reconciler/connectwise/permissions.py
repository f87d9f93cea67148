"""Which part of an API member's security role allows a request.

ConnectWise does not say in a 403 what is missing, so this table does. No source has all of it:

[guide]   the vendor's guide names the screen, and a role has the same name for it
[others]  public pages of other vendors name it for the same endpoint
[guess]   no source names it
"""

from __future__ import annotations

from dataclasses import dataclass

_LEVELS = {"GET": "Inquire", "POST": "Add", "PATCH": "Edit", "DELETE": "Delete"}
"""The level of a function that each method needs [others]."""


@dataclass(frozen=True, slots=True)
class Area:
    """A function of a security role, and the endpoints that it is for."""

    beginning: str
    """The beginning of the paths of these endpoints, with `{id}` for an id."""
    function: str
    """Module and function, such as `Finance > Agreements`."""
    source: str

    def holds(self, path: str) -> bool:
        """Return whether a path is one of this area."""
        begins = self.beginning.split("/")
        parts = path.split("/")[: len(begins)]
        return len(parts) == len(begins) and all(map(_fits, begins, parts))


def _fits(expected: str, part: str) -> bool:
    return expected in {"{id}", part}


_TABLES = "System > Table Setup"
_COMPANIES = "Companies > Company Maintenance"
_CONTACTS = "Companies > Contacts"
AREAS = (
    Area("company/companies/types", _TABLES, "guess"),
    Area("company/companies/statuses", _TABLES, "guess"),
    Area("company/companies/{id}/managementSummaryReports", _COMPANIES, "guess"),
    Area("company/companies/{id}/typeAssociations", _COMPANIES, "guess"),
    Area("company/companies", _COMPANIES, "others"),
    Area("company/contacts/types", _TABLES, "guess"),
    Area("company/contacts/{id}/communications", _CONTACTS, "guess"),
    Area("company/contacts/{id}/typeAssociations", _CONTACTS, "guess"),
    Area("company/contacts", _CONTACTS, "others"),
    Area("company/managedDevicesIntegrations", _TABLES, "guide"),
    Area("company/managementItSolutions", _TABLES, "guide"),
    Area("system/integratorlogins", _TABLES, "guide"),
    Area("finance/agreements/types", _TABLES, "guess"),
    Area("finance/agreements", "Finance > Agreements", "others"),
    Area("procurement/catalog", "Procurement > Product Catalog", "others"),
    Area("company", _TABLES, "guess"),
    Area("finance", _TABLES, "guess"),
    Area("procurement", _TABLES, "guess"),
    Area("system/userDefinedFields", _TABLES, "guess"),
)
"""The areas, the more special ones first: the first one that holds a path counts."""


def area_of(path: str) -> Area | None:
    """Return the area of a path below the root of the API. None if no function is known for it, as for a bundle."""
    path = path.strip("/")
    return next((area for area in AREAS if area.holds(path)), None)


def level_of(method: str, path: str) -> str:
    """Return the level that a request needs. A search and a bundle only read, although they are sent by POST."""
    reads = path.rstrip("/").endswith("/search") or path.strip("/") == "system/bundles"
    return "Inquire" if reads else _LEVELS.get(method, "Edit")


def missing_permission(method: str, path: str) -> str:
    """Return the advice for a request that a 403 refused."""
    area = area_of(path)
    if area is None:
        need = "The security role of the API member does not allow this"
    else:
        level = level_of(method, path)
        need = f"The security role of the API member needs {area.function}, {level} Level: All"
        need += " (a guess)" if area.source == "guess" else ""
    return f"{need}. If every request is refused, check that clientId is registered at developer.connectwise.com."
