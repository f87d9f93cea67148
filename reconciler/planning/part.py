"""A part of a plan. The setup makes one part and usage makes another. `build` joins them into a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from reconciler.planning.action import Action
from reconciler.planning.plan import CoverageRow, Declaration, Note, Tripped

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Costs:
    """What the additions of a part cost per month, as far as that is known, and how many have an unknown cost."""

    before: Decimal = _ZERO
    after: Decimal = _ZERO
    unknown_before: int = 0
    unknown_after: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Actions with their problems, guardrails and amounts. Amounts are per month, in the currency of the workspace."""

    actions: tuple[Action, ...] = ()
    held: tuple[Action, ...] = ()
    """Actions that a guardrail of one customer holds until you approve it."""
    after: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By address: addresses that must be done first, although no field links to them."""
    unchanged: int = 0
    money_before: Decimal = _ZERO
    money_after: Decimal = _ZERO
    costs: Costs | None = None
    """None if the part has amounts whose cost is not known at all, such as those of agreements."""
    problems: tuple[str, ...] = ()
    """Reasons why no plan can be made."""
    tripped: tuple[Tripped, ...] = ()
    notes: tuple[Note, ...] = ()
    coverage: tuple[CoverageRow, ...] = ()
    declared: tuple[Declaration, ...] = ()
    """What the ledger stores about declared objects after the apply."""
