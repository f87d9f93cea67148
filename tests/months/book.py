"""What must be billed: the lines of each customer, of all months or of one, and the invoice that each is on.

The rules are those of BILLING. The lines come from the oracle of the grid, which shares no code with the reconciler.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from tests.money_grid.manifests import AGREEMENTS
from tests.money_grid.oracle import Line, lines_of, midnight, month_of
from tests.money_grid.terms import NEW_YORK, Terms, months_after
from tests.months.customers import FIRST_MONTH, Customer

_ZERO = Decimal(0)
CREDIT = "credit"
"""The product of adjustments that give back money."""
Key = tuple[int, date, str]
"""The number of a customer, a month, and the name of a charge."""


class Seen(NamedTuple):
    """A line, as ConnectWise has it or as the book has it."""

    agreement: str
    product: str
    quantity: Decimal
    price: Decimal


Of = tuple[int, str]
"""The number of a customer, and the month that a line bills, as `2026-10`. Empty: all months."""


@dataclass
class Bill:
    """What one charge of a customer bills of one month, by additions of that month."""

    agreement: str
    lines: list[Line] = field(default_factory=list)
    on: date | None = None
    """The month whose invoice it is on. None: it has no addition yet."""
    waits: bool = False
    """Whether it is billed when its month is over."""
    settled: bool = False
    """Whether an invoice has billed it, or its month is closed. It stays as it is then."""
    adjustments: list[Adjustment] = field(default_factory=list)

    @property
    def billed(self) -> Decimal:
        return sum((each.amount for each in (*self.lines, *self.adjustments)), _ZERO)


@dataclass(frozen=True)
class Adjustment:
    """What an addition of quantity 1 corrects of a settled bill."""

    agreement: str
    product: str
    amount: Decimal
    on: date
    """The month whose invoice it is on."""

    @property
    def line(self) -> Line:
        return Line("", self.product, Decimal(1), self.amount, self.amount)


class Due(NamedTuple):
    """What a settled bill lacks, or has too much."""

    amount: Decimal
    product: str
    agreement: str


class Book:
    """The bills of all customers."""

    def __init__(self) -> None:
        self.bills: dict[Key, Bill] = {}
        self.rolling: dict[date, dict[int, tuple[str, list[Line]]]] = {}
        """By month that is over: the agreement and the lines of all months, as they stood at its end."""
        self.invoiced: dict[str, date] = {}
        """By name of an agreement: the last month that it is invoiced for."""

    # ── runs ─────────────────────────────────────────────────────────────────────────────────────────────

    def run(
        self, customer: Customer, now: datetime, *, held: bool, repriced: bool = False, approved: Collection[str] = ()
    ) -> Sequence[Adjustment]:
        """Bill a customer as a run of now must, by the figures that are known. Return the adjustments that it makes.

        Of a held one, nothing of the running month changes. A month that is over does not need the figures of now. With
        `adjustment` in `approved`, what settled bills lack is adjusted, and with `credit` what they have too much.
        """
        first = month_of(now, NEW_YORK)[0]
        if not held:
            lines = lines_of(customer.terms, customer.readings, now)
            if customer.terms.rolls:
                customer.billed, customer.agreement = lines, customer.terms.agreement
            elif not customer.terms.waits:
                for charge, found in _by_charge(lines, customer):
                    bill = self.bills.setdefault((customer.number, first, charge), Bill(customer.terms.agreement))
                    bill.agreement, bill.lines, bill.on = customer.terms.agreement, found, first
        for month in customer.ran_with:
            if month < first and not customer.terms.rolls:
                self._bill_ended(customer, month, first, repriced=repriced)
        made = []
        for key, due in self.dues(customer, first, repriced=repriced).items() if approved else ():
            if ("credit" if due.amount < 0 else "adjustment") in approved:
                made.append(Adjustment(due.agreement, due.product, due.amount, first))
                self.bills[key].adjustments.append(made[-1])
        customer.ran_with[first] = customer.terms
        return made

    def _bill_ended(self, customer: Customer, month: date, running: date, *, repriced: bool) -> None:
        """Bill a month that is over, by the terms of its last run and by the figures of now, until it is settled."""
        terms = _terms_of(customer, month, repriced=repriced)
        lines = _lines_of_ended(customer, terms, month)
        if lines is None:
            return
        invoiced = self.invoiced.get(terms.agreement, date.min) >= month
        for charge, found in _by_charge(lines, customer):
            bill = self.bills.get((customer.number, month, charge))
            if bill is None:
                # If the invoice is made already, all of it is left to an adjustment.
                bill = Bill(terms.agreement, waits=terms.waits, settled=invoiced and not terms.waits)
                self.bills[customer.number, month, charge] = bill
            if bill.settled:
                continue
            if not bill.lines:  # a move that was never made is not made for an ended month
                bill.agreement = terms.agreement
            bill.lines = found
            if found and bill.on is None:
                bill.on = running if terms.waits else month

    def dues(self, customer: Customer, running: date, *, repriced: bool) -> dict[Key, Due]:
        """Return what the settled bills of a customer lack now, or have too much, in the months that are over."""
        found: dict[Key, Due] = {}
        for (number, month, charge), bill in self.bills.items():
            if number != customer.number or not bill.settled or month >= running:
                continue
            terms = _terms_of(customer, month, repriced=repriced)
            every = _lines_of_ended(customer, terms, month)
            if every is None:
                continue
            lines = dict(_by_charge(every, customer))[charge]
            amount = sum((each.amount for each in lines), _ZERO) - bill.billed
            if not amount or (amount < 0 and not _may_give_back(terms, charge, month)):
                continue
            product = CREDIT if amount < 0 else max(lines, key=lambda each: each.amount).product
            found[number, month, charge] = Due(amount, product, bill.agreement if bill.lines else terms.agreement)
        return found

    def close(self, month: date, customers: Iterable[Customer]) -> None:
        """Close a month for customers. What it bills stays as it is."""
        for each in customers:
            terms = each.ran_with.get(month)
            if terms is None or terms.rolls or (terms.start is not None and terms.start >= months_after(month, 1)):
                continue
            for charge in terms.charges:
                self.bills.setdefault((each.number, month, charge.name), Bill(terms.agreement)).settled = True

    def is_settled(self, of: Of) -> bool:
        """Return whether a bill of a customer's month is settled."""
        return any(bill.settled for (number, month, _), bill in self.bills.items() if of == (number, f"{month:%Y-%m}"))

    # ── invoices ─────────────────────────────────────────────────────────────────────────────────────────

    def keep(self, month: date, customers: Iterable[Customer]) -> None:
        """Keep the lines of all months as they stand at the end of a month."""
        self.rolling[month] = {each.number: (each.agreement, each.billed) for each in customers if each.terms.rolls}

    def invoice(self, agreement: str, month: date) -> dict[Of, list[Line]]:
        """Return what the invoice of an agreement for a month must have, by customer. Its bills are settled then."""
        found: dict[Of, list[Line]] = defaultdict(list)
        if AGREEMENTS[agreement] == "advance":
            for number, (name, lines) in self.rolling[month].items():
                if name == agreement:
                    found[number, ""] += lines
        for (number, of, _), bill in self.bills.items():
            if bill.agreement == agreement and bill.on == month:
                found[number, f"{of:%Y-%m}"] += bill.lines
                bill.settled = True
            elif bill.agreement == agreement and of == month and not bill.waits:
                bill.settled = True
            for place, each in enumerate(bill.adjustments, 1):
                if each.agreement == agreement and each.on == month:
                    found[number, f"{of:%Y-%m}+{place}"].append(each.line)
        self.invoiced[agreement] = month
        return found

    # ── what stands ──────────────────────────────────────────────────────────────────────────────────────

    def standing(self, customers: Iterable[Customer]) -> dict[Of, list[Seen]]:
        """Return the lines that the additions must have now, those of the months that are over included."""
        found: dict[Of, list[Seen]] = defaultdict(list)
        for each in customers:
            found[each.number, ""] += seen(each.agreement, each.billed)
        for (number, month, _), bill in self.bills.items():
            found[number, f"{month:%Y-%m}"] += seen(bill.agreement, bill.lines)
            for place, adjusted in enumerate(bill.adjustments, 1):
                found[number, f"{month:%Y-%m}+{place}"] += seen(adjusted.agreement, [adjusted.line])
        return found


