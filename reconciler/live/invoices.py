"""Read the invoices of agreements. ConnectWise gives date, status and totals of an invoice, never its lines [spec]."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.conditions import all_of, compare, equals
from reconciler.connectwise.errors import Invalid
from reconciler.connectwise.lists import Objects
from reconciler.kinds.field_mapping import date_text

PATH = "finance/invoices"
_TYPE = "Agreement"
"""The type of an invoice that bills an agreement [spec]."""
_FIELDS = (
    "id",
    "invoiceNumber",
    "type",
    "status/name",
    "date",
    "agreement/id",
    "agreementAmount",
    "total",
    "salesTax",
)
_ENTERED = "_info/dateEntered"
"""When it was created [spec]. That `fields` may name it is a [guess]: if it is refused, the invoice's day counts."""
_FEW = 100
"""With so many agreements or fewer, only their invoices are asked for."""


async def read_agreement_invoices(client: ConnectWise, agreements: Collection[int], since: date) -> Objects:
    """Return the invoices of agreements of which these agreements are billed, dated on `since` or later.

    The dates are compared again here, because a tenant answered date comparisons wrongly [seen].
    """
    if not agreements:
        return []
    try:
        rows = await _read(client, agreements, since, (*_FIELDS, _ENTERED))
    except Invalid:
        rows = await _read(client, agreements, since, _FIELDS)
    wanted = frozenset(agreements)
    return [
        row
        for row in rows
        if row.get("type") == _TYPE
        and (row.get("agreement") or {}).get("id") in wanted
        and (date_text(row.get("date")) or "") >= since.isoformat()
    ]


async def _read(client: ConnectWise, agreements: Collection[int], since: date, fields: tuple[str, ...]) -> Objects:
    also = all_of(equals("type", _TYPE), compare("date", ">=", since))
    if len(agreements) <= _FEW:
        return await client.list_where_in(PATH, "agreement/id", sorted(agreements), also=also, fields=fields)
    return await client.list(PATH, conditions=also, fields=fields)
