"""The months that are closed, and the terms that their closes froze (BILLING, Closed months)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from reconciler.kinds.billing_rules import Exclusion, Rule
from reconciler.ledger.snapshot import Close, left_open
from reconciler.metering.period import Period

_EXCLUSIONS: TypeAdapter[tuple[Exclusion, ...]] = TypeAdapter(tuple[Exclusion, ...])
Frozen = Mapping[str, Mapping[str, Any] | None]
"""The frozen terms of a customer in a month, by the name of a charge. None if the close had none."""


@dataclass(frozen=True, slots=True)
class ClosedMonths:
    """The closed months of a workspace."""

    left_open: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By closed month, as `2026-10`: the customers that its last close left open, as `cove/1001006`."""
    frozen: Mapping[tuple[str, str], Frozen] = field(default_factory=dict)
    """By closed month and customer: the charges that the close froze."""
    exclusions: Mapping[tuple[str, str], Sequence[Exclusion]] = field(default_factory=dict)
    """By closed month and customer: its exclusions, as the close froze them."""

    def covers(self, rule: Rule, month: str) -> bool:
        """Return whether a month is closed for the customer of a rule."""
        return month in self.left_open and _customer(rule) not in self.left_open[month]

    def terms(self, rule: Rule, month: str) -> Mapping[str, Any] | None:
        """Return the frozen terms of a charge. None if the close froze none.

        If a customer had one charge in the month, these are its terms, under whatever name: the charge was renamed.
        """
        charges = self.frozen.get((month, _customer(rule)), {})
        if rule.charge in charges:
            return charges[rule.charge]
        return next(iter(charges.values())) if len(charges) == 1 else None

    def exclusions_of(self, month: str, today: Iterable[Exclusion]) -> list[Exclusion]:
        """Return the exclusions that hold for a month: as its close froze them, or else those of today."""
        frozen = {customer: found for (of, customer), found in self.exclusions.items() if of == month}
        others = (each for each in today if f"{each.source}/{each.customer_id}" not in frozen)
        return [*(each for found in frozen.values() for each in found), *others]

    def may_begin_in(self, rule: Rule, period: Period) -> bool:
        """Return whether a mapping that had no charge at the close of a month bills it: its `start` is in the month.

        A mapping that is newer than all closes bills each closed month from its `start` on.
        """
        if rule.start is None or rule.start > period.last_day or self.frozen.get((str(period), _customer(rule))):
            return False
        is_new = not any(customer == _customer(rule) for _, customer in self.frozen)
        return is_new or rule.start >= period.first_day


NO_CLOSES = ClosedMonths()


def closed_months(closes: Iterable[Close]) -> ClosedMonths:
    """Return what these closes froze, and what they left open. The closes come oldest first."""
    closes = list(closes)
    exclusions: dict[tuple[str, str], Sequence[Exclusion]] = {}
    frozen: defaultdict[tuple[str, str], dict[str, Mapping[str, Any] | None]] = defaultdict(dict)
    for close in closes:
        for each in close.charges:
            frozen[close.period, each["customer"]][each["charge"]] = each["terms"]
            if "exclusions" in each:
                exclusions[close.period, each["customer"]] = _EXCLUSIONS.validate_python(
                    each["exclusions"], strict=False
                )
    return ClosedMonths({month: frozenset(gaps) for month, gaps in left_open(closes).items()}, dict(frozen), exclusions)


def exclusions_json(exclusions: Iterable[Exclusion]) -> list[dict[str, Any]]:
    """Return exclusions as a close keeps them."""
    found: list[dict[str, Any]] = _EXCLUSIONS.dump_python(tuple(exclusions), mode="json")
    return found


def _customer(rule: Rule) -> str:
    return f"{rule.source}/{rule.customer_id}"
