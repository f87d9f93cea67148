"""What an invoice billed of some lines, as JSON. ConnectWise gives the totals of an invoice, and not its lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.closing.json_values import Json, decimal_text
from reconciler.closing.three_way_invoices import Invoices
from reconciler.closing.three_way_model import AgreementFacts, Standing, billed
from reconciler.closing.three_way_totals import on_invoice
from reconciler.metering.period import Period


@dataclass(frozen=True, slots=True)
class InvoicedMonth:
    """The invoices of an agreement for a month, and some of its lines."""

    month: Period
    agreement: AgreementFacts
    invoices: Invoices
    lines: Mapping[str, Standing]
    """By address: the lines as they stood when the first valid invoice was made. Empty without one."""
    currency: str | None


def invoiced_json(found: InvoicedMonth) -> Json:
    """Return the invoices of a month, and each line that should be on them, with its amount."""
    return {
        "agreement": found.agreement.name,
        "month": str(found.month),
        "state": found.invoices.state,
        "next_invoice": found.agreement.next_invoice,
        "invoices": [each.to_json() for each in (*found.invoices.valid, *found.invoices.void)],
        "lines": [
            {
                "address": address,
                "quantity": decimal_text(each.addition.quantity),
                "unit_price": decimal_text(each.addition.price),
                "amount": decimal_text(billed(each, found.currency)),
                "late": each.late,
            }
            for address, each in found.lines.items()
            if on_invoice(each, found.month) or each.late
        ],
    }
