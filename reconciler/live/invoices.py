"""Read the invoices of agreements. ConnectWise gives date, status and totals of an invoice, never its lines [spec]."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.conditions import all_of, compare, equals
from reconciler.connectwise.lists import Objects
from reconciler.kinds.field_mapping import date_text
from reconciler.live.query import ENTERED
from reconciler.live.reader import Reader

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
    ENTERED,
)
_FEW = 100
"""With so many agreements or fewer, only their invoices are asked for."""


async def read_agreement_invoices(client: ConnectWise, agreements: Collection[int], since: date) -> Objects:
    """Return the invoices of agreements of which these agreements are billed, dated on `since` or later.

    The dates are compared again here, because a tenant answered date comparisons wrongly [seen].
    """
    if not agreements:
        return []
    rows = await _read(Reader(client), agreements, since)
    wanted = frozenset(agreements)
    return [
        row
        for row in rows
        if row.get("type") == _TYPE
        and (row.get("agreement") or {}).get("id") in wanted
        and (date_text(row.get("date")) or "") >= since.isoformat()
    ]


async def _read(reader: Reader, agreements: Collection[int], since: date) -> Objects:
    also = all_of(equals("type", _TYPE), compare("date", ">=", since))
    if len(agreements) <= _FEW:
        return await reader.read_records(PATH, also, _FIELDS, where="agreement/id", values=sorted(agreements))
    return await reader.read_records(PATH, also, _FIELDS)
