"""Plans of a part of the documents: what they read, and what they say about the rest."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import kind
from reconciler.live.read import Scope
from reconciler.manifests.documents import Manifests
from reconciler.manifests.suggestions import listed
from reconciler.planning.plan import Note

_MOST = 3
"""The most addresses that a note names."""


def scope_of_part(manifests: Manifests, scope: Scope) -> Scope:
    """Return the scope that the documents need: a part without mappings and exclusions reads no usage.

    Raises `ReconcilerError` if `--only usage` leaves nothing to plan.
    """
    if not manifests.is_partial or any(each.kind.collection is None for each in manifests.documents):
        return scope
    if not scope.setup and manifests.documents:
        raise ReconcilerError(
            "the targets bill no usage, and --only usage leaves the setup out",
            where="--target",
            advice="Leave --only out, or name a CustomerMapping.",
        )
    return Scope(setup=scope.setup, usage=False)


def setup_elsewhere(manifests: Manifests) -> int:
    """Return how many documents with an object in ConnectWise a partial plan leaves out."""
    return sum(number for name, number in (manifests.elsewhere or {}).items() if kind(name).collection is not None)


def partial_note(targets: Sequence[str]) -> Note:
    """Return the warning of a plan that `--target` limits."""
    more = len(targets) - _MOST
    names = listed([*targets[:_MOST], f"{more} more"] if more > 0 else targets, "and")
    return Note(
        message=f"this plan is partial: it holds only {names}, and what they need. For all documents, orphans and "
        "customers without a mapping, run it without --target"
    )
