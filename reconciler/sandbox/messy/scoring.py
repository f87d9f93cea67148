"""Score what an import proposes against the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.sandbox.messy.truth import Customer, Truth

DECIDED = ("certain", "likely")
"""The confidences that say which company it is. Any other one leaves it open."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The proposal for one customer: ids in ConnectWise, or None."""

    confidence: str
    company: int | None = None
    agreement: int | None = None
    addition: int | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong proposal: the wrong part (`company`, `agreement` or `addition`), the proposed id and the true one."""

    customer: int
    name: str
    case: str
    confidence: str
    what: str
    proposed: int | None
    true: list[int]


@dataclass(slots=True)
class Score:
    """The numbers of right and wrong proposals.

    `decidable` counts the customers outside the recycle bin with an active company, one agreement, and at most one line
    that bills them. `proposed` counts those of them with a certain or likely proposal that names an agreement and has
    no mistake. `share` is their share in percent, with two decimals. `additions` counts the lines to adopt that were
    proposed rightly. `missed` counts the fitting lines that were not proposed for a customer whose company is right.
    """

    customers: int = 0
    decidable: int = 0
    proposed: int = 0
    share: str = "0.00"
    confidences: dict[str, int] = field(default_factory=dict)
    additions: int = 0
    missed: int = 0
    left_open: list[int] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


def score(truth: Truth, proposals: Mapping[int, Proposed]) -> Score:
    """Return the score of the proposals, by the id of the customer. One without a proposal is `none`."""
    result = Score(customers=len(truth.customers))
    for customer in truth.customers:
        given = proposals.get(customer.customer, Proposed("none"))
        result.confidences[given.confidence] = result.confidences.get(given.confidence, 0) + 1
        kept_out = customer.recycled or customer.inactive or len(customer.additions) > 1
        decidable = customer.agreement is not None and not kept_out
        result.decidable += decidable
        if given.confidence not in DECIDED:
            if decidable:
                result.left_open.append(customer.customer)
            continue
        mistake = _mistake(customer, given)
        if mistake is not None:
            result.mistakes.append(mistake)
            continue
        result.proposed += decidable and given.agreement is not None
        if decidable and given.agreement is None:
            result.left_open.append(customer.customer)
        result.additions += given.addition is not None
        result.missed += given.addition is None and customer.fits and customer.addition is not None
    if result.decidable:
        hundredths = result.proposed * 10_000 // result.decidable
        result.share = f"{hundredths // 100}.{hundredths % 100:02d}"
    return result


def _mistake(customer: Customer, given: Proposed) -> Mistake | None:
    """Return the first wrong part of a decided proposal, or None if it is right."""
    own = [] if customer.company is None else [customer.company]
    agreements = [customer.agreement] if customer.agreement is not None else customer.agreements
    for what, proposed, true in (
        ("company", given.company, own),
        ("agreement", given.agreement, agreements),
        ("addition", given.addition, customer.additions),
    ):
        if proposed not in true and (proposed is not None or what == "company"):
            return Mistake(customer.customer, customer.name, customer.case, given.confidence, what, proposed, true)
    return None