def _terms_of(customer: Customer, month: date, *, repriced: bool) -> Terms:
    """Return the terms of a month that is over: those of its last run, with the dated prices of now."""
    terms = customer.ran_with[month]
    return terms.later if repriced and customer.has_dated_price else terms


def _lines_of_ended(customer: Customer, terms: Terms, month: date) -> list[Line] | None:
    """Return the lines of a month that is over, by the figures of now. None if no figure is known."""
    _, begin, end = month_of(midnight(month, NEW_YORK), NEW_YORK)
    since = begin if terms.start is None else max(begin, midnight(terms.start, NEW_YORK))
    if not any(since <= each.at < end for each in customer.readings):
        return None
    return lines_of(terms, customer.readings, end - timedelta(seconds=1))


def _may_give_back(terms: Terms, charge: str, month: date) -> bool:
    """Return whether the ledger has all of a month: the first pull comes some hours after the first month begins.

    `last` needs only the end of the month.
    """
    measure = next(each.measure for each in terms.charges if each.name == charge)
    return measure == "last" or month > FIRST_MONTH


def _by_charge(lines: Iterable[Line], customer: Customer) -> Iterator[tuple[str, list[Line]]]:
    every = list(lines)
    for charge in customer.terms.charges:
        yield charge.name, [each for each in every if each.charge == charge.name]


def seen(agreement: str, lines: Iterable[Line]) -> Iterator[Seen]:
    """Yield lines as ConnectWise shows them."""
    for each in lines:
        yield Seen(agreement, each.product, each.quantity, each.price)


def month_before(month: date) -> date:
    return months_after(month, -1)
