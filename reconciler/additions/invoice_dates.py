"""Find when the agreement of each mapping is invoiced next, in what a plan has read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from reconciler.additions.agreements import next_invoice_of
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveState
from reconciler.manifests.documents import Manifests


def invoice_dates(manifests: Manifests, live_state: LiveState) -> Mapping[str, date]:
    """Return by address of a mapping the first day that no invoice of its agreement covers.

    Mappings whose agreement does not exist, or has no such day, are left out.
    """
    found = {}
    for mapping in manifests.of(CustomerMappingSpec):
        link = live_state.links.get(mapping.address, {}).get(("agreement",))
        day = None if link is None or link.id is None else next_invoice_of(link.id, live_state)
        if day is not None:
            found[mapping.address] = date.fromisoformat(day)
    return found
