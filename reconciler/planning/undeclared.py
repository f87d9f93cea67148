"""Objects that we created and that no document declares any longer."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.live_state import LiveState
from reconciler.kinds.registry import kind
from reconciler.manifests.documents import Manifests
from reconciler.planning.plan import Note


def undeclared(created: Mapping[str, int | None], manifests: Manifests, live_state: LiveState) -> list[Note]:
    """Return a note for each object that we created and that no document declares or matches.

    `created` holds the ids of the objects that we created, by address. Removing a document removes nothing in
    ConnectWise. An object that is declared under another name counts as declared. Additions are left out: an addition
    without a mapping is an orphan, which planning of usage reports.
    """
    managed = {(live.kind, live.id) for live in live_state.matches.values()}
    return [
        Note(address=address, message=f"no longer declared (id {number}); nothing was removed in ConnectWise")
        for address, number in sorted(created.items())
        if address not in manifests.by_address
        and (address.partition("/")[0], number) not in managed
        and kind(address.partition("/")[0]).declarable
        and "#" not in address
    ]
