"""Guardrails: what a plan may do to the money without a person saying so by name.

Quantities are those of a customer, over all lines of its mapping: usage that moves from one price range to the next
leaves a line at zero and fills another, and is no fall.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from reconciler.kinds.values import plain_decimal
from reconciler.kinds.workspace import Guardrails
from reconciler.planning.plan import Money, Note, Tripped

Quantities = Mapping[str, tuple[Decimal, Decimal]]
"""By mapping: the quantity that is billed before, and after."""


def tripped(
    limits: Guardrails | None, quantities: Quantities, *, total: Money, customers: int, drifted: Sequence[Note]
) -> tuple[Tripped, ...]:
    """Every guardrail that a plan trips. `customers` is how many are mapped in all."""
    found = [Tripped(name="drift", address=note.address, message=note.message) for note in drifted]
    if limits is None:
        return tuple(found)
    if limits.customer_change is not None:
        found += _customer_change(quantities, limits.customer_change.percent, limits.customer_change.quantity)
    if limits.line_to_zero:
        found += _to_zero(quantities)
    if limits.total_change is not None and abs(total.after - total.before) > limits.total_change:
        change = plain_decimal(total.after - total.before)
        message = f"the month's total changes by {change}, more than {plain_decimal(limits.total_change)}"
        found.append(Tripped(name="total-change", message=message))
    if limits.customers_changed is not None and customers:
        found += _customers_changed(quantities, limits.customers_changed, customers)
    return tuple(found)


def _standing(quantities: Quantities) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Customers that are billed already: a first bill is no change of one."""
    for mapping, (before, after) in sorted(quantities.items()):
        if before > 0 and before != after:
            yield f"CustomerMapping/{mapping}", before, after


def _customer_change(quantities: Quantities, percent: Decimal, amount: Decimal) -> Iterator[Tripped]:
    for address, before, after in _standing(quantities):
        change = abs(after - before)
        if change > amount and change * 100 > percent * before:
            message = (
                f"quantity {plain_decimal(before)} → {plain_decimal(after)} changes by more than "
                f"{plain_decimal(percent)} % and {plain_decimal(amount)}"
            )
            yield Tripped(name="customer-change", address=address, message=message)


def _to_zero(quantities: Quantities) -> Iterator[Tripped]:
    for address, before, after in _standing(quantities):
        if after == 0:
            yield Tripped(name="line-to-zero", address=address, message=f"falls from {plain_decimal(before)} to zero")


def _customers_changed(quantities: Quantities, percent: Decimal, customers: int) -> Iterator[Tripped]:
    changed = len(list(_standing(quantities)))
    if changed * 100 > percent * customers:
        message = f"{changed} of {customers} customers change, more than {plain_decimal(percent)} %"
        yield Tripped(name="customers-changed", message=message)
