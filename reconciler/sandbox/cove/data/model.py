"""The data of a backup console: a tree of partners, and devices with sizes that change over time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """The levels of a partner, from the top down [docs]."""

    ROOT = "Root"
    SUB_ROOT = "SubRoot"
    DISTRIBUTOR = "Distributor"
    SUB_DISTRIBUTOR = "SubDistributor"
    RESELLER = "Reseller"
    END_CUSTOMER = "EndCustomer"
    SITE = "Site"
    SERVICE_ORGANIZATION = "ServiceOrganization"


class State(StrEnum):
    """The states of a partner [docs]."""

    IN_PRODUCTION = "InProduction"
    IN_TRIAL = "InTrial"
    EXPIRED = "Expired"
    REGISTERED = "Registered"
    UNDEFINED = "Undefined"


@dataclass(frozen=True, slots=True)
class Profile:
    """The contact details of a partner's company in the console. Most consoles have few of them [seen].

    `mail_from` is the address that the partner's reports are sent from. `country` is a code of two letters.
    """

    legal_name: str = ""
    phone: str = ""
    website: str = ""
    mail_from: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country: str = ""


@dataclass(slots=True)
class Partner:
    """One partner in the tree. `removed` is the time of its removal, or None."""

    id: int
    parent_id: int
    name: str
    level: Level
    state: State
    created: datetime
    external_code: str = ""
    removed: datetime | None = None
    profile: Profile | None = None

    def present(self, at: datetime) -> bool:
        """Return whether the console lists the partner at a time."""
        return self.created <= at and (self.removed is None or at < self.removed)


@dataclass(frozen=True, slots=True)
class Segment:
    """A device from `since` on: `used` bytes, and `per_hour` more each hour. None is an unknown size, not 0.

    `users` is the number of its Microsoft 365 users. `recovery` is 1 for recovery testing and 2 for a standby
    image [seen].
    """

    since: datetime
    used: int | None
    per_hour: int
    users: int = 0
    recovery: int = 0


@dataclass(slots=True)
class Device:
    """One computer or Microsoft 365 tenant with a backup. It belongs to a partner of any level.

    `os_type` is 1 for a workstation, 2 for a server and 0 for undefined [docs: I32]. `account_type` is 1 for the backup
    manager and 2 for Microsoft 365 [docs: I59]. `product` is the name of its product [guess: I10]. `odd` holds at most
    one value: the console then returns it as the used storage, from `odd_since` on.
    """

    id: int
    partner_id: int
    name: str
    created: datetime
    segments: list[Segment]
    os_type: int = 1
    account_type: int = 1
    virtual: bool = False
    odd: list[Any] = field(default_factory=list)
    removed: datetime | None = None
    odd_since: datetime | None = None
    product: str = "All-In"

    def present(self, at: datetime) -> bool:
        """Return whether the console lists the device at a time."""
        return self.created <= at and (self.removed is None or at < self.removed)

    def odd_at(self, at: datetime) -> list[Any]:
        """Return the odd value of a time, or an empty list."""
        return self.odd if self.odd_since is None or self.odd_since <= at else []

    def segment(self, at: datetime) -> Segment:
        """Return the segment of a time. Before the first segment, the first one is extended backwards."""
        for segment in reversed(self.segments):
            if segment.since <= at:
                return segment
        return self.segments[0]
