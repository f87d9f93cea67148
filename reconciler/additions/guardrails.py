"""Guardrails of usage: the changes that a run may make without an approval.

`quantity`, `zero` and `samples` hold one customer: its actions wait, and the others are carried out. `customers` and
`money` refuse the run, and so does `drift` if the workspace has `onDrift: fail`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from reconciler.additions.changes import ChargeChange
from reconciler.amounts import amount_text
from reconciler.kinds.guardrail_settings import Guardrails
from reconciler.kinds.values import plain_decimal, with_unit
from reconciler.planning.plan import Note, Tripped

_ZERO = Decimal(0)


def customer_trips(limits: Guardrails, changes: Iterable[ChargeChange], currency: str | None) -> list[Tripped]:
    """Return the guardrails that hold single customers."""
    return [
        Tripped(name=name, address=change.address, message=message, holds=True, also=_other_addresses(change))
        for change in changes
        for name, message in _trips_of(limits, change, currency)
    ]


def _also(change: ChargeChange | None) -> tuple[str, ...]:
    """Return the other addresses of a charge. No charge of this run writes an addition of a closed month."""
    return () if change is None else (change.address, *_other_addresses(change))


def _other_addresses(change: ChargeChange) -> tuple[str, ...]:
    """Return the other addresses with which you can approve a trip of this charge."""
    return tuple(sorted({*change.addresses, change.owner.customer}))


def _trips_of(limits: Guardrails, change: ChargeChange, currency: str | None) -> Iterator[tuple[str, str]]:
    """Yield the name and the message of each guardrail that one charge trips."""
    if (message := _quantity_message(limits, change, currency)) is not None:
        yield "quantity", message
    if limits.zero and change.used_nothing and 0 < change.quantity_before > change.quantity_after:
        yield (
            "zero",
            f"usage falls to zero though the console still lists devices with figures; "
            f"{_quantity_text(change.quantity_before, change)} was billed",
        )
    if limits.samples is not None and change.hours is not None:
        known, of = change.hours
        if known * 100 < limits.samples.percent * of:
            yield (
                "samples",
                f"the {change.measure} is taken over {known} of {of} hours, "
                f"less than {plain_decimal(limits.samples.percent)} %",
            )


def _quantity_message(limits: Guardrails, change: ChargeChange, currency: str | None) -> str | None:
    """Return the message of the `quantity` guardrail. None if it does not trip."""
    limit, before, after = limits.quantity, change.quantity_before, change.quantity_after
    if limit is None or before <= 0 or change.vanished or change.changed_in_git or change.unfinished:
        return None
    if after < before and change.first_in_period:
        return None
    if change.difference * 100 <= limit.percent * before:
        return None
    quantities = f"the quantity changes from {_quantity_text(before, change)} to {_quantity_text(after, change)}"
    most = limit.amount if change.unit is not None else limit.count
    if change.difference > most:
        amount = _quantity_text(most, change)
        return f"{quantities}, by more than {plain_decimal(limit.percent)} % and {amount}"
    money = abs(change.money_after - change.money_before)
    if limit.money is not None and money > limit.money:
        return (
            f"{quantities}, by more than {plain_decimal(limit.percent)} %, and the amount by "
            f"{amount_text(money, currency)} a month, more than {amount_text(limit.money, currency)}"
        )
    return None


def run_trips(
    limits: Guardrails,
    changes: Sequence[ChargeChange],
    drifted: Iterable[Note],
    currency: str | None,
    elsewhere: int = 0,
) -> list[Tripped]:
    """Return the guardrails that refuse the run. `changes` and `drifted` must not include held customers.

    `elsewhere` is the number of mappings that a partial plan leaves out. They count too, because a share is a share of
    the whole estate.
    """
    by_address = {address: change for change in changes for address in change.addresses}
    trips = [
        Tripped(name="drift", address=note.address, message=note.message, also=_also(by_address.get(str(note.address))))
        for note in drifted
    ]
    trips += _customers_trip(limits, changes, elsewhere)
    if limits.money is not None:
        already_billed = [
            each for each in changes if (each.quantity_before > 0 or each.money_before > 0) and not each.unfinished
        ]
        money = sum((each.money_after - each.money_before for each in already_billed), _ZERO)
        if abs(money) > limits.money:
            message = (
                f"customers that are billed already change by {amount_text(money, currency)} a month, "
                f"more than {amount_text(limits.money, currency)}"
            )
            trips.append(Tripped(name="money", message=message))
    return trips


def _customers_trip(limits: Guardrails, changes: Sequence[ChargeChange], elsewhere: int) -> Iterator[Tripped]:
    """Yield the trip of the `customers` guardrail, if too many customers change at once."""
    limit = limits.customers
    if limit is None:
        return
    billed = len({each.owner.mapping for each in changes}) + elsewhere
    changed = {
        each.owner.mapping
        for each in changes
        if each.quantity_before > 0
        and not each.changed_in_git
        and not each.unfinished
        and not each.first_in_period
        and each.difference > (limit.amount if each.unit is not None else limit.count)
        and each.difference * 100 > limit.percent * each.quantity_before
    }
    units = " or ".join(sorted({each.unit for each in changes if each.unit is not None}))
    most = [f"{plain_decimal(limit.amount)} {units}"] if units else []
    most += [f"{plain_decimal(limit.count)} of a count"] if any(each.unit is None for each in changes) else []
    if len(changed) >= limit.at_least and len(changed) * 100 > limit.share * billed:
        yield Tripped(
            name="customers",
            message=f"{len(changed)} of {billed} customers change by more than {plain_decimal(limit.percent)} % "
            f"and {' or '.join(most)}, more than {plain_decimal(limit.share)} % of them and at least "
            f"{limit.at_least}",
        )


def _quantity_text(quantity: Decimal, change: ChargeChange) -> str:
    return with_unit(plain_decimal(quantity), change.unit)
