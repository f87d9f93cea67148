"""Read the invoices of agreements. ConnectWise gives date, status and totals of an invoice, never its lines [spec].

Credit memos and other invoices that name an agreement are read too, but only those of the month: nothing says which
month they are for.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.conditions import all_of, any_of, compare, equals
from reconciler.connectwise.lists import Objects
from reconciler.kinds.field_mapping import date_text
from reconciler.live.query import ENTERED
from reconciler.live.reader import Reader

PATH = "finance/invoices"
AGREEMENT = "Agreement"
"""The type of an invoice that bills a period of an agreement [spec]."""
COMBINED = "Consolidated"
"""The type of an invoice that combines several agreements of a company, and names none of them [guess]."""
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
    "currency/currencyCode",
    ENTERED,
)
_FEW = 100
"""With so many agreements or fewer, only their invoices are asked for."""


async def read_agreement_invoices(
    client: ConnectWise, agreements: Collection[int], since: date, others_since: date
) -> Objects:
    """Return the invoices that bill these agreements, dated on `since` or later.

    Of other types, such as credit memos, return those dated on `others_since` or later that name the agreements. The
    dates are compared again here, because a tenant answered date comparisons wrongly [seen].
    """
    if not agreements:
        return []
    rows = await _read(Reader(client), agreements, since, others_since)
    wanted = frozenset(agreements)
    return [
        row
        for row in rows
        if (row.get("agreement") or {}).get("id") in wanted
        and (date_text(row.get("date")) or "") >= (since if row.get("type") == AGREEMENT else others_since).isoformat()
    ]


async def read_combined_invoices(client: ConnectWise, since: date) -> Objects:
    """Return the invoices that combine several agreements of a company, dated on `since` or later."""
    also = all_of(equals("type", COMBINED), compare("date", ">=", since))
    rows = await Reader(client).read_records(PATH, also, (*_FIELDS, "company/identifier"))
    return [
        row for row in rows if row.get("type") == COMBINED and (date_text(row.get("date")) or "") >= since.isoformat()
    ]


async def _read(reader: Reader, agreements: Collection[int], since: date, others_since: date) -> Objects:
    wanted = any_of(equals("type", AGREEMENT), compare("date", ">=", others_since))
    also = all_of(compare("date", ">=", since), wanted)
    if len(agreements) <= _FEW:
        return await reader.read_records(PATH, also, _FIELDS, where="agreement/id", values=sorted(agreements))
    return await reader.read_records(PATH, also, _FIELDS)
