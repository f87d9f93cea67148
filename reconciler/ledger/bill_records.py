"""Bills of months and versions of rules, as the ledger returns them. This module does not import SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

BilledCharge = tuple[str, str, str]
"""The source, the id of the customer, and the name of the charge."""


@dataclass(frozen=True, slots=True)
class BillRecord:
    """What one charge of a customer was billed last in one month."""

    source: str
    customer_id: str
    charge: str
    mapping: str
    billed_at: datetime
    """The moment of the last run that billed it: its samples are those that were known then."""
    digest: str
    """The digest of the version of its rule."""
    lines: Sequence[Mapping[str, Any]]

    @property
    def key(self) -> BilledCharge:
        """Return what identifies the bill in its month."""
        return (self.source, self.customer_id, self.charge)


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A version of the rule of a charge."""

    digest: str
    content: Mapping[str, Any]
    first_used_at: datetime
    git_commit: str | None
    """The commit of the manifests in the run that used it first. None if it is unknown."""
