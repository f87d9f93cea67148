"""Find which invoice bills which month. ConnectWise gives the date and the totals of an invoice, never its month.

What is known: the agreement's next invoice date, up to which its invoices go without a gap, and the date of each
invoice. The newest invoice bills the month before the next invoice date, the one before it the month before, and so on.
If the dates do not fit that, a month has two invoices or none: the assignment with the fewest oddities is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Literal

from reconciler.closing.json_values import Json, decimal_text, time_json
from reconciler.closing.three_way_model import AgreementFacts
from reconciler.errors import ReconcilerError
from reconciler.kinds.billing_rules import Invoiced
from reconciler.kinds.field_mapping import date_text
from reconciler.metering.period import Period

AGREEMENT = "Agreement"
"""The type of an invoice that bills a period of an agreement [spec]."""
CREDIT_MEMO = "CreditMemo"
_EARLY = timedelta(days=92)
"""An invoice is made at most 90 days before its month [docs]. Two days more, because the server's dates may be off."""
READ_BEFORE = 2 * _EARLY
"""How long before a month invoices are read. The earlier ones show when an agreement's invoices are usually made."""
_VOID = re.compile(r"void|cancel", re.IGNORECASE)
"""The names of billing statuses of an invoice that is not valid [guess]: ConnectWise has no flag for it."""
_TWICE, _NONE, _SHIFTED, _WRONG_TIME = 7, 7, 4, 6
"""How odd it is that a month has two invoices, that it has none, that an agreement's invoices are usually a month
earlier (advance) or later (arrears), and that they are not made when it declares."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice of an agreement."""

    id: int
    number: str
    agreement_id: int
    day: date
    made_at: datetime | None
    """When it was created. None if ConnectWise does not say."""
    amount: Decimal
    """What the agreement bills on it, without tax."""
    status: str = ""
    type: str = AGREEMENT
    """Such as `CreditMemo`."""
    currency: str | None = None
    """Such as `USD`. None if ConnectWise does not say."""

    def to_json(self) -> Json:
        """Return the invoice as JSON."""
        return {
            "id": self.id,
            "number": self.number,
            "date": self.day.isoformat(),
            "made_at": time_json(self.made_at),
            "type": self.type,
            "amount": decimal_text(self.amount),
            "currency": self.currency,
            "status": self.status or None,
            "void": self.void,
        }

    @property
    def void(self) -> bool:
        """Return whether its status says that it is not valid."""
        return _VOID.search(self.status) is not None


def invoice_of(raw: Mapping[str, Any]) -> Invoice:
    """Return the invoice in a response of ConnectWise. Its agreement must be named in it.

    Raises `ReconcilerError` if a field of it has a value that is none.
    """
    try:
        return _invoice(raw)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        raise ReconcilerError(
            f"invoice id {raw.get('id')} has a field that cannot be read",
            where="/finance/invoices",
            advice="Look at its number, date, status and totals in ConnectWise.",
        ) from None


def _invoice(raw: Mapping[str, Any]) -> Invoice:
    of = str(raw.get("type") or AGREEMENT)
    amount = raw.get("agreementAmount") if of == AGREEMENT else None
    if amount is None:  # [guess]: the total without tax is that of the agreement
        amount = Decimal(raw.get("total") or 0) - Decimal(raw.get("salesTax") or 0)
    entered = (raw.get("_info") or {}).get("dateEntered")
    return Invoice(
        id=int(raw["id"]),
        number=str(raw.get("invoiceNumber") or "").strip() or f"id {raw['id']}",
        agreement_id=int(raw["agreement"]["id"]),
        day=date.fromisoformat(date_text(raw.get("date")) or "1970-01-01"),
        made_at=None if not entered else _utc(datetime.fromisoformat(str(entered))),
        amount=Decimal(amount),
        status=str((raw.get("status") or {}).get("name") or "").strip(),
        type=of,
        currency=str((raw.get("currency") or {}).get("currencyCode") or "").strip() or None,
    )


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Invoices:
    """The invoices of one agreement for one month."""

    due: bool
    """Whether the agreement bills the month."""
    invoiced: bool = False
    """Whether its next invoice date says that the month is invoiced."""
    running: bool = False
    """Whether the month is not over."""
    valid: tuple[Invoice, ...] = ()
    """By the time at which they were made."""
    void: tuple[Invoice, ...] = ()
    others: tuple[Invoice, ...] = ()
    """Credit memos and invoices of other types, dated in the month. They bill no period of the agreement."""

    @property
    def state(self) -> Literal["invoiced", "missing", "not yet", "not due"]:
        """Return whether the month is invoiced. Before it is over, an invoice may still be made."""
        if self.valid:
            return "invoiced"
        if not self.due:
            return "not due"
        return "not yet" if self.running and not self.invoiced else "missing"

    @property
    def made_at(self) -> datetime | None:
        """Return when the first valid invoice was made. None without one, and if ConnectWise does not say."""
        return self.valid[0].made_at if self.valid else None


