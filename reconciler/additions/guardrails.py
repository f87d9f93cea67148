"""Guardrails of usage: what a run may do to a customer's bill, or to all bills, without a person saying so.

`quantity`, `zero` and `samples` hold one customer: its actions wait, and the others are carried out. `customers` and
`money` refuse the run. `drift` does, too, where the workspace says `onDrift: fail`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.additions.money import amount_text
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


def customer_trips(limits: Guardrails, changes: Iterable[ChargeChange]) -> list[Tripped]:
    """What holds single customers."""
    found: list[Tripped] = []
    for change in changes:
        found += (
            Tripped(name=name, address=change.address, message=message, holds=True, also=_also(change))
            for name, message in _trips(limits, change)
        )
    return found


def _also(change: ChargeChange) -> tuple[str, ...]:
    """The other addresses by which a person may approve what a charge trips."""
    customer = f"{change.owner.source}/{change.owner.customer_id}"
    return tuple(sorted({*change.addresses, customer}))


def _trips(limits: Guardrails, change: ChargeChange) -> Iterator[tuple[str, str]]:
    if (message := _quantity(limits, change)) is not None:
        yield "quantity", message
    if limits.zero and change.used_nothing and change.billed_before > 0 and change.after < change.billed_before:
        yield (
            "zero",
            f"usage falls to zero though the console still lists devices with figures; "
            f"{_amount(change.billed_before, change)} was billed",
        )
    if limits.samples is not None and change.hours is not None:
        known, of = change.hours
        if known * 100 < limits.samples.percent * of:
            yield (
                "samples",
                f"the {change.measure} is taken over {known} of {of} hours, "
                f"less than {plain_decimal(limits.samples.percent)} %",
            )


def _quantity(limits: Guardrails, change: ChargeChange) -> str | None:
    limit, before, after = limits.quantity, change.billed_before, change.after
    if limit is None or before <= 0 or change.vanished or change.changed_in_git or change.unfinished:
        return None
    if after < before and change.first_in_period:
        return None
    if change.moves * 100 <= limit.percent * before:
        return None
    said = f"{_amount(before, change)} → {_amount(after, change)}"
    if change.moves > limit.amount:
        amount = _amount(limit.amount, change)
        return f"{said} changes by more than {plain_decimal(limit.percent)} % and {amount}"
    moved = abs(change.money_after - change.money_before)
    if limit.money is not None and moved > limit.money:
        return (
            f"{said} changes by more than {plain_decimal(limit.percent)} % and by {plain_decimal(moved)} a month, "
            f"more than {plain_decimal(limit.money)}"
        )
    return None


def run_trips(
    limits: Guardrails, changes: Sequence[ChargeChange], drifted: Iterable[Note], currency: str | None
) -> list[Tripped]:
    """What refuses the run. `changes` are those that are not held."""
    whose = {address: change for change in changes for address in change.addresses}
    found = [
        Tripped(name="drift", address=note.address, message=note.message, also=(change.address, *_also(change)))
        for note in drifted
        for change in [whose[str(note.address)]]
    ]
    found += _customers(limits, changes)
    if limits.money is not None:
        standing = [
            each for each in changes if (each.billed_before > 0 or each.money_before > 0) and not each.unfinished
        ]
        moved = sum((each.money_after - each.money_before for each in standing), _ZERO)
        if abs(moved) > limits.money:
            message = (
                f"what is billed already changes by {amount_text(moved, currency)} a month, "
                f"more than {amount_text(limits.money, currency)}"
            )
            found.append(Tripped(name="money", message=message))
    return found


def _customers(limits: Guardrails, changes: Sequence[ChargeChange]) -> Iterator[Tripped]:
    limit = limits.customers
    if limit is None:
        return
    billed = {each.owner.mapping for each in changes}
    changed = {
        each.owner.mapping
        for each in changes
        if each.billed_before > 0
        and not each.changed_in_git
        and not each.unfinished
        and not each.first_in_period
        and each.moves > limit.amount
        and each.moves * 100 > limit.percent * each.billed_before
    }
    units = " or ".join(sorted({each.unit for each in changes}))
    if len(changed) >= limit.at_least and len(changed) * 100 > limit.share * len(billed):
        yield Tripped(
            name="customers",
            message=f"{len(changed)} of {len(billed)} customers change by more than {plain_decimal(limit.percent)} % "
            f"and {plain_decimal(limit.amount)} {units}, more than {plain_decimal(limit.share)} % of them and at least "
            f"{limit.at_least}",
        )


def _amount(quantity: Decimal, change: ChargeChange) -> str:
    return f"{plain_decimal(quantity)} {change.unit}"
