"""Read the contact details of the console's partners: company, address and external code.

Only an import needs them, so they are not part of the hourly pull.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import httpx

from reconciler.metering.sources.addresses import check_address
from reconciler.metering.sources.cove_session import CoveSession, CoveSettings, check_settings, id_number
from reconciler.metering.sources.http import LIMITS, make_client
from reconciler.metering.sources.profile import Profile
from reconciler.metering.sources.pulling import Clock, Sleep

FIELDS = (10, 18)
"""The requested fields Company and ExternalCode. That 18 gives MailFrom too, and the names inside Company, are from
public code [seen]."""
_METHOD = "EnumeratePartners"


async def read_profiles(
    settings: CoveSettings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
    clock: Clock = time.monotonic,
) -> dict[str, Profile]:
    """Return the profiles of all partners by their id. Raises `SourceError` if they cannot be read."""
    check_address(settings.url, settings.name)
    check_settings(settings)
    async with make_client(transport, settings.url, settings.name, LIMITS) as client:
        session = CoveSession(client, settings, sleep=sleep, clock=clock, limits=LIMITS)
        root_id = await session.log_in()
        rows = await session.call(
            _METHOD, {"parentPartnerId": root_id, "fetchRecursively": True, "fields": list(FIELDS)}
        )
    return profiles_in(rows)


def profiles_in(rows: Any) -> dict[str, Profile]:
    """Return the profiles in the rows of EnumeratePartners. A row that has another form gives none."""
    found: dict[str, Profile] = {}
    for row in rows if isinstance(rows, list) else ():
        number = id_number(row.get("Id")) if isinstance(row, Mapping) else None
        if number is not None:
            found[str(number)] = _profile(row)
    return found


def _profile(row: Mapping[str, Any]) -> Profile:
    company = _below(row, "Company")
    address = _below(company, "PostAddress")
    return Profile(
        email=_text(row, "MailFrom"),
        website=_text(company, "WebsiteAddress"),
        street=_text(address, "Address"),
        zip=_text(address, "ZipCode"),
        city=_text(address, "City"),
        external_code=_text(row, "ExternalCode"),
    )


def _below(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = row.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""
