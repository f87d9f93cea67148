"""The outcome of a proposal: a mapping, a missing decision, or nothing because the company is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from reconciler.importing.matching.model import CandidateAgreement, Confidence, Proposal
from reconciler.importing.reasons import plainly
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.values import plain_decimal

Decision: TypeAlias = Literal["agreement", "addition", "product", "solution", "managedId", "mapping", "selection"]
"""The decision that is missing before a mapping can be written. `mapping`: the mapping would not be valid. `selection`:
this import does not write the company."""


@dataclass(frozen=True, slots=True)
class Line:
    """The product and the price of a mapping, and the addition that it takes over."""

    product_id: int
    addition: LiveObject | None = None
    adopt: bool = False
    guessed: str = ""
    """Why the product or the addition is a guess. Empty if it is not."""
    later: tuple[LiveObject, ...] = ()
    """Additions that begin after the period and may bill the same thing."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Why no mapping is written for a customer whose company is known."""

    what: Decision
    why: str
    advice: str
    """The advice for a person."""
    agreements: tuple[CandidateAgreement, ...] = ()
    """The agreements that are possible, if a person has to choose one."""
    additions: tuple[LiveObject, ...] = ()
    """The additions that are possible, if a person has to choose one."""

    def to_json(self) -> dict[str, Any]:
        """Return the missing decision as a JSON object."""
        return {
            "what": self.what,
            "why": self.why,
            "advice": self.advice,
            "agreements": [{"id": each.id, "name": each.name} for each in self.agreements],
            "additions": [
                {
                    "id": each.id,
                    "product": (each.raw.get("product") or {}).get("identifier"),
                    "quantity": number_text(each.raw.get("quantity")),
                    "unitPrice": number_text(each.raw.get("unitPrice")),
                }
                for each in self.additions
            ],
        }


class MissingError(Exception):
    """No mapping can be written for a proposal."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.why)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one proposal."""

    proposal: Proposal
    confidence: Confidence
    """The confidence in the company."""
    reasons: tuple[str, ...] = ()
    """Why the company is open. Empty if it is not."""
    missing: Missing | None = None
    """The missing decision although the company is known. None if there is a mapping, or the company is open."""
    mapping: str | None = None
    """The address of its mapping, new or existing."""
    proposed: bool = False
    """Whether a person has to confirm the mapping."""
    line: Line | None = None
    notes: tuple[str, ...] = ()
    """Sentences about points to check before the mapping is confirmed."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The outcomes by the next step of a person."""

    mapped: tuple[Outcome, ...]
    proposed: tuple[Outcome, ...]
    missing: tuple[Outcome, ...]
    open: tuple[Outcome, ...]

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Groups:
        """Return the groups, each in the order of the outcomes."""
        outcomes = tuple(outcomes)
        return cls(
            tuple(each for each in outcomes if each.mapping is not None and not each.proposed),
            tuple(each for each in outcomes if each.mapping is not None and each.proposed),
            tuple(each for each in outcomes if each.mapping is None and each.missing is not None),
            tuple(each for each in outcomes if each.mapping is None and each.missing is None),
        )

    def summary(self) -> str:
        """Return how many customers each group has, as one sentence."""
        return (
            f"{len(self.mapped)} mapped, {len(self.proposed)} proposed, "
            f"{len(self.missing)} with only the company known, {len(self.open)} open."
        )


def reopened(outcomes: Iterable[Outcome], left: Mapping[str, str]) -> list[Outcome]:
    """Return the outcomes, without the mappings that the self-check took out. `left` has the reasons by address."""
    return [
        each
        if each.mapping is None or each.mapping not in left
        else replace(each, missing=invalid(left[each.mapping]), mapping=None, proposed=False, notes=())
        for each in outcomes
    ]


def invalid(reason: str) -> Missing:
    """Return the missing decision if the mapping would not be valid."""
    advice = "Correct this in ConnectWise and import again, or write the `CustomerMapping` by hand."
    return Missing("mapping", f"its mapping would not be valid: {plainly('CustomerMapping', reason)}", advice)


def number_text(value: Any) -> str | None:
    """Return a number as text. None if there is none."""
    return None if value is None else plain_decimal(Decimal(value))


def quantity_text(value: Decimal | None, unit: str) -> str:
    """Return a quantity with its unit, with at most one decimal."""
    return "unknown" if value is None else f"{plain_decimal(value.quantize(Decimal('0.1')))} {unit}"
