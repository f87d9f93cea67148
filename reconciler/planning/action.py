"""An action of a plan: one change of one object in ConnectWise.

Amounts and quantities are decimal text, so that no program reads them as floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from reconciler.kinds.values import plain_decimal

Verb = Literal["create", "update", "adopt", "retire"]
Amount = Annotated[Decimal, PlainSerializer(plain_decimal, return_type=str, when_used="json")]


class Record(BaseModel):
    """The base of all models of the plan file and the outcome: immutable, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


class LastWritten(Record):
    """The value that our last write left in a field."""

    value: Any = None
    """The value that we wrote."""
    edited: bool
    """Whether someone has changed the field in ConnectWise since."""


class Change(Record):
    """One field with its value before and after."""

    path: str
    """The field, such as `price` or `types`, or a place inside it."""
    before: Any = None
    """The value in ConnectWise. Null if it has none."""
    after: Any = None
    """The value that the action writes. Null clears the field."""
    known_after_apply: bool = False
    """Whether `after` links to an object that this plan creates first."""
    sensitive: bool = False
    """Whether `after` is a secret. It says where the value is stored, and never has the value."""
    number: bool = False
    """Whether `before` and `after` are numbers, which a plan has as decimal text."""
    last_written: LastWritten | None = None
    """What we last wrote to the field. Null if we never wrote it, or if the ledger does not know."""

    @model_serializer(mode="plain")
    def _without_false_flags(self) -> dict[str, Any]:
        content: dict[str, Any] = {"path": self.path, "before": self.before, "after": self.after}
        if self.known_after_apply:
            content["known_after_apply"] = True
        if self.sensitive:
            content["sensitive"] = True
        if self.number:
            content["number"] = True
        if self.last_written is not None:
            content["last_written"] = self.last_written.model_dump()
        return content

    @property
    def intent(self) -> dict[str, Any]:
        """The part of the change that the digest covers."""
        return {"path": self.path, "before": self.before, "after": self.after}


class Precondition(Record):
    """What an action expects to find in ConnectWise. If any of it has changed, the plan is stale."""

    id: int
    """The id of the object in ConnectWise."""
    last_updated: str | None
    """When the object was changed last, as ConnectWise says it. Null if it does not say."""
    fields: dict[str, Any]
    """The value of every declared field, by manifest name."""


@dataclass(frozen=True, slots=True)
class Side:
    """An amount per month, and the cost of what it bills. The cost is None if it is unknown."""

    amount: Decimal
    cost: Decimal | None = None

    @property
    def margin(self) -> Decimal | None:
        """Return the amount less the cost. None if the cost is unknown."""
        return None if self.cost is None else self.amount - self.cost


NOTHING = Side(Decimal(0), Decimal(0))


class Money(Record):
    """An amount per month before and after, in one currency. The currency is null if it is unknown."""

    before: Amount
    """The amount per month before the action."""
    after: Amount
    """The amount per month after the action."""
    currency: str | None = None
    """ISO 4217 code. Null if it is unknown."""
    cost_before: Amount | None = None
    """The cost per month before the action. Left out if it is unknown, which is not 0."""
    cost_after: Amount | None = None
    """The cost per month after the action. Left out if it is unknown."""
    margin_before: Amount | None = None
    """`before` less `cost_before`. Left out if the cost is unknown."""
    margin_after: Amount | None = None
    """`after` less `cost_after`. Left out if the cost is unknown."""
    once: bool = False
    """Whether `after` is billed once, by an adjustment, and not each month. Left out if not."""

    @model_serializer(mode="wrap")
    def _without_unknown(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        shown = {name: value for name, value in content.items() if value is not None or name == "currency"}
        return {name: value for name, value in shown.items() if name != "once" or value}

    @classmethod
    def with_costs(cls, before: Side, after: Side, currency: str | None) -> Money:
        """Return the amounts with the margin of each side."""
        return cls(
            before=before.amount,
            after=after.amount,
            currency=currency,
            cost_before=before.cost,
            cost_after=after.cost,
            margin_before=before.margin,
            margin_after=after.margin,
        )

    @property
    def change(self) -> Decimal:
        """The change of the amount per month. An amount that is billed once changes nothing of it."""
        return Decimal(0) if self.once else self.after - self.before

    @property
    def change_of_cost(self) -> Decimal | None:
        """The cost after the action less the one before it. None if one of them is unknown."""
        if self.once:
            return Decimal(0)
        if self.cost_before is None or self.cost_after is None:
            return None
        return self.cost_after - self.cost_before

    def ended(self, *, before: bool) -> Money:
        """Return the amounts of an addition that has ended after the action. With `before`, also before it."""
        now = NOTHING if before else Side(self.before, self.cost_before)
        return Money.with_costs(now, NOTHING, self.currency)


class Customer(Record):
    """The company that an action's object belongs to. Renderers group actions by it."""

    address: str
    """Its address, or its path in ConnectWise if it is not declared, such as `company/companies/250`."""
    name: str
    """Its name in ConnectWise, or the one that the plan gives it."""


class Action(Record):
    """One change of one object."""

    address: str
    """The address of the document or addition, such as `Company/acme`."""
    kind: str
    """The kind of the object, such as `Company`. Usage writes the kind `Addition`."""
    action: Verb
    """What is done to the object."""
    id: int | None = None
    """The id of the object in ConnectWise. Null for a `create`."""
    endpoint: str
    """For a `create`, the path of the collection, with `{field}` for a parent. Otherwise the path of the object."""
    reason: str
    """Why, in words: `not in ConnectWise`, `usage`, `drift`, `price`…"""
    changes: tuple[Change, ...]
    """The fields that change."""
    depends_on: tuple[str, ...] = ()
    """The addresses of the actions that must succeed first."""
    precondition: Precondition | None = None
    """What the apply must find. Null for a `create`."""
    money: Money | None = None
    """What the action does to the monthly amount. Null if it does nothing to it."""
    held_for: str | None = None
    """For a held action: the address of the customer mapping that its guardrail names."""
    rule: str | None = None
    """For an addition: the digest of the billing rule of its quantity, for the ledger."""
    customer: Customer | None = None
    """Null if the object belongs to no customer, such as a product. The digest does not cover this field."""
    written_at: AwareDatetime | None = None
    """When we last wrote the object. Null if we never did, or if the ledger does not know. The digest does not cover
    this field."""
