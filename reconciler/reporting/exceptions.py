"""What a person should look at before the invoices go out: gaps, differences, missing hours and large changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from reconciler.amounts import amount_text
from reconciler.metering.coverage import Coverage, CoverageRow
from reconciler.reporting.report import ReportCharge, ReportCustomer, ReportException, SourceHours

LARGE_CHANGE = Decimal("0.5")
"""The share of the amount of the month before from which a change is an exception."""
ENOUGH_HOURS = Decimal("0.8")
"""The share of the hours that should have a figure."""


def exceptions_of(
    customers: Iterable[ReportCustomer], coverage: Coverage, sources: Iterable[SourceHours], currency: str | None
) -> tuple[ReportException, ...]:
    """Return the exceptions, those with the largest amounts first, and those without an amount before them."""
    mapped = {each.address: each for each in customers}
    found = [
        *(_gap(row, mapped.get(f"{row.source}/{row.customer_id}")) for row in coverage.gaps()),
        *(
            ReportException(kind="gap", state="unknown", customer=source, name=source, text=problem)
            for source, problem in coverage.source_problems.items()
        ),
    ]
    found += [_hours(source) for source in sources if source.known < ENOUGH_HOURS * source.elapsed]
    for customer in mapped.values():
        found += _of_customer(customer, currency)
    return tuple(sorted(found, key=_rank))


def _rank(exception: ReportException) -> tuple[bool, Decimal, str, str]:
    amount = exception.amount
    return (amount is not None, -abs(amount or Decimal(0)), exception.name.casefold(), exception.kind)


def _gap(row: CoverageRow, customer: ReportCustomer | None) -> ReportException:
    return ReportException(
        kind="gap",
        state=row.state,
        customer=f"{row.source}/{row.customer_id}",
        name=row.shown_name if customer is None else customer.name,
        text=row.detail or f"the state is {row.state}",
        amount=row.money,
    )


def _hours(source: SourceHours) -> ReportException:
    return ReportException(
        kind="hours",
        state="hours",
        customer=source.name,
        name=source.name,
        text=f"{source.known} of {source.elapsed} hours have a believed pull; the others are left out",
    )


def _of_customer(customer: ReportCustomer, currency: str | None) -> Iterator[ReportException]:
    for line in customer.other:
        yield _exception(
            customer,
            "orphan",
            f"the addition id {line.addition_id} on {line.agreement} bills {amount_text(line.amount, currency)}, "
            "and no mapping has it",
            line.amount,
        )
    for charge in customer.charges:
        yield from _differences(customer, charge, currency)
    before = customer.previous
    if before and abs(customer.billed - before) >= LARGE_CHANGE * before:
        texts = amount_text(before, currency), amount_text(customer.billed, currency)
        yield _exception(
            customer, "change", f"the amount changed from {texts[0]} to {texts[1]}", customer.billed - before
        )


def _differences(customer: ReportCustomer, charge: ReportCharge, currency: str | None) -> Iterator[ReportException]:
    by_usage = None if charge.rating is None else charge.rating.amount
    billed = sum((line.amount for line in charge.billed if line.corrects is None), charge.corrections)
    if by_usage is None or charge.state == "held" or by_usage == billed:
        return
    texts = amount_text(billed, currency), amount_text(by_usage, currency)
    yield _exception(
        customer,
        "difference",
        f"{charge.name}: {texts[0]} is billed, and the usage gives {texts[1]}",
        by_usage - billed,
    )


def _exception(customer: ReportCustomer, kind: str, text: str, amount: Decimal | None) -> ReportException:
    return ReportException.model_validate(
        {
            "kind": kind,
            "state": kind,
            "customer": customer.address,
            "name": customer.name,
            "text": text,
            "amount": amount,
        }
    )
