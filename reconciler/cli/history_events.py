"""Read from the ledger what happened to months: closes, adjustments and edits by hand, for `reconciler history`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from reconciler.closing.events import adjustment_events, close_events, edit_events, in_order
from reconciler.closing.month_lines import month_of
from reconciler.ledger.additions import approvals_of_adjustments, hand_edits_of
from reconciler.ledger.closes import load_closes
from reconciler.ledger.history import read_runs_by_id, writes_of_addresses, written_addresses
from reconciler.ledger.runs import WriteRecord
from reconciler.ledger.snapshot import Close
from reconciler.ledger.store import Ledger
from reconciler.manifests.documents import Manifests


def events_since(ledger: Ledger, manifests: Manifests, since: datetime | None) -> list[dict[str, Any]]:
    """Return the closes of months and the adjustments of a workspace, oldest first. None: all of them."""
    workspace = manifests.workspace.name
    adjustments = [each for each in written_addresses(ledger, workspace) if month_of(each).adjustment]
    writes = writes_of_addresses(ledger, workspace, adjustments)
    closes = load_closes(ledger, workspace, None)
    return _after(since, _events(ledger, manifests, closes, writes, None))


def events_of(
    ledger: Ledger,
    manifests: Manifests,
    addresses: Collection[str],
    writes: Sequence[WriteRecord],
    since: datetime | None,
) -> list[dict[str, Any]]:
    """Return what happened to these additions: closes of their months, their adjustments, and edits by hand.

    An address without a month stands for all months. `writes` are those to the addresses.
    """
    own = [each for each in addresses if each.startswith("Addition/")]
    if not own:
        return []
    workspace, wanted = manifests.workspace.name, _Wanted(own)
    others = [each for each in written_addresses(ledger, workspace) if month_of(each).adjustment and wanted.has(each)]
    of_others = writes_of_addresses(ledger, workspace, [each for each in others if each not in own])
    every = load_closes(ledger, workspace, None)
    closes = [close for each in every if (close := wanted.of_close(each)) is not None]
    found = _events(ledger, manifests, closes, [*writes, *of_others], wanted)
    names = {each.object_id: each.address for each in (*writes, *of_others) if each.object_id is not None}
    edits = hand_edits_of(ledger, workspace, None, names.keys())
    return _after(since, in_order([*found, *edit_events(edits, names)]))


def _events(
    ledger: Ledger, manifests: Manifests, closes: Sequence[Close], writes: Sequence[WriteRecord], wanted: _Wanted | None
) -> list[dict[str, Any]]:
    workspace, currency = manifests.workspace.name, manifests.workspace.spec.billing.currency
    runs = read_runs_by_id(ledger, workspace, {each.run_id for each in writes})
    approvals = approvals_of_adjustments(ledger, workspace)
    given = [each for each in approvals if wanted is None or wanted.has(each.address or "")]
    return in_order([*close_events(closes, currency), *adjustment_events(writes, runs, given)])


def _after(since: datetime | None, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in events if since is None or datetime.fromisoformat(each["at"]) >= since]


class _Wanted:
    """The charges and months that some addresses stand for."""

    def __init__(self, addresses: Collection[str]) -> None:
        self._months = {(each.partition(":")[0], month_of(each).month) for each in addresses}

    def has(self, address: str) -> bool:
        """Return whether a line is of one of the charges, in one of its months."""
        charge, month = address.partition(":")[0], month_of(address).month
        return not self._months.isdisjoint({(charge, month), (charge, None)})

    def of_close(self, close: Close) -> Close | None:
        """Return a close with these charges only. None if it has none of them."""
        charges = tuple(
            each
            for each in close.charges
            if self.has(f"Addition/{each['mapping'].partition('/')[2]}.{each['charge']}:@{close.period}")
        )
        return replace(close, charges=charges) if charges else None
