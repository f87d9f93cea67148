"""Say of a month in an explanation who closed it, which rule holds for it, and what its adjustments are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text
from reconciler.rendering.close_text import closed_line
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import Paint, safe, signed
from reconciler.rendering.times import time_text

Json = Mapping[str, Any]


def money_text(amount: str | None, currency: str | None) -> str:
    """Return an amount as text. One that is not known is `unknown`."""
    return "unknown" if amount is None else amount_text(Decimal(amount), currency)


def span_text(address: str) -> str:
    """Return for which time a line bills its amount: `a month`, `for 2026-10`, or `once`."""
    month, _, number = address.partition("@")[2].partition("+")
    return "once" if number else f"for {month}" if month else "a month"


def close_lines(close: Json) -> Iterator[str]:
    """Yield who closed the month when, and what the close left out."""
    yield closed_line(close)
    for each in close["accepted"]:
        yield safe(f"Left out, {each['address']}: {each['what']} ({each['reason']}; accepted by {each['by']})")
    if (left := close["left_open"]) is not None:
        yield safe(f"Left open: {left['what']} ({left['reason']}; accepted by {left['by']})")


def holds_text(charge: Json, period: str) -> str:
    """Return why a rule holds for a past month: `frozen at the close of 2026-10, …`. Empty for the rules of today."""
    holds = charge["rule"]["holds"]
    if holds["from"] == "manifests":
        return ""
    if holds["from"] == "run":
        return f"as the last run of {period} used it, {time_text(holds['at'])}"
    return safe(f"frozen at the close of {period}, {time_text(holds['at'])} by {holds['by']}")


def in_use_text(charge: Json) -> str:
    """Return since when a rule is in use, and from which commit. Empty if no run has used it yet."""
    used = charge["rule"]["in_use"]
    if used is None:
        return ""
    commit = f", from commit {used['commit'][:8]}" if used["commit"] else ""
    return safe(f"in use since {time_text(used['since'])}{commit}")


def before_text(charge: Json, currency: str | None) -> str:
    """Return what the month before was billed, and the change. Empty if the ledger has no bill of it."""
    before = charge["before"]
    if before is None:
        return ""
    lines = ", ".join(f"{_times(line, currency)}" for line in before["lines"]) or "nothing"
    told = f"the month before, {lines}, {money_text(before['amount'], currency)} in all"
    amounts = [line["amount"] for line in charge["lines"]]
    if not amounts or None in (*amounts, before["amount"]):
        return told
    change = sum(map(Decimal, amounts)) - Decimal(before["amount"])
    return f"{told}: {signed(change, currency)}"


def _times(line: Json, currency: str | None) -> str:
    return safe(f"{line['quantity']} × {money_text(line['unit_price'], currency)} on {line['product']}")


def frozen_text(charge: Json, period: str, currency: str | None) -> str:
    """Return what the close froze of a charge. Empty without a close."""
    frozen = charge["frozen"]
    if frozen is None:
        return ""
    if frozen["amount"] is None:
        return f"at the close of {period}, its usage was not known"
    quantity = f"{frozen['quantity']} {frozen['unit'] or ''}".rstrip()
    return f"at the close of {period}, {quantity} for {money_text(frozen['amount'], currency)}"


def correction_heading(each: Json, currency: str | None) -> str:
    """Return an adjustment with its money and its state."""
    return safe(f"{each['address']}: {money_text(each['amount'], currency)} for {each['corrects']}, {each['state']}")


def correction_facts(each: Json) -> Iterator[tuple[str, str]]:
    """Yield what is known of an adjustment: (name, text)."""
    if each["cause"]:
        yield "cause", safe(each["cause"])
    if each["why"]:
        yield "why", safe(each["why"])
    if each["text"]:
        yield "text", safe(each["text"])
    if each["first_day"]:
        yield "billed", f"from {each['first_day']}"
    if each["written_at"]:
        yield "written", f"{time_text(each['written_at'])}, run {each['run']}"
    if each["approved_by"]:
        yield "approved", safe(f"{time_text(each['approved_at'])} by {each['approved_by']}")


def month_text(found: Json) -> str:
    """Return what the month is billed, and what it is rated with now. Empty if it has no lines of its own."""
    month, currency = found["month"], found["currency"]
    if month is None:
        return ""
    lines, adjustments = (money_text(month[name], currency) for name in ("lines", "adjustments"))
    billed = f"{lines} by lines and {adjustments} by adjustments"
    if month["rated"] is None:
        return f"billed with {billed}; its usage is not known"
    due = Decimal(month["due"])
    left = "nothing is due" if not due else f"{amount_text(due, currency)} {'are due' if due > 0 else 'too much'}"
    return f"billed with {billed}; rated with {money_text(month['rated'], currency)} now: {left}"


def corrections_lines(found: Json, paint: Paint) -> Iterator[str]:
    """Yield the adjustments of the month, and what it is billed and rated with."""
    rows, month = found["adjustments"], month_text(found)
    if rows or month:
        yield f"{paint('Adjustments', 'bold')}  {numbered(len(rows), 'adjustment') if rows else 'none'}"
    for each in rows:
        yield f"    {correction_heading(each, found['currency'])}"
        for name, text in correction_facts(each):
            yield f"        {name.ljust(9)}  {text}"
    if month:
        yield f"    {found['period']['name']} is {month}"


_WITHOUT_INVOICE = {
    "not yet": "not invoiced yet: the next invoice begins with {}",
    "missing": "no invoice of this month is found",
    "not due": "the agreement does not bill this month",
}


def invoice_lines(found: Json) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each invoice with the lines that were on it, as far as it is known. (invoice, lines)."""
    if found["invoices"] is None:
        yield "unknown: the role of the API member does not allow to read invoices", ()
    currency = found["currency"]
    for each in found["invoices"] or ():
        of = f"{each['month']}, {each['agreement']}"
        if not each["invoices"]:
            yield safe(f"{of}: {_WITHOUT_INVOICE[each['state']].format(each['next_invoice'])}"), ()
        for invoice in each["invoices"]:
            void = f", void ({invoice['status']})" if invoice["void"] else ""
            amount = money_text(invoice["amount"], currency)
            lines = () if void else [_invoiced(line, currency) for line in each["lines"]]
            yield safe(f"{of}: invoice {invoice['number']} of {invoice['date']}, {amount}{void}"), lines


def _invoiced(line: Json, currency: str | None) -> str:
    if line["late"]:
        return safe(f"{line['address']}: not on it, because it was made after the invoice")
    price = "unknown price" if line["unit_price"] is None else money_text(line["unit_price"], currency)
    return safe(f"{line['address']}: {line['quantity']} × {price} = {money_text(line['amount'], currency)}")


def invoices_lines(found: Json, paint: Paint) -> Iterator[str]:
    """Yield the invoices, each with its lines below it."""
    every = [*invoice_lines(found)]
    if every:
        yield paint("Invoices", "bold")
    for invoice, lines in every:
        yield f"    {invoice}"
        for line in lines:
            yield f"        {line}"
