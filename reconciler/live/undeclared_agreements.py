"""Finds our additions on agreements that no manifest declares. They keep billing, so the plan has to show them.

Additions have no global list [spec]. The ledger has the agreements that this program wrote to. A new ledger is empty,
and an agreement that was copied in ConnectWise with its additions is in no ledger. So the first run of each period
searches all agreements of the tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from reconciler.connectwise import ConnectWise
from reconciler.kinds.agreement import ENDED
from reconciler.kinds.field_mapping import Table
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.registry import kind
from reconciler.kinds.values import plain_text
from reconciler.live.query import Query
from reconciler.live.read import read_additions
from reconciler.live.reader import Reader

IsOurs = Callable[[LiveObject], bool]

_INVOICED = (
    "company/id",
    "company/identifier",
    "startDate",
    "billStartDate",
    "billAmount",
    "prorateFlag",
    "billingCycle/id",
    "billingCycle/name",
    "currency/currencyCode",
)
"""The fields of an agreement that decide what its invoices bill, beside those that end an addition."""

_BILLING_CYCLES = Table("finance/billingCycles", ("id", "name", "billingOptions"))


@dataclass(frozen=True, slots=True)
class UndeclaredAgreements:
    """The live state with our additions on undeclared agreements, and how far they were searched for."""

    live_state: LiveState
    searched: bool
    """Whether all agreements of the tenant were searched."""


async def with_undeclared_agreements(
    client: ConnectWise,
    live_state: LiveState,
    known: Collection[int],
    is_ours: IsOurs,
    *,
    search: bool,
    whole: bool = False,
) -> UndeclaredAgreements:
    """Add the additions that are ours on undeclared agreements to the live state.

    Reads the agreements with the `known` ids, and with `search` all agreements of the tenant. Sends no request if
    there is nothing to read. With `whole`, an agreement with an addition of ours keeps all its additions, and has the
    fields that its invoices depend on.
    """
    agreements = await _billing_agreements(client) if search else known
    to_read = sorted({*agreements, *known} - live_state.additions.keys())
    if not to_read:
        return UndeclaredAgreements(live_state, search)
    found = {
        number: objects if whole else ours
        for number, objects in (await read_additions(client, to_read, extra=("agreementStatus",))).items()
        if (ours := [obj for obj in objects if is_ours(obj)])
    }
    objects = await _agreements(client, found.keys(), _INVOICED if whole else ())
    additions = {**live_state.additions, **found}
    return UndeclaredAgreements(
        replace(live_state, additions=additions, objects={**live_state.objects, **objects}), search
    )


async def _agreements(
    client: ConnectWise, numbers: Collection[int], extra: tuple[str, ...]
) -> dict[tuple[str, int], LiveObject]:
    """Return agreements with the fields that end an addition on them: their status, last day and invoiced months."""
    if not numbers:
        return {}
    of = kind("Agreement")
    ends = ("agreementStatus", "cancelledFlag", "dateCancelled", "endDate", "noEndingDateFlag", "nextInvoiceDate")
    fields = ("id", "name", *ends, *extra)
    found = await Reader(client).read(Query(of, fields, {"id": frozenset(numbers)}))
    return {(of.name, obj.id): obj for obj in found}


async def _billing_agreements(client: ConnectWise) -> list[int]:
    """Return the ids of the agreements that bill now or will bill once they start."""
    query = Query(kind("Agreement"), ("id", "agreementStatus", "cancelledFlag"))
    return [
        obj.id
        for obj in await Reader(client).read(query)
        if obj.raw.get("agreementStatus") not in ENDED and not obj.raw.get("cancelledFlag")
    ]


async def billing_cycles(client: ConnectWise) -> dict[str | int, str]:
    """Return the billing option of each billing cycle, by its name and by its id."""
    rows = await Reader(client).read_table(_BILLING_CYCLES)
    options = ((row, plain_text(row.get("billingOptions") or "")) for row in rows)
    return {key: option for row, option in options if option for key in (row.get("name"), row.get("id")) if key}
