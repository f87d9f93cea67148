"""A part of a plan: what the setup gives, and what usage gives. One place, `build`, joins parts into a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from reconciler.planning.plan import Action, CoverageRow, Note, Tripped

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """Actions and what belongs to them. All money is per month, in the workspace's currency."""

    actions: tuple[Action, ...] = ()
    held: tuple[Action, ...] = ()
    """Actions that a guardrail of one customer holds back until somebody approves it."""
    after: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By address: addresses that must be done first though no field links to them."""
    unchanged: int = 0
    money_before: Decimal = _ZERO
    money_after: Decimal = _ZERO
    problems: tuple[str, ...] = ()
    """Reasons why there can be no plan at all."""
    tripped: tuple[Tripped, ...] = ()
    notes: tuple[Note, ...] = ()
    coverage: tuple[CoverageRow, ...] = ()
