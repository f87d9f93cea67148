"""What must be billed: the lines of each customer, of all months or of one, and the invoice that each is on.

The rules are those of BILLING. The lines come from the oracle of the grid, which shares no code with the reconciler.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from tests.money_grid.manifests import AGREEMENTS
from tests.money_grid.oracle import Line, lines_of, midnight, month_of
from tests.money_grid.terms import NEW_YORK, months_after
from tests.months.customers import Customer


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
    settled: bool = False
    """Whether an invoice has billed it. It stays as it is then."""


class Book:
    """The bills of all customers."""

    def __init__(self) -> None:
        self.bills: dict[tuple[int, date, str], Bill] = {}
        """By the number of the customer, the month, and the name of the charge."""
        self.rolling: dict[date, dict[int, tuple[str, list[Line]]]] = {}
        """By month that is over: the agreement and the lines of all months, as they stood at its end."""
        self.invoiced: dict[str, date] = {}
        """By name of an agreement: the last month that it is invoiced for."""

    # ── runs ─────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, customer: Customer, now: datetime, *, held: bool) -> None:
        """Bill a customer as a run of now must, by the figures that are known.

        Of a held one, nothing of the running month changes. A month that is over does not need the figures of now.
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
                self._bill_ended(customer, month, first)
        customer.ran_with[first] = customer.terms

    def _bill_ended(self, customer: Customer, month: date, running: date) -> None:
        """Bill a month that is over, by the terms of its last run and by the figures of now, until it is settled."""
        terms = customer.ran_with[month]
        _, begin, end = month_of(midnight(month, NEW_YORK), NEW_YORK)
        since = begin if terms.start is None else max(begin, midnight(terms.start, NEW_YORK))
        if not any(since <= each.at < end for each in customer.readings):
            return
        of_month = self.invoiced.get(terms.agreement, date.min) >= month and not terms.waits
        lines = lines_of(terms, customer.readings, end - timedelta(seconds=1))
        for charge, found in _by_charge(lines, customer):
            bill = self.bills.get((customer.number, month, charge))
            if bill is None:
                if of_month:  # no invoice bills it any more
                    continue
                bill = self.bills[customer.number, month, charge] = Bill(terms.agreement)
            if bill.settled:
                continue
            if not bill.lines:  # a move that was never made is not made for an ended month
                bill.agreement = terms.agreement
            bill.lines = found
            if found and bill.on is None:
                bill.on = running if terms.waits else month

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
            if bill.on == month and bill.agreement == agreement:
                assert not bill.settled
                found[number, f"{of:%Y-%m}"] += bill.lines
                bill.settled = True
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
        return found


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
