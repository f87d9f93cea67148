"""Additions of ours on agreements that no manifest leads to: they bill on, and somebody has to be told.

Additions have no global list [spec]. The ledger knows where ours are. A new ledger knows nothing, and nobody tells of
an agreement that somebody has copied with its additions. So the first run of each period searches all of the tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from reconciler.connectwise import ConnectWise
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.registry import kind
from reconciler.kinds.values import plain_text
from reconciler.live.read import read_additions

IsOurs = Callable[[LiveObject], bool]

CYCLES = "finance/billingCycles"


@dataclass(frozen=True, slots=True)
class UndeclaredAgreements:
    live_state: LiveState
    """With our additions on agreements that no manifest leads to."""
    searched: bool
    """Whether every agreement was searched."""


async def with_undeclared_agreements(
    client: ConnectWise, live_state: LiveState, known: Collection[int], is_ours: IsOurs, *, search: bool
) -> UndeclaredAgreements:
    """The estate with what `is_ours` on other agreements: those of `known` ids, or with `search` all of the tenant.

    No request where there is nothing to read.
    """
    agreements = await _active(client) if search else known
    unread = sorted({*agreements, *known} - live_state.additions.keys())
    if not unread:
        return UndeclaredAgreements(live_state, search)
    found = {
        number: ours
        for number, objects in (await read_additions(client, unread, extra=("agreementStatus",))).items()
        if (ours := [obj for obj in objects if is_ours(obj)])
    }
    return UndeclaredAgreements(replace(live_state, additions={**live_state.additions, **found}), search)


async def _active(client: ConnectWise) -> list[int]:
    """Every agreement that bills, or that will once it starts."""
    of = kind("Agreement")
    rows = await client.list(str(of.collection), fields=("id", "agreementStatus", "cancelledFlag"))
    return [
        row["id"]
        for row in rows
        if row.get("agreementStatus") not in ("Cancelled", "Expired") and not row.get("cancelledFlag")
    ]


async def billing_cycles(client: ConnectWise) -> dict[str | int, str]:
    """The billing option of each cycle, by its name and by its id."""
    rows: list[dict[str, Any]] = await client.list(CYCLES, fields=("id", "name", "billingOptions"))
    options = ((row, plain_text(row.get("billingOptions") or "")) for row in rows)
    return {key: option for row, option in options if option for key in (row.get("name"), row.get("id")) if key}
