"""The ledger's snapshot for planning: our additions and the approvals of the period, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class RecordedAddition:
    """One of our additions as the ledger has recorded it, by its id in ConnectWise."""

    addition_id: int
    agreement_id: int | None = None
    product_id: int | None = None
    tag: str = ""
    """The last tag that a run read or wrote; empty if the ledger has none."""
    customer: tuple[str, str] | None = None
    """(source, customer id) that it bills, for a tag that was shortened."""
    last_applied: Mapping[str, Any] = field(default_factory=dict)
    """Its fields as our last write or apply left them, by their names in ConnectWise. A live value that differs was
    edited by hand. Empty if we have not written or billed it."""
    created_by_us: bool = False
    """Whether our own POST created it."""
    first_seen_at: datetime | None = None
    """When a run first read it; None if the ledger has only a write of ours."""
    first_quantity: Decimal | None = None
    """Its quantity when a run first read it; None if we had written it before."""
    first_rule_digest: str | None = None
    """Digest of the rule that was in force then."""
    hand_edit: Mapping[str, Any] = field(default_factory=dict)
    """The values of the last hand edit that a run saw, by field."""
    hand_edit_period: str | None = None
    """The period in which a run first saw that edit, as `2026-11`."""
    billed_period: str | None = None
    """The period of the last apply that billed it, as `2026-11`."""
    rule_digest: str | None = None
    """Digest of the rule by which that apply billed it."""

    def ended_before(self, day: str) -> bool:
        """Return whether its `cancelledDate`, as our last write left it, is before a day (`2026-11-01`)."""
        last = self.last_applied.get("cancelledDate")
        return last is not None and str(last)[:10] < day


@dataclass(frozen=True, slots=True)
class ObservedAddition:
    """One of our additions as a run has read it."""

    addition_id: int
    agreement_id: int
    product_id: int | None
    tag: str
    customer: tuple[str, str] | None
    """(source, customer id) that it bills."""
    first_quantity: Decimal | None
    """Its quantity; stored only when the ledger does not have the addition yet."""
    first_rule_digest: str | None
    """Digest of the rule in force; stored only when the ledger does not have the addition yet."""
    hand_edit: Mapping[str, Any] = field(default_factory=dict)
    """The values that a person changed in ConnectWise, by field."""
    hand_edit_period: str | None = None
    """The period in which a run first saw that edit, as `2026-11`."""


@dataclass(frozen=True, slots=True)
class BilledAddition:
    """One of our additions as an apply left it."""

    addition_id: int
    agreement_id: int | None
    product_id: int | None
    tag: str
    customer: tuple[str, str]
    """(source, customer id) that it bills."""
    fields: Mapping[str, Any]
    """Its fields, by their names in ConnectWise."""
    rule_digest: str
    """Digest of the rule that gave these fields."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's approval of a guardrail that tripped."""

    guardrail: str
    address: str | None
    """The address that may pass; None for everything that the guardrail stopped in that run."""
    period: str
    """As `2026-11`."""
    given_by: str
    """As `user@host`."""
    given_at: datetime


@dataclass(frozen=True, slots=True)
class SeenEdit:
    """An edit of one of our additions by someone else, when a run first read it."""

    addition_id: int
    seen_at: datetime
    fields: Mapping[str, Any]
    """The edited values by field, and `lastUpdated`: when ConnectWise last changed the addition. Null if unknown."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The additions, edits and approvals in the ledger for one workspace when planning began."""

    additions: Mapping[int, RecordedAddition] = field(default_factory=dict)
    """By their ids in ConnectWise."""
    approvals: tuple[Approval, ...] = ()
    """Those of the period of the run."""
    tags_searched_at: datetime | None = None
    """When a run last searched every agreement of the tenant for our tags; None if none has."""
    hand_edits: Mapping[int, tuple[SeenEdit, ...]] = field(default_factory=dict)
    """Edits of our additions by someone else, by addition id, oldest first."""


TermsKey = tuple[str, str, str, str]
"""Source, customer id, name of the charge, and month, as `2026-10`."""


@dataclass(frozen=True, slots=True)
class RecordedTerms:
    """The terms of one charge in one month."""

    key: TermsKey
    terms: Mapping[str, Any]
    """As JSON. The ledger does not read it."""


@dataclass(frozen=True, slots=True)
class MonthRating:
    """What a charge of a settled month was rated with, by the last run that loaded its usage."""

    key: TermsKey
    inputs: str
    """The digest of everything but its usage that it was rated by."""
    amount: Decimal | None
    """In the currency of the workspace. None if the month has no figure of it."""
    may_lower: bool
    """Whether the ledger has the samples of the whole month, so that too much may be given back."""


@dataclass(frozen=True, slots=True)
class AcceptedAmount:
    """An amount that no addition can bill, and that a person accepted by name."""

    source: str
    customer_id: str
    charge: str
    period: str
    """As `2026-10`."""
    number: int
    """The number of the adjustment that it stands for."""
    tag: str
    """The tag that the adjustment would have."""
    amount: Decimal
    """In the currency of the workspace. Negative if the customer gets it back."""

    @property
    def key(self) -> TermsKey:
        """Return source, customer id, charge and month."""
        return (self.source, self.customer_id, self.charge, self.period)


@dataclass(frozen=True, slots=True)
class LineAmount:
    """What an addition of one month billed, when a run found something else than our last write left."""

    addition_id: int
    agreement_id: int
    key: TermsKey
    """The charge, and the month that it bills."""
    adjustment: int
    """The number of the adjustment. 0 for a line."""
    effective: str
    """Its first day, as `2026-10-01`."""
    amount: Decimal | None
    """In the currency of the workspace. None: what our last write left."""
    invoiced: bool = False
    """Whether an invoice has billed this amount."""
    assumed: bool = False
    """Whether it was also edited by hand, and no run says whether the edit or the invoice came first."""


@dataclass(frozen=True, slots=True)
class AcceptedGap:
    """What was unknown of a month at its close, and who accepted it with which reason."""

    address: str
    """The customer that is left open, as `cove/1001006`, or the source whose unknown hours are left out."""
    what: str
    """What was unknown."""
    reason: str
    by: str
    at: str
    """When it was accepted, as in ISO 8601."""


@dataclass(frozen=True, slots=True)
class Close:
    """A close of a month: what it froze, and what it left open."""

    period: str
    """As `2026-10`."""
    closed_at: datetime
    closed_by: str
    samples: str
    """The digest of the pulls that the month was measured from."""
    charges: tuple[Mapping[str, Any], ...]
    """The frozen charges, as JSON: see `closing.close.frozen`."""
    left_open: tuple[AcceptedGap, ...] = ()
    """The customers that it left open."""
    accepted: tuple[AcceptedGap, ...] = ()
    """The sources whose unknown hours are left out for good."""


def closes_of(closes: Iterable[Close], period: str) -> list[Close]:
    """Return the closes of one month, oldest first. The last one says which customers are still open."""
    return [each for each in closes if each.period == period]


def left_open(closes: Iterable[Close]) -> dict[str, dict[str, AcceptedGap]]:
    """Return by closed month the customers that its last close left open."""
    return {each.period: {gap.address: gap for gap in each.left_open} for each in closes}