def invoices_of_month(facts: AgreementFacts, invoices: Iterable[Invoice], period: Period, *, running: bool) -> Invoices:
    """Return the invoices of an agreement for a month. `invoices` are those read.

    They must go back to `READ_BEFORE` before the month. An agreement that is not billed each month has none
    that bill it.
    """
    due = facts.bills(period)
    ours = sorted((each for each in invoices if each.agreement_id == facts.id), key=lambda each: (each.day, each.id))
    others = tuple(each for each in ours if each.type != AGREEMENT and not each.void and _is_in(each.day, period))
    if not facts.is_monthly:
        return Invoices(due=False, running=running, others=others)
    if facts.next_invoice is None or facts.next_invoice <= period.last_day.isoformat():
        return Invoices(due, running=running, others=others)
    every = [each for each in ours if each.type == AGREEMENT]
    newest = _number(date.fromisoformat(facts.next_invoice) - timedelta(days=1))
    oldest = _number(date.fromisoformat(facts.begins)) if facts.begins else 0
    known_from = oldest if facts.begins and date.fromisoformat(facts.begins) >= period.first_day - _EARLY else None
    usual = tuple(_number(each.day) - (facts.invoiced == "arrears") for each in every[::-1])
    months = _assigned(usual, newest, oldest, known_from, facts.invoiced)
    of_month = [each for each, month in zip(every[::-1], months, strict=True) if month == _number(period.first_day)]
    of_month.reverse()
    return Invoices(
        due,
        invoiced=True,
        running=running,
        valid=tuple(each for each in of_month if not each.void),
        void=tuple(each for each in of_month if each.void),
        others=others,
    )


def _is_in(day: date, period: Period) -> bool:
    return period.first_day <= day <= period.last_day


@lru_cache(maxsize=10_000)
def _assigned(
    usual: tuple[int, ...], newest: int, oldest: int, known_from: int | None, invoiced: Invoiced
) -> Sequence[int]:
    """Return the month of each invoice, as a number. `known_from`: the first month, if all its invoices were read.

    `usual` has the month that each invoice bills by its date, the newest first. Most agreements are invoiced on
    the same days, so a result is kept.
    """

    def best(shift: int) -> tuple[int, Sequence[int]]:
        @cache
        def rest(index: int, before: int) -> tuple[int, tuple[int, ...]]:
            """Return the oddities of the invoices from `index` on, if the one before bills the month `before`."""
            if index == len(usual):
                return (0 if known_from is None else _NONE * max(0, before - known_from), ())
            choices = []
            for month in {before, before - 1, *range(max(oldest, before - len(usual) - 3), before - 1)}:
                if oldest <= month <= newest:
                    odd = _lag(month - usual[index] - shift)
                    odd += _TWICE if month == before else _NONE * (before - month - 1)
                    more, months = rest(index + 1, month)
                    choices.append((odd + more, (month, *months)))
            return min(choices, default=(0, (oldest,) * (len(usual) - index)))

        odd, months = rest(0, newest + 1)
        is_declared = shift <= 0 if invoiced == "arrears" else shift >= 0
        return odd + abs(shift) * (_SHIFTED if is_declared else _WRONG_TIME), months

    return min(map(best, range(-3, 4)))[1]


def _lag(months: int) -> int:
    """Return how odd it is that one invoice is earlier or later than usual. Many months are not much odder than one."""
    return min(abs(months) + 3, 5) if months else 0


def _number(day: date) -> int:
    """Return the month of a day as a number, so that the next month is one more."""
    return day.year * 12 + day.month - 1
