"""A cause: one thing that needs a person, with the customers and the money that it concerns."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer

from reconciler.amounts import amount_text
from reconciler.kinds.alert_settings import AlertEvent
from reconciler.kinds.values import plain_decimal

Amount = Annotated[Decimal, PlainSerializer(plain_decimal, return_type=str, when_used="json")]


class Stored(BaseModel):
    """The base of what the ledger stores as JSON: immutable. Fields of a later version are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Member(Stored):
    """One customer, addition or change that a cause concerns."""

    id: str
    """What identifies it from run to run. A renamed customer is no new member."""
    label: str
    """How a message names it. It may come from outside."""


class Risk(Stored):
    """The money at risk a month. What is unknown is counted, and never taken for 0."""

    known: Amount = Decimal(0)
    unknown: int = 0
    """The number of members whose amount is unknown."""
    of: int = 0
    """The number of members whose amount is known."""
    currency: str | None = None

    @property
    def text(self) -> str:
        """Return the amount for a message, such as `12.30 USD a month`, or `unknown`."""
        if not self.of:
            return "unknown"
        amount = f"{amount_text(self.known, self.currency)} a month"
        return f"{amount}, and an unknown amount of {self.unknown} more" if self.unknown else amount


UNKNOWN = Risk()
"""The money at risk of a cause that has no amount, such as a run that failed."""


class Cause(Stored):
    """One thing that needs a person. Two runs that find the same key find the same cause."""

    key: str
    event: AlertEvent
    title: str
    """What is the matter, with the number of members. It has no text from outside."""
    subject: str
    """The same without the number, for the message that it has ended."""
    advice: str
    """What to do, with a command."""
    members: tuple[Member, ...] = ()
    members_are: str = "Customers"
    """What the members are, as a heading."""
    grows: bool = True
    """Whether it is told again if it has more members. Not every run knows the customers that a source holds."""
    risk: Risk = UNKNOWN
    why: str = ""
    """The reason, which may come from outside."""
    since: AwareDatetime | None = None
    """When it began, if that is known. None: when a run first found it."""

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of the members."""
        return frozenset(member.id for member in self.members)


def risk_of(amounts: Iterable[Decimal | None], currency: str | None) -> Risk:
    """Return the money at risk of members with these amounts. None is unknown."""
    given = list(amounts)
    known = [abs(each) for each in given if each is not None]
    return Risk(known=sum(known, Decimal(0)), unknown=len(given) - len(known), of=len(known), currency=currency)
