"""`EnumeratePartners`: the partners below a partner, with the fields that the call asks for by number [docs]."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from reconciler.sandbox.cove.data.census import Census
from reconciler.sandbox.cove.data.model import Partner
from reconciler.sandbox.cove.errors import NOT_ALLOWED, invalid_params, refused
from reconciler.sandbox.cove.params import Params

FIELDS: Final[dict[int, Callable[[Partner], dict[str, Any]]]] = {
    0: lambda partner: {"Name": partner.name},
    1: lambda partner: {"Level": partner.level.value},
    3: lambda _: {"ChildServiceTypes": ["AllInclusive"]},
    4: lambda _: {"ServiceType": "AllInclusive"},
    5: lambda partner: {"State": partner.state.value},
    8: lambda _: {"LocationId": 1},
    9: lambda _: {"Flags": []},
    10: lambda partner: {"Company": _company(partner)},
    18: lambda partner: {
        "ExternalCode": partner.external_code,
        "MailFrom": "" if partner.profile is None else partner.profile.mail_from,
    },
    20: lambda partner: {"CreationTime": int(partner.created.timestamp())},
}
"""The value that each field number returns [docs].

The members of `Company` and of its `PostAddress` are from public code [seen]. Those without a value are left out, and
`LegalCompanyName` is often empty. That field 18 holds `MailFrom` too, and the unit of `CreationTime` (Unix seconds),
are guesses.
"""


def _company(partner: Partner) -> dict[str, Any]:
    profile = partner.profile
    if profile is None:
        return {"LegalCompanyName": partner.name, "PostAddress": None}
    address = {
        "Address": profile.street,
        "City": profile.city,
        "State": profile.state,
        "ZipCode": profile.zip_code,
        "Country": profile.country,
    }
    ways = {"PhoneNumber": profile.phone, "WebsiteAddress": profile.website}
    return {
        "LegalCompanyName": profile.legal_name,
        **{name: value for name, value in ways.items() if value},
        "PostAddress": {name: value for name, value in address.items() if value} or None,
    }


def enumerate_partners(world: Census, values: Any, at: datetime) -> list[dict[str, Any]]:
    """Return the partners below `parentPartnerId`, one level or all, without the parent itself [guess]."""
    params = Params(values, "EnumeratePartners", ("parentPartnerId", "fields", "fetchRecursively"))
    parent_id = params.whole("parentPartnerId")
    fields = params.wholes("fields", [])
    recursive = params.flag("fetchRecursively", False)
    for number in fields:
        if number not in FIELDS:
            raise invalid_params(f"EnumeratePartners has no field {number}")
    if parent_id not in world.subtree(world.root_id, at):
        raise refused(NOT_ALLOWED, f"Access to partner {parent_id} is not allowed")
    wanted = [FIELDS[number] for number in dict.fromkeys(fields)]
    rows = []
    for partner in world.children(parent_id, at, recursive=recursive):
        row: dict[str, Any] = {"Id": partner.id, "ParentId": partner.parent_id}
        for field in wanted:
            row.update(field(partner))
        rows.append(row)
    return rows
