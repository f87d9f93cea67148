"""What the ledger remembers of additions and approvals, as values: the snapshot that planning looks into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class KnownLine:
    """One addition of ours, known by its id in ConnectWise."""

    addition_id: int
    agreement_id: int | None = None
    product_id: int | None = None
    tag: str = ""
    """The tag that it carried when it was last seen with one; empty where it was never seen with one."""
    customer: tuple[str, str] | None = None
    """(source, customer id) that it bills, for a tag that was cut."""
    standing: Mapping[str, Any] = field(default_factory=dict)
    """Its fields as our last write or our last apply left them, by their names in ConnectWise: whatever stands there
    now and differs was edited by hand. Empty where nothing is known."""
    made: bool = False
    """Whether our own POST made it."""
    first_seen_at: datetime | None = None
    """When a run first read it. None where only a write of ours is known."""
    first_quantity: Decimal | None = None
    """Its quantity at that run; None where we had written it before."""
    first_rule: str | None = None
    """Digest of the rule in force at that run."""
    edit: Mapping[str, Any] = field(default_factory=dict)
    """A hand edit as it was last noted: what stood there, by field."""
    edited_in: str | None = None
    """The period in which that edit was first noted, as `2026-11`."""
    billed_in: str | None = None
    """The period of the last apply that billed it."""
    rule: str | None = None
    """Digest of the rule by which that apply billed it."""

    def is_over(self, first_day: str) -> bool:
        """Whether we have left it with a last day before this one."""
        last = self.standing.get("cancelledDate")
        return last is not None and str(last)[:10] < first_day


@dataclass(frozen=True, slots=True)
class Approval:
    """A guardrail that a person let pass."""

    guardrail: str
    address: str | None
    """Whose; None for all that it stopped in that run."""
    period: str
    given_by: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the ledger knew of one workspace when planning began."""

    lines: Mapping[int, KnownLine] = field(default_factory=dict)
    """By the addition's id."""
    approvals: tuple[Approval, ...] = ()
    """Those of the running period."""
    scanned_at: datetime | None = None
    """When a run last looked for our tags in every agreement of the tenant; None where this ledger knows of none."""
