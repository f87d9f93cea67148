"""Compare the total of each agreement's invoice with the agreement and its additions: the second half of the check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from reconciler.amounts import amount_text
from reconciler.closing.three_way_combined import Combined, billed_together, combined_of
from reconciler.closing.three_way_invoice_lines import Elsewhere, FileLines, check_invoice_lines, elsewhere_of
from reconciler.closing.three_way_invoices import CREDIT_MEMO, Invoice, Invoices
from reconciler.closing.three_way_lines import is_dated_in
from reconciler.closing.three_way_model import AgreementFacts, Finding, Standing, billed
from reconciler.metering.period import Period

NONE_COMBINED: Combined = {}


class Month(NamedTuple):
    """The month that is checked."""

    period: Period
    currency: str | None
    running: bool
    """Whether it is not over."""


def on_invoice(each: Standing, period: Period) -> bool:
    """Return whether the invoice of a month should have an addition, by its days.

    One of ours that was created after the invoice is missing there, which the check of the lines names. Of one that is
    not ours, only the total shows that.
    """
    addition = each.addition
    return is_dated_in(addition, period) and not addition.is_left and not (each.late and each.ours)


def expected_total(
    facts: AgreementFacts, standing: Iterable[Standing], period: Period, currency: str | None
) -> Decimal:
    """Return what the invoice of a month should have: the agreement's own amount, and all its additions."""
    amounts = (billed(each, currency) for each in standing if on_invoice(each, period))
    return facts.own + sum(amounts, Decimal(0))


def check_invoices(
    agreements: Iterable[AgreementFacts],
    invoices: Mapping[int, Invoices],
    standing: Iterable[Standing],
    month: Month,
    file: FileLines,
    combined: Combined = NONE_COMBINED,
) -> Iterator[Finding]:
    """Yield the differences between the invoices of a month and the additions on them, each with its price.

    An invoice whose lines are in the file is compared line by line, and every other one by its total.
    """
    standing = list(standing)
    names = {each.id: each for each in agreements}
    elsewhere = elsewhere_of(standing, names)
    by_agreement: dict[int, list[Standing]] = defaultdict(list)
    for each in standing:
        if on_invoice(each, month.period):
            by_agreement[each.addition.agreement_id].append(each)
    usable = {
        company: [each for each in some if not each.void and not is_foreign(each, month.currency)]
        for company, some in combined.items()
    }
    missing = (names[number] for number, each in invoices.items() if each.state == "missing" and number in names)
    totals = ((each, expected_total(each, by_agreement[each.id], *month[:2])) for each in missing)
    together = billed_together(totals, usable, month.period)
    for facts in names.values():
        found = invoices.get(facts.id)
        if found is not None:
            yield from _credits(facts, found, month)
        if found is not None and found.state in ("missing", "invoiced") and facts.id not in together:
            lines = _Lines(file, elsewhere, combined_of(facts, usable, month.period))
            yield from _of_agreement(facts, found, by_agreement[facts.id], month, lines)


class _Lines(NamedTuple):
    """The lines in a file, the additions of all agreements, and the combined invoices of the company."""

    file: FileLines
    elsewhere: Elsewhere
    combined: Sequence[Invoice]


def _of_agreement(
    facts: AgreementFacts, found: Invoices, standing: Sequence[Standing], month: Month, lines: _Lines
) -> Iterator[Finding]:
    currency = month.currency
    expected = expected_total(facts, standing, month.period, currency)
    should = f"the agreement and its additions have {amount_text(expected, currency)}"
    alike = [each for each in found.others if each.type != CREDIT_MEMO and not is_foreign(each, currency)]
    if not found.valid:
        if expected:
            text = f"{_why_missing(facts, found, month)}, and {should}"
            text += "".join(f"; {_name(each)} has this amount" for each in alike if each.amount == expected)
            text += "".join(f"; {_name(each)} may bill it, and has another amount" for each in lines.combined)
            yield Finding("missing invoice", text, expected, facts.id)
        return
    for each in found.valid:
        if is_foreign(each, currency):
            text = f"invoice {each.number} of {each.day} is in {each.currency}, and the agreement is in {currency}"
            yield Finding("invoice", text, None, facts.id)
    valid = [each for each in found.valid if not is_foreign(each, currency)]
    if not valid:
        return
    best, *others = sorted(valid, key=lambda each: (abs(each.amount - expected), each.day, each.id))
    difference = expected - best.amount
    if of_invoice := lines.file.of(best, facts):
        yield from check_invoice_lines(facts, best, of_invoice, standing, lines.elsewhere, currency)
    elif difference:
        text = f"invoice {best.number} of {best.day} has {amount_text(best.amount, currency)}, and {should}"
        yield Finding("invoice", text + _hint(facts, standing, difference, currency), difference, facts.id)
    for each in others:
        text = f"invoice {each.number} of {each.day} bills {month.period} a second time, beside invoice {best.number}"
        yield Finding("double", text, -each.amount, facts.id)
    for each in alike:
        if each.amount and each.amount == best.amount:
            yield Finding("double", f"{_name(each)} has the amount of invoice {best.number}", -each.amount, facts.id)


def is_foreign(invoice: Invoice, currency: str | None) -> bool:
    """Return whether an invoice is in another currency. Its amount is not compared, because none is converted."""
    return bool(currency and invoice.currency) and invoice.currency != currency


def _credits(facts: AgreementFacts, found: Invoices, month: Month) -> Iterator[Finding]:
    """Yield the credit memos that are dated in a month. ConnectWise does not say which month they correct."""
    for each in found.others:
        if each.type == CREDIT_MEMO and each.amount:
            amount = None if is_foreign(each, month.currency) else abs(each.amount)
            taken = f"an amount in {each.currency}" if amount is None else amount_text(amount, month.currency)
            yield Finding("credit", f"credit memo {each.number} of {each.day} takes {taken} off", amount, facts.id)


def _name(invoice: Invoice) -> str:
    return f"invoice {invoice.number} of {invoice.day}, whose type is {invoice.type},"


def _why_missing(facts: AgreementFacts, found: Invoices, month: Month) -> str:
    """Return why no invoice bills the month."""
    if found.void:
        numbers = " and ".join(each.number for each in found.void)
        return f"invoice {numbers} of {month.period} is {found.void[0].status}"
    if found.invoiced:
        return (
            f"the next invoice date is {facts.next_invoice}, and there is no invoice of {month.period}: "
            "it was deleted, or it is on another agreement"
        )
    return f"there is no invoice of {month.period}: it was not made, or it was deleted"


def _hint(facts: AgreementFacts, standing: Sequence[Standing], difference: Decimal, currency: str | None) -> str:
    """Return what may explain a difference: exactly this amount elsewhere, and what has changed since."""
    own = f"the agreement's own {amount_text(facts.own, currency)} are not on it, or were another amount then"
    hints = [own] if facts.own and facts.own == difference else []
    hints += [
        f"addition id {each.addition.id} ({each.addition.product}) {_change_of(each) or 'has exactly this amount'}"
        for each in standing
        if _change_of(each) or billed(each, currency) == difference
    ]
    return f": {'; '.join(hints)}" if hints else ""


def _change_of(each: Standing) -> str:
    if each.late:
        return "was created after the invoice"
    return "was deleted since" if each.gone else ""
