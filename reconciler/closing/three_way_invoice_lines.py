"""Compare the lines of an invoice, from a file, with the additions that it should have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from reconciler.amounts import amount_text
from reconciler.closing.three_way_file import InvoiceLine
from reconciler.closing.three_way_invoices import Invoice
from reconciler.closing.three_way_model import AgreementFacts, Finding, FindingKind, Standing, billed, cost_of
from reconciler.errors import ReconcilerError
from reconciler.kinds.values import plain_decimal


@dataclass(frozen=True, slots=True)
class FileLines:
    """The lines in a file, by the invoice or the agreement that they name."""

    by_invoice: Mapping[str, Sequence[InvoiceLine]] = field(default_factory=dict)
    by_agreement: Mapping[str, Sequence[InvoiceLine]] = field(default_factory=dict)
    """By the name of the agreement without case: lines without the number of an invoice."""

    def of(self, invoice: Invoice, facts: AgreementFacts) -> Sequence[InvoiceLine]:
        """Return the lines of an invoice. Empty if the file has none."""
        return [*self.by_invoice.get(invoice.number, ()), *self.by_agreement.get(facts.name.casefold(), ())]

    @property
    def count(self) -> int:
        """Return the number of lines."""
        return sum(map(len, (*self.by_invoice.values(), *self.by_agreement.values())))


NO_LINES = FileLines()


def check_names(file: FileLines, agreements: Iterable[AgreementFacts]) -> None:
    """Raise `ReconcilerError` if lines name an agreement by a name that several agreements have."""
    names = Counter(each.name.casefold() for each in agreements)
    for name, lines in file.by_agreement.items():
        if names[name] > 1:
            raise ReconcilerError(
                f"{names[name]} agreements have the name {lines[0].agreement}",
                where=lines[0].where,
                advice="Add a column with the number of the invoice. Nothing was compared.",
            )


def file_lines(lines: Iterable[InvoiceLine]) -> FileLines:
    """Return lines by the invoice or the agreement that they name."""
    by_invoice: dict[str, list[InvoiceLine]] = {}
    by_agreement: dict[str, list[InvoiceLine]] = {}
    for each in lines:
        if each.invoice:
            by_invoice.setdefault(each.invoice, []).append(each)
        else:
            by_agreement.setdefault(each.agreement.casefold(), []).append(each)
    return FileLines(by_invoice, by_agreement)


class Elsewhere(NamedTuple):
    """The additions of other agreements, to name a line that is on the wrong invoice."""

    by_id: Mapping[int, Standing]
    by_serial: Mapping[str, Standing]
    names: Mapping[int, AgreementFacts]

    def of(self, line: InvoiceLine) -> Standing | None:
        """Return the addition that a line names by its id or its serial number."""
        by_id = None if line.addition_id is None else self.by_id.get(line.addition_id)
        return by_id or (self.by_serial.get(line.serial) if line.serial else None)


def elsewhere_of(standing: Iterable[Standing], names: Mapping[int, AgreementFacts]) -> Elsewhere:
    """Return the additions by id and by serial number."""
    every = list(standing)
    return Elsewhere(
        {each.addition.id: each for each in every},
        {each.addition.serial: each for each in every if each.addition.serial},
        names,
    )


def check_invoice_lines(
    facts: AgreementFacts,
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
    standing: Iterable[Standing],
    elsewhere: Elsewhere,
    currency: str | None,
) -> Iterator[Finding]:
    """Yield the differences between the lines of an invoice and the additions that it should have.

    Their prices add up to the difference of the totals. An equal amount is no difference, whatever its factors are.
    """
    check = _Check(facts, invoice, currency)
    rest = list(lines)
    wanted = [each for each in standing if billed(each, currency)]
    _leave_out_split(rest, wanted, currency)
    for same in (_same_id, _same_serial, _same_amount(currency), _same_quantity_or_price, _same_product):
        for each in list(wanted):
            line = next((line for line in rest if same(line, each)), None)
            if line is not None:
                rest.remove(line)
                wanted.remove(each)
                yield from check.pair(line, each)
    own = next((line for line in rest if facts.own and line.amount == facts.own), None)
    if own is not None:
        rest.remove(own)
    elif facts.own:
        yield check.finding("not invoiced", f"the agreement's own {check.money(facts.own)} is not on it", facts.own)
    billed_products = {line.product.casefold() for line in lines if line not in rest}
    for each in wanted:
        yield check.missing(each)
    for line in rest:
        if line.amount:
            yield check.unknown(line, elsewhere.of(line), elsewhere.names, billed_products)
    total = sum((line.amount for line in lines), Decimal(0))
    if total != invoice.amount:
        text = f"its lines in the file add up to {check.money(total)}, and its total is {check.money(invoice.amount)}"
        yield check.finding("invoice", text, total - invoice.amount)


Key = tuple[str, ...] | int | None


def _leave_out_split(lines: list[InvoiceLine], wanted: list[Standing], currency: str | None) -> None:
    """Remove the lines and the additions of one product that have the same amount together, however it is split."""
    for key_of_line, key_of_addition in _KEYS:
        for key in {key for each in wanted if (key := key_of_addition(each)) is not None}:
            of_invoice = [each for each in lines if key_of_line(each) == key]
            of_agreement = [each for each in wanted if key_of_addition(each) == key]
            total = sum((billed(each, currency) for each in of_agreement), Decimal(0))
            is_split = of_invoice and len(of_invoice) != len(of_agreement)
            if is_split and sum((each.amount for each in of_invoice), Decimal(0)) == total:
                lines[:] = [each for each in lines if each not in of_invoice]
                wanted[:] = [each for each in wanted if each not in of_agreement]


def _serial_of_line(line: InvoiceLine) -> Key:
    return (line.serial, line.product.casefold()) if line.serial else None


def _product_of_line(line: InvoiceLine) -> Key:
    """Return the product of a line. None if it names one addition, so that it is none of the others."""
    return None if line.addition_id is not None or line.serial else (line.product.casefold(),)


_KEYS: Sequence[tuple[Callable[[InvoiceLine], Key], Callable[[Standing], Key]]] = (
    (lambda line: line.addition_id, lambda each: each.addition.id),
    (_serial_of_line, lambda each: (each.addition.serial, each.addition.product.casefold())),
    (_product_of_line, lambda each: (each.addition.product.casefold(),)),
)
"""What a line names: its addition by id, by tag and product, or its product only."""

Same = Callable[[InvoiceLine, Standing], bool]


def _same_id(line: InvoiceLine, each: Standing) -> bool:
    return line.addition_id == each.addition.id


def _same_serial(line: InvoiceLine, each: Standing) -> bool:
    return bool(line.serial) and line.serial == each.addition.serial and _same_product(line, each)


def _same_amount(currency: str | None) -> Same:
    return lambda line, each: _same_product(line, each) and line.amount == billed(each, currency)


def _same_quantity_or_price(line: InvoiceLine, each: Standing) -> bool:
    addition = each.addition
    return _same_product(line, each) and (line.quantity == addition.quantity or line.price == addition.price)


def _same_product(line: InvoiceLine, each: Standing) -> bool:
    named_else = line.addition_id not in (None, each.addition.id)
    serial_else = bool(line.serial and each.addition.serial) and line.serial != each.addition.serial
    return line.product.casefold() == each.addition.product.casefold() and not named_else and not serial_else


class _Check:
    """Makes the findings of one invoice."""

    def __init__(self, facts: AgreementFacts, invoice: Invoice, currency: str | None) -> None:
        self._facts = facts
        self._invoice = invoice
        self._currency = currency

    def money(self, amount: Decimal) -> str:
        return amount_text(amount, self._currency)

    def finding(self, of: FindingKind, text: str, amount: Decimal, cost: Decimal | None = None) -> Finding:
        return Finding(of, f"invoice {self._invoice.number}: {text}", amount, self._facts.id, cost=cost)

    def pair(self, line: InvoiceLine, each: Standing) -> Iterator[Finding]:
        """Yield the difference between a line of the invoice and its addition."""
        addition, amount = each.addition, billed(each, self._currency)
        if line.amount == amount:
            return
        of: FindingKind = "invoice"
        what = f"bills {self.money(line.amount)}, and addition id {addition.id} has {self.money(amount)}"
        if line.quantity not in (None, addition.quantity):
            of = "quantity"
            figures = (plain_decimal(line.quantity or Decimal(0)), plain_decimal(addition.quantity))
            what = f"bills a quantity of {figures[0]}, and addition id {addition.id} had {figures[1]}"
        elif line.price not in (None, addition.price):
            of = "price"
            prices = (self.money(line.price or Decimal(0)), self.money(addition.price or Decimal(0)))
            what = f"has the price {prices[0]}, and addition id {addition.id} had {prices[1]}"
        yield self.finding(of, f"{line.where} ({line.product}) {what}", amount - line.amount)

    def missing(self, each: Standing) -> Finding:
        """Return the finding for an addition that is not on the invoice."""
        amount = billed(each, self._currency)
        addition = each.addition
        text = f"addition id {addition.id} ({addition.product}) of {self.money(amount)} is not on it"
        return self.finding("not invoiced", text, amount, cost_of(each, self._currency))

    def unknown(
        self, line: InvoiceLine, named: Standing | None, names: Mapping[int, AgreementFacts], products: set[str]
    ) -> Finding:
        """Return the finding for a line of the invoice that no addition of the agreement has."""
        of: FindingKind = "double" if line.product.casefold() in products else "invoice"
        why = "bills a second time what another line bills" if of == "double" else "has no addition on this agreement"
        if named is not None and named.addition.agreement_id != self._facts.id:
            facts = names.get(named.addition.agreement_id)
            name = f"id {named.addition.agreement_id}" if facts is None else facts.name
            of, why = "invoice", f"is addition id {named.addition.id} of another agreement, {name}"
        return self.finding(of, f"{line.where} ({line.product}) of {self.money(line.amount)} {why}", -line.amount)
