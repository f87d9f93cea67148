"""Which release a tenant runs: the codebase is part of every URL and changes when the tenant is upgraded [seen]."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from reconciler.connectwise.connection import REGIONS
from reconciler.connectwise.errors import NotJson, UnknownCompany

_CODEBASE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*/?")


def discovery_path(company: str) -> str:
    """The path, from the site, that tells a login company's codebase."""
    return f"/login/companyinfo/{quote(company, safe='()')}"


def codebase_of(body: Any, site: str, company: str) -> str:
    """The codebase with its trailing slash, such as `v4_6_release/`.

    Raises `UnknownCompany` for the `null` of an unknown company, `NotJson` for anything of another shape.
    """
    if body is None:
        raise UnknownCompany(
            f"{site} knows no company '{company}'",
            method="GET",
            endpoint=discovery_path(company),
            advice="company is the one typed at the login page. If it is right, the region is another one: "
            f"the cloud has {', '.join(f'{region}.myconnectwise.net' for region in REGIONS)}.",
        )
    codebase = body.get("Codebase") if isinstance(body, dict) else None
    if not isinstance(codebase, str) or not _CODEBASE.fullmatch(codebase):
        raise not_connectwise("the answer names no codebase", company)
    return f"{codebase.rstrip('/')}/"


def not_connectwise(what: str, company: str) -> NotJson:
    """The error for a site that answers discovery with something of its own."""
    return NotJson(
        what,
        method="GET",
        endpoint=discovery_path(company),
        advice="This may not be a ConnectWise site; check site in the workspace.",
    )
