"""Decide where to look for additions of ours on agreements that no manifest declares."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from reconciler.additions.tag import is_of_source, parse
from reconciler.kinds.live_state import LiveObject
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.metering.period import Period

INVOICED_LATE = timedelta(days=92)
"""How long the agreement of an addition of one month is read after its end, because its invoice may be late."""


@dataclass(frozen=True, slots=True)
class TagSearch:
    """The agreements to read, and how to recognise additions of ours on them."""

    snapshot: Snapshot
    sources: Collection[str]
    """The names of the workspace's usage sources."""
    agreements: frozenset[int]
    """The ids of the agreements on which the ledger has an addition that did not end before the period."""
    is_due: bool
    """Whether to search all agreements of the tenant."""

    def is_ours(self, addition: LiveObject) -> bool:
        """Return whether the ledger knows the addition, or its tag names one of the sources."""
        serial = addition.raw.get("serialNumber")
        return addition.id in self.snapshot.additions or any(is_of_source(serial, each) for each in self.sources)


def tag_search(
    snapshot: Snapshot, sources: Collection[str], period: Period, customers: Collection[tuple[str, str]] | None = None
) -> TagSearch:
    """Return what to search. All agreements are searched once in each period, because a person may have copied one.

    `customers` has the (source, customer id) of a partial plan. Then only the agreements with their additions are read.
    """
    first_day = period.first_day.isoformat()
    late = (period.first_day - INVOICED_LATE).isoformat()
    agreements = frozenset(
        addition.agreement_id
        for addition in snapshot.additions.values()
        if addition.agreement_id is not None
        and not addition.ended_before(late if _bills_one_month(addition) else first_day)
        and (customers is None or _customer(addition) in customers)
    )
    due = snapshot.tags_searched_at is None or snapshot.tags_searched_at not in period
    return TagSearch(snapshot, sources, agreements, due and customers is None)


def _bills_one_month(addition: RecordedAddition) -> bool:
    tag = parse(addition.tag)
    return tag is not None and tag.period is not None


def _customer(addition: RecordedAddition) -> tuple[str, str] | None:
    """Return the customer of a recorded addition, from its tag if the ledger does not have it."""
    tag = parse(addition.tag)
    return addition.customer or (None if tag is None else tag.customer)
