"""What a backup console holds: partners in a tree, and devices whose used bytes change over time. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """Levels of a partner, from the top down [docs]."""

    ROOT = "Root"
    SUB_ROOT = "SubRoot"
    DISTRIBUTOR = "Distributor"
    SUB_DISTRIBUTOR = "SubDistributor"
    RESELLER = "Reseller"
    END_CUSTOMER = "EndCustomer"
    SITE = "Site"
    SERVICE_ORGANIZATION = "ServiceOrganization"


class State(StrEnum):
    """States of a partner [docs]."""

    IN_PRODUCTION = "InProduction"
    IN_TRIAL = "InTrial"
    EXPIRED = "Expired"
    REGISTERED = "Registered"
    UNDEFINED = "Undefined"


@dataclass(slots=True)
class Partner:
    """One node of the partner tree; `removed` is when it left, None while it is there."""

    id: int
    parent_id: int
    name: str
    level: Level
    state: State
    created: datetime
    external_code: str = ""
    removed: datetime | None = None

    def present(self, at: datetime) -> bool:
        """Whether the console lists the partner at that moment."""
        return self.created <= at and (self.removed is None or at < self.removed)


@dataclass(frozen=True, slots=True)
class Segment:
    """From `since` on: `used` bytes and `per_hour` more each hour; `used` None is a missing value, not zero."""

    since: datetime
    used: int | None
    per_hour: int


@dataclass(slots=True)
class Device:
    """One backed-up machine or Microsoft 365 tenant, owned by a partner of any level."""

    id: int
    partner_id: int
    name: str
    created: datetime
    segments: list[Segment]
    os_type: int = 1
    """1 workstation, 2 server, 0 undefined [docs: I32]."""
    account_type: int = 1
    """1 backup manager, 2 Microsoft 365 [docs: I59]."""
    virtual: bool = False
    odd: list[Any] = field(default_factory=list)
    """One value of any kind, where the console gives it as the used storage instead of a number of bytes."""
    removed: datetime | None = None

    def present(self, at: datetime) -> bool:
        """Whether the console lists the device at that moment."""
        return self.created <= at and (self.removed is None or at < self.removed)

    def segment(self, at: datetime) -> Segment:
        """The segment in force; before the first one, the first one reckoned backwards."""
        for segment in reversed(self.segments):
            if segment.since <= at:
                return segment
        return self.segments[0]
