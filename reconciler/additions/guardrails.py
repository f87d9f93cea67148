"""Guardrails of usage: what a run may do to a customer's bill, or to all bills, without a person saying so.

`quantity`, `zero` and `samples` hold one customer: its actions wait, and the others are carried out. `customers` and
`money` refuse the run. `drift` does, too, where the workspace says `onDrift: fail`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.additions.money import with_currency
from reconciler.additions.ownership import Owner
from reconciler.kinds.values import plain_decimal
from reconciler.kinds.workspace import Guardrails
from reconciler.planning.plan import Note, Tripped

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ChargeChange:
    """What a run does to one charge: quantities over all its lines, in `unit`; money per month."""

    owner: Owner
    unit: str
    addresses: frozenset[str]
    """Addresses of its lines, long and short."""
    billed_before: Decimal
    """The quantity that was billed last: as we left it, or as it stands where nothing is known of it."""
    after: Decimal
    money_before: Decimal
    money_after: Decimal
    vanished: bool = False
    changed_in_git: bool = False
    first_in_period: bool = False
    """No apply has billed the charge in this period yet."""
    unfinished: bool = False
    """An apply was to make several lines for it and did not make all: what stands was never billed as a whole."""
    used_nothing: bool = False
    """Usage is zero though the console lists devices with figures."""
    hours: tuple[int, int] | None = None
    """For `mean` and `p95`: hours with a figure, of how many."""
    measure: str = "last"

    @property
    def address(self) -> str:
        return f"CustomerMapping/{self.owner.mapping}"

    @property
    def moves(self) -> Decimal:
        return abs(self.after - self.billed_before)


def of_customers(limits: Guardrails, charges: Iterable[ChargeChange]) -> list[Tripped]:
    """What holds single customers."""
    found: list[Tripped] = []
    for charge in charges:
        found += (
            Tripped(name=name, address=charge.address, message=message, holds=True, also=_also(charge))
            for name, message in _trips(limits, charge)
        )
    return found


def _also(charge: ChargeChange) -> tuple[str, ...]:
    """The other addresses by which a person may approve what a charge trips."""
    customer = f"{charge.owner.source}/{charge.owner.customer_id}"
    return tuple(sorted({*charge.addresses, customer}))


def _trips(limits: Guardrails, charge: ChargeChange) -> Iterator[tuple[str, str]]:
    if (message := _quantity(limits, charge)) is not None:
        yield "quantity", message
    if limits.zero and charge.used_nothing and charge.billed_before > 0 and charge.after < charge.billed_before:
        yield (
            "zero",
            f"usage falls to zero though the console still lists devices with figures; "
            f"{_amount(charge.billed_before, charge)} was billed",
        )
    if limits.samples is not None and charge.hours is not None:
        known, of = charge.hours
        if known * 100 < limits.samples.percent * of:
            yield (
                "samples",
                f"the {charge.measure} is taken over {known} of {of} hours, "
                f"less than {plain_decimal(limits.samples.percent)} %",
            )


def _quantity(limits: Guardrails, charge: ChargeChange) -> str | None:
    limit, before, after = limits.quantity, charge.billed_before, charge.after
    if limit is None or before <= 0 or charge.vanished or charge.changed_in_git or charge.unfinished:
        return None
    if after < before and charge.first_in_period:
        return None
    if charge.moves * 100 <= limit.percent * before:
        return None
    change = f"{_amount(before, charge)} → {_amount(after, charge)}"
    if charge.moves > limit.amount:
        amount = _amount(limit.amount, charge)
        return f"{change} changes by more than {plain_decimal(limit.percent)} % and {amount}"
    moved = abs(charge.money_after - charge.money_before)
    if limit.money is not None and moved > limit.money:
        return (
            f"{change} changes by more than {plain_decimal(limit.percent)} % and by {plain_decimal(moved)} a month, "
            f"more than {plain_decimal(limit.money)}"
        )
    return None


def of_run(
    limits: Guardrails, charges: Sequence[ChargeChange], drifted: Iterable[Note], currency: str | None
) -> list[Tripped]:
    """What refuses the run. `charges` are those that are not held."""
    whose = {address: charge for charge in charges for address in charge.addresses}
    found = [
        Tripped(name="drift", address=note.address, message=note.message, also=(charge.address, *_also(charge)))
        for note in drifted
        for charge in [whose[str(note.address)]]
    ]
    found += _customers(limits, charges)
    if limits.money is not None:
        standing = [
            each for each in charges if (each.billed_before > 0 or each.money_before > 0) and not each.unfinished
        ]
        change = sum((each.money_after - each.money_before for each in standing), _ZERO)
        if abs(change) > limits.money:
            message = (
                f"what is billed already changes by {with_currency(change, currency)} a month, "
                f"more than {with_currency(limits.money, currency)}"
            )
            found.append(Tripped(name="money", message=message))
    return found


def _customers(limits: Guardrails, charges: Sequence[ChargeChange]) -> Iterator[Tripped]:
    limit = limits.customers
    if limit is None:
        return
    billed = {each.owner.mapping for each in charges}
    changed = {
        each.owner.mapping
        for each in charges
        if each.billed_before > 0
        and not each.changed_in_git
        and not each.unfinished
        and not each.first_in_period
        and each.moves > limit.amount
        and each.moves * 100 > limit.percent * each.billed_before
    }
    units = " or ".join(sorted({each.unit for each in charges}))
    if len(changed) >= limit.at_least and len(changed) * 100 > limit.share * len(billed):
        yield Tripped(
            name="customers",
            message=f"{len(changed)} of {len(billed)} customers change by more than {plain_decimal(limit.percent)} % "
            f"and {plain_decimal(limit.amount)} {units}, more than {plain_decimal(limit.share)} % of them and at least "
            f"{limit.at_least}",
        )


def _amount(quantity: Decimal, charge: ChargeChange) -> str:
    return f"{plain_decimal(quantity)} {charge.unit}"
