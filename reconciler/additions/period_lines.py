"""Find the days of the addition that bills one month, and say why it cannot (BILLING, Additions).

On an agreement that is invoiced in arrears, the addition is dated in its month. On one that is invoiced in advance, it
is created when its month has ended, and dated in the first month that is not invoiced then. It follows usage until an
invoice of its agreement covers it: what an invoice has billed stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from reconciler.additions.agreements import Agreement, day_before, next_invoice_of
from reconciler.additions.live_additions import LiveAddition, ids_text
from reconciler.additions.refusal import RefusalError
from reconciler.amounts import amount_text
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.live_state import LiveState
from reconciler.metering.period import Period


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day of an addition of one month, as `2026-11-01`."""

    first: str
    last: str


class NotInvoicedError(Exception):
    """No invoice bills the usage of a month. The message says why."""


def days_of(
    rule: Rule, agreement: Agreement, period: Period, lines: Sequence[LiveAddition] = (), *, over: bool = False
) -> Days | None:
    """Return the days of the addition that bills a month on an agreement. None if it has none before the month ends.

    `lines` has its live additions, which no invoice has billed yet. `over` says that the month has ended. Raises
    `RefusalError` if the agreement, its dates and its invoices do not fit together, and `NotInvoicedError` if its
    invoices leave out the month.
    """
    first, last = period.first_day.isoformat(), period.last_day.isoformat()
    if rule.invoiced == "advance" or any((each.effective or "") > last for each in lines):
        return _days_in_advance(agreement, period, lines, over=over)
    usage_starts = max(first, "" if rule.start is None else rule.start.isoformat(), agreement.start or "")
    begins = max(usage_starts, agreement.bill_start or "")
    if begins > last:
        raise NotInvoicedError(f"agreement {agreement.name} bills from {begins} on")
    invoiced = agreement.next_invoice
    if invoiced is not None and invoiced > last:
        through = day_before(invoiced)
        if invoiced > day_after(last) and not over:
            raise RefusalError(
                f"agreement {agreement.name} is declared with `invoiced: arrears`, but it is invoiced through "
                f"{through}, and {period} is not over: declare `invoiced: advance`, or correct its next invoice date"
            )
        raise NotInvoicedError(f"agreement {agreement.name} is invoiced through {through} already")
    _check_whole_months(agreement, first, last)
    return Days(begins, last)


def _days_in_advance(agreement: Agreement, period: Period, lines: Sequence[LiveAddition], *, over: bool) -> Days | None:
    """Return the days of an addition on the first invoice that is made after its month.

    It is dated in the first month that is not invoiced when its month ends. It is created only then, because an invoice
    that is made earlier would bill a part of the usage.
    """
    begins = max(agreement.start or "", agreement.bill_start or "")
    if lines:
        last = month_end(lines[0].effective or lines[0].cancelled or period.last_day.isoformat())
        return Days(max(begins, f"{last[:7]}-01"), last)
    if not over:
        return None
    begins = max(begins, agreement.next_invoice or day_after(period.last_day.isoformat()))
    last = month_end(begins)
    _check_whole_months(agreement, f"{last[:7]}-01", last)
    if agreement.end is not None and begins > agreement.end:
        raise NotInvoicedError(
            f"agreement {agreement.name} ends on {agreement.end}, and the invoice with the usage of {period} begins on "
            f"{begins}"
        )
    return Days(begins, last)


def month_end(day: str) -> str:
    """Return the last day of the month of a day, as text such as `2026-11-30`."""
    first = date.fromisoformat(day).replace(day=1)
    return ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).isoformat()


def _check_whole_months(agreement: Agreement, first: str, last: str) -> None:
    """Raise `RefusalError` if the agreement is not invoiced for calendar months.

    The next invoice of an agreement that begins inside a month has its first day. Only after this invoice is it known
    whether later ones cover calendar months [guess].
    """
    invoiced = agreement.next_invoice or agreement.bill_start or agreement.start
    if invoiced is None or invoiced.endswith("-01"):
        return
    begins = max(agreement.start or "", agreement.bill_start or "")
    if invoiced == begins and first <= invoiced <= last:
        return
    raise RefusalError(
        f"the next invoice of agreement {agreement.name} begins on {invoiced}, inside a month: additions of one month "
        "need invoices of calendar months"
    )


def day_after(day: str) -> str:
    """Return the day after a day, as text such as `2026-11-30`."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def invoiced_lines(lines: Iterable[LiveAddition], live_state: LiveState) -> list[LiveAddition]:
    """Return the additions that an invoice of their agreement has billed. A later change of them bills nothing."""
    return [
        each
        for each in lines
        if each.effective is not None
        and not each.is_left
        and (next_invoice_of(each.agreement_id, live_state) or "") > each.effective
    ]


def has_billed(line: LiveAddition, first_day: str, live_state: LiveState) -> bool:
    """Return whether an invoice of its agreement has billed an addition for the month that begins on `first_day`."""
    invoiced = next_invoice_of(line.agreement_id, live_state) or ""
    return not line.is_left and invoiced > max(first_day, line.effective or "") and not line.ended_before(first_day)


def difference_text(
    invoiced: Sequence[LiveAddition], amount: Decimal | None, period: Period, currency: str | None
) -> str | None:
    """Return what usage asks for beside the invoiced additions of a month. None if they billed exactly that."""
    billed = sum((each.monthly for each in invoiced), Decimal(0))
    if amount is None or amount == billed:
        return None
    more = amount_text(abs(amount - billed), currency)
    difference = f"{more} are not billed" if amount > billed else f"{more} are billed too much"
    return (
        f"addition id {ids_text(invoiced)} was invoiced with {amount_text(billed, currency)} for {period}, and usage "
        f"asks for {amount_text(amount, currency)} now: {difference}"
    )
