"""The values and functions that the modules of this population share while they make an estate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.messy.chances import chance
from reconciler.sandbox.messy.firms import Firms

STAFF: Final = ("Admin1", "jdoe", "mmeier", "QuoteWerks", "zAdmin")
"""Logins that entered objects by hand or by another tool."""
SYNC: Final = "NableSync"
"""The login of the console's own integration."""


@dataclass(slots=True)
class Work:
    """One estate in the making. `now` is the time at which it is done; `number` counts the customers of the console.

    `live` are the agreements that are not over. They are invoiced once all lines are there.
    `mails` are the e-mail addresses of a company's contacts, by the id of the company.
    """

    seed: int
    now: datetime
    tenant: Tenant
    world: World
    firms: Firms
    number: int = 0
    live: list[Row] = field(default_factory=list)
    mails: dict[int, list[str]] = field(default_factory=dict)

    def dice(self, what: str) -> Random:
        """Return the random numbers for one thing. They depend only on the seed and on the name of the thing."""
        return Random(f"{self.seed}/{what}")  # noqa: S311 - made-up objects, no secrets

    def enter(self, table: str, body: dict[str, Any], dice: Random, *, days_ago: int, parent: int | None = None) -> Row:
        """Create an object as a user did some days ago, with all checks of that day."""
        tenant = self.tenant
        if chance(dice, 10):
            tenant.tables[table].next_id += 1  # an object that was deleted since leaves a gap
        tenant.clock.set(self.now - timedelta(days=days_ago, seconds=dice.randrange(40_000)))
        with tenant.acting_as(dice.choice(STAFF)):
            return tenant.insert(table, body, parent)

    def touched(self, row: Row, by: str, *, hours_ago: int) -> None:
        """Record a later edit of an object in its `_info`."""
        info = row.data["_info"]
        moment = (self.now - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
        row.data["_info"] = {**info, "updatedBy": by, "lastUpdated": max(moment, info["lastUpdated"])}

    def ago(self, date: str) -> int:
        """Return how many days ago a date of ConnectWise was."""
        return (self.now.date() - datetime.fromisoformat(date).date()).days

    def first_of_month(self, days_ago: int) -> int:
        """Return the days since the first day of the month of a day."""
        return days_ago + (self.now - timedelta(days=days_ago)).day - 1

    def day(self, days_ago: int) -> str:
        """Return the date so many days ago, in the form of ConnectWise."""
        return f"{(self.now - timedelta(days=days_ago)).date().isoformat()}T00:00:00Z"
