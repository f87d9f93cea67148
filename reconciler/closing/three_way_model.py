"""The values of the three-way check: what usage asks for, what stands on an agreement, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner
from reconciler.closing.invoice import MONTHLY
from reconciler.closing.json_values import Json, decimal_text
from reconciler.kinds.agreement import months_of
from reconciler.kinds.billing_rules import Invoiced
from reconciler.kinds.money import WHOLE, monthly_amount, monthly_cost
from reconciler.metering.coverage import State
from reconciler.metering.period import Period

FindingKind = Literal[
    "leak",
    "double",
    "price",
    "hand edit",
    "quantity",
    "product",
    "dates",
    "orphan",
    "unused",
    "unknown",
    "missing invoice",
    "invoice",
    "not invoiced",
    "agreement",
    "credit",
]
"""What was found.

`leak`: used, and not billed. `double`: billed twice. `price`: billed at another price than the one in force. `hand
edit`: somebody changed our line. `quantity`, `product`, `dates`: the line differs from what usage asks for. `orphan`: a
line of ours that no mapping has. `agreement`: a line with our tag on another agreement than that of its mapping, where
we have not written it. `credit`: a negative line of somebody else takes money off ours. `unused`: billed, though the
mapping bills nothing in the month. `unknown`: the usage is not known, so the line cannot be checked. `missing invoice`:
no valid invoice bills the month. `invoice`: an invoice has another amount than the agreement and its additions. `not
invoiced`: a line was created after the invoice of its month.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference, with its price."""

    kind: FindingKind
    text: str
    """What differs, as a sentence with the figures."""
    amount: Decimal | None
    """What should have been billed, less what is billed: positive if money is missing. None if it is unknown."""
    agreement_id: int | None = None
    customer: str = ""
    """As `cove/1001006`. Empty if it is unknown."""
    address: str = ""
    """The address of the line or of the mapping. Empty if there is none."""
    cost: Decimal | None = None
    """The cost of what should have been billed, less that of what is billed. None if it is unknown."""

    @property
    def margin(self) -> Decimal | None:
        """Return the margin that the difference takes away. None if the amount or the cost is unknown."""
        return None if self.amount is None or self.cost is None else self.amount - self.cost

    def to_json(self) -> Json:
        """Return the finding as JSON. The name of its agreement is added by the check."""
        return {
            "kind": self.kind,
            "agreement": self.agreement_id,
            "customer": self.customer or None,
            "address": self.address or None,
            "text": self.text,
            "amount": decimal_text(self.amount),
            "cost": decimal_text(self.cost),
            "margin": decimal_text(self.margin),
        }


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """A line that usage asks for."""

    product_id: int | None
    """None: the product is not in ConnectWise."""
    product: str
    """Its manifest name or its identifier."""
    quantity: Decimal
    unit_price: Decimal | None
    amount: Decimal | None
    """None if the price is unknown."""
    cost: Decimal | None
    """None if the cost is unknown."""


@dataclass(frozen=True, slots=True)
class ExpectedCharge:
    """What one charge of a mapping asks for in the month."""

    owner: Owner
    """Without a period."""
    agreement_id: int | None
    """None: the agreement is not in ConnectWise."""
    unit: str
    """The unit of its quantities, such as `GB`. Empty for a count."""
    lines: tuple[ExpectedLine, ...] = ()
    state: State = "billed"
    """The state of its customer in the coverage."""
    detail: str = ""
    """The reason for the state."""
    held: bool = False
    """Whether the usage is unknown, or nothing may be billed for it."""
    reason: str = ""
    """Why a line may be missing, as a clause such as `the mapping is proposed`. Empty if nothing explains it."""
    first_day: str = ""
    """The first day of the month that it bills, as `2026-10-01`."""
    due: bool = True
    """Whether it has its line by now. On an agreement invoiced in advance, the line of one month comes after it."""

    @property
    def address(self) -> str:
        """Return the address of the mapping."""
        return self.owner.mapping_address


@dataclass(frozen=True, slots=True)
class Standing:
    """An addition as it stood at the moment that counts: when the invoice was made, or now."""

    addition: LiveAddition
    sent: Mapping[str, Any] = field(default_factory=dict)
    """Its fields as our last write until then left them, by their names in ConnectWise. Empty if it is not ours, or if
    the ledger does not have it."""
    share: Fraction = WHOLE
    """The part of the month that its dates bill. It is 1 on an agreement that does not prorate."""
    gone: bool = False
    """Whether the addition is no longer in ConnectWise."""
    late: bool = False
    """Whether the addition was created after that moment, so the invoice does not have it."""

    @property
    def ours(self) -> bool:
        """Return whether it has our tag, or the ledger knows it by its id."""
        return self.addition.tag is not None or bool(self.sent)


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """What the check needs to know of an agreement. Days are text, such as `2026-11-01`."""

    id: int
    name: str
    company: str = ""
    invoiced: Invoiced = "advance"
    own: Decimal = Decimal(0)
    """Its own amount of each billing cycle, which its invoice adds to the additions."""
    prorates: bool = False
    begins: str = ""
    """Its first billed day. Empty if it is unknown."""
    ends: str | None = None
    """Its last billed day. None without an end."""
    next_invoice: str | None = None
    """The first day that no invoice covers yet."""
    currency: str | None = None
    """Such as `USD`. None if ConnectWise does not say."""
    cycle: str = MONTHLY
    """The name of its billing cycle."""

    @property
    def is_monthly(self) -> bool:
        """Return whether its invoices cover one month each."""
        return months_of(self.cycle) == 1

    def bills(self, period: Period) -> bool:
        """Return whether it bills a month, by its first and its last day."""
        first, last = period.first_day.isoformat(), period.last_day.isoformat()
        return self.begins <= last and (self.ends or last) >= first


@dataclass(frozen=True, slots=True)
class Side:
    """An amount with its cost, as far as the cost is known."""

    amount: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    without_cost: Decimal = Decimal(0)
    """The part of the amount whose cost is unknown. It has no margin."""

    def __add__(self, other: Side) -> Side:
        return Side(self.amount + other.amount, self.cost + other.cost, self.without_cost + other.without_cost)

    def to_json(self) -> Json:
        """Return the amount, its cost and its margin. The margin is that of the lines whose cost is known."""
        return {
            "amount": decimal_text(self.amount),
            "cost": decimal_text(self.cost),
            "margin": decimal_text(self.amount - self.without_cost - self.cost),
            "without_cost": decimal_text(self.without_cost),
        }


def side_of(amount: Decimal | None, cost: Decimal | None) -> Side:
    """Return the side of one line. An unknown amount counts 0."""
    amount = amount or Decimal(0)
    return Side(amount, Decimal(0), amount) if cost is None else Side(amount, cost)


def standing_side(standing: Standing, currency: str | None) -> Side:
    """Return what an addition bills in the month, with its cost for the same days."""
    return side_of(billed(standing, currency), cost_of(standing, currency))


def cost_of(standing: Standing, currency: str | None) -> Decimal | None:
    """Return the cost of what an addition bills in the month. None if it is unknown."""
    return monthly_cost(standing.addition.obj.raw, currency, standing.share)


def less(cost: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Return a cost less another one. None if one of them is unknown."""
    return None if cost is None or other is None else cost - other


def billed(standing: Standing, currency: str | None) -> Decimal:
    """Return what an addition bills in the month: all of it, or its days if the agreement prorates."""
    addition, share = standing.addition, standing.share
    return addition.monthly if share == WHOLE else monthly_amount(addition.obj.raw, currency, share)
