"""Guardrails: what a plan may do to the money without a person saying so by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from reconciler.kinds.values import plain_decimal
from reconciler.kinds.workspace import Guardrails
from reconciler.planning.plan import Action, Money, Note, Tripped


def tripped(
    actions: Iterable[Action], limits: Guardrails | None, *, total: Money, customers: int, drifted: Sequence[Note]
) -> tuple[Tripped, ...]:
    """Every guardrail that these actions trip. `customers` is how many are mapped in all."""
    lines = [action for action in actions if action.kind == "Addition"]
    found = [Tripped(name="drift", address=note.address, message=note.message) for note in drifted]
    if limits is None:
        return tuple(found)
    if limits.customer_change is not None:
        found += _customer_change(lines, limits.customer_change.percent, limits.customer_change.quantity)
    if limits.line_to_zero:
        found += _line_to_zero(lines)
    if limits.total_change is not None and abs(total.after - total.before) > limits.total_change:
        change = plain_decimal(total.after - total.before)
        message = f"the month's total changes by {change}, more than {plain_decimal(limits.total_change)}"
        found.append(Tripped(name="total-change", message=message))
    if limits.customers_changed is not None and customers:
        found += _customers_changed(lines, limits.customers_changed, customers)
    return tuple(found)


def _quantities(lines: Iterable[Action]) -> Iterator[tuple[Action, Decimal, Decimal]]:
    for action in lines:
        for change in action.changes:
            if change.path == "quantity" and change.before is not None:
                yield action, Decimal(change.before), Decimal(change.after)


def _customer_change(lines: Iterable[Action], percent: Decimal, amount: Decimal) -> Iterator[Tripped]:
    for action, before, after in _quantities(lines):
        change = abs(after - before)
        if change > amount and change * 100 > percent * before:
            message = (
                f"quantity {plain_decimal(before)} → {plain_decimal(after)} changes by more than "
                f"{plain_decimal(percent)} % and {plain_decimal(amount)}"
            )
            yield Tripped(name="customer-change", address=action.address, message=message)


def _line_to_zero(lines: Iterable[Action]) -> Iterator[Tripped]:
    for action, before, after in _quantities(lines):
        if after == 0 and before > 0:
            message = f"falls from {plain_decimal(before)} to zero"
            yield Tripped(name="line-to-zero", address=action.address, message=message)


def _customers_changed(lines: Iterable[Action], percent: Decimal, customers: int) -> Iterator[Tripped]:
    changed = {action.address.partition(":")[0] for action in lines if action.action == "update"}
    if len(changed) * 100 > percent * customers:
        message = f"{len(changed)} of {customers} customers change, more than {plain_decimal(percent)} %"
        yield Tripped(name="customers-changed", message=message)
