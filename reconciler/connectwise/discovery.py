"""Finds the codebase (release) of a tenant. It is part of every URL and changes when the tenant is upgraded [seen]."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from reconciler.connectwise.connection import REGIONS
from reconciler.connectwise.errors import NotJson, UnknownCompany

_CODEBASE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*/?")


def discovery_path(company: str) -> str:
    """Return the path, below the site, of the request for the codebase of a login company."""
    return f"/login/companyinfo/{quote(company, safe='()')}"


def codebase_of(body: Any, site: str, company: str) -> str:
    """Return the codebase in a response, with its trailing slash, such as `v4_6_release/`.

    Raises `UnknownCompany` for `null`, the response for an unknown company, and `NotJson` for any other body without a
    codebase.
    """
    if body is None:
        raise UnknownCompany(
            f"{site} has no company '{company}'",
            method="GET",
            endpoint=discovery_path(company),
            advice="Set company to the one that you type at the login page. If it is right, the region is another one: "
            f"the cloud has {', '.join(f'{region}.myconnectwise.net' for region in REGIONS)}.",
        )
    codebase = body.get("Codebase") if isinstance(body, dict) else None
    if not isinstance(codebase, str) or not _CODEBASE.fullmatch(codebase):
        raise not_connectwise("the response names no codebase", company)
    return f"{codebase.rstrip('/')}/"


def not_connectwise(what: str, company: str) -> NotJson:
    """Return the error for a site that does not respond to discovery as ConnectWise does."""
    return NotJson(
        what,
        method="GET",
        endpoint=discovery_path(company),
        advice="This may not be a ConnectWise site. Check site in the workspace.",
    )
