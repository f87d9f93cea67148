"""Partial plans: what they read, and their warnings about the rest of the estate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.cli.session import Session
from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import kind
from reconciler.ledger.pulls import latest_whole_pull
from reconciler.ledger.store import Ledger
from reconciler.live.read import Scope
from reconciler.manifests.documents import Manifests
from reconciler.manifests.selection import used_sources
from reconciler.manifests.suggestions import listed
from reconciler.planning.plan import Note
from reconciler.rendering.counts import numbered

if TYPE_CHECKING:
    from reconciler.manifests.touched import LoadedPart

_SHORT = 12
"""How many characters of a commit a note shows."""
_MOST = 3
"""The most addresses that a note names."""


def scope_of_part(manifests: Manifests, scope: Scope) -> Scope:
    """Return the scope that the documents need: a part without mappings and exclusions reads no usage.

    Raises `ReconcilerError` if `--only usage` leaves nothing to plan.
    """
    if not manifests.is_partial or any(each.kind.collection is None for each in manifests.documents):
        return scope
    if not scope.setup and manifests.documents and not manifests.from_ledger:
        raise ReconcilerError(
            "the targets bill no usage, and --only usage leaves the setup out",
            where="--target",
            advice="Leave --only out, or name a CustomerMapping.",
        )
    return Scope(setup=scope.setup, usage=False)


def unread_sources(manifests: Manifests, ledger: Ledger) -> list[str]:
    """Return the usage sources that the documents use, and that have no complete pull in the ledger."""
    return [each.name for each in used_sources(manifests) if latest_whole_pull(ledger, each.name) is None]


def partial_notes(session: Session, targets: Sequence[str], changed_since: str | None) -> list[Note]:
    """Return the warnings of a partial plan."""
    if session.part is not None and changed_since is not None:
        return [*_changed_notes(session.part, changed_since)]
    return [_target_note(targets)] if session.manifests.is_partial else []


def unknown_usage_note(sources: Sequence[str]) -> Note:
    """Return the warning of a plan whose usage is not known."""
    return Note(
        message=f"usage is unknown: the ledger has no complete pull of {listed(sources, 'and')}, and this plan reads "
        "no source. To see what changes for usage, run `reconciler usage pull` with the same ledger first"
    )


def _changed_notes(part: LoadedPart, revision: str) -> Iterator[Note]:
    what = "every document counts as" if part.whole else numbered(part.changed, "document")
    yield Note(
        partial=True,
        message=f"this plan is partial: {what} changed since {revision} (commit {part.commit[:_SHORT]}). It holds "
        "these, those that refer to them, and what they need. `reconciler validate` and a plan without --changed-since "
        "check the whole estate: names, orphans and customers without a mapping",
    )
    for address in part.removed:
        bills = (
            "; its additions keep billing while their agreement is active"
            if address.startswith("CustomerMapping/")
            else ""
        )
        yield Note(
            address=address, message=f"no longer declared since {revision}; nothing is removed in ConnectWise{bills}"
        )


def setup_elsewhere(manifests: Manifests) -> int:
    """Return how many documents of the setup a partial plan leaves out."""
    return sum(number for name, number in (manifests.elsewhere or {}).items() if kind(name).collection is not None)


def _target_note(targets: Sequence[str]) -> Note:
    """Return the warning of a plan that `--target` limits."""
    more = len(targets) - _MOST
    names = listed([*targets[:_MOST], f"{more} more"] if more > 0 else targets, "and")
    return Note(
        partial=True,
        message=f"this plan is partial: it holds only {names}, and what they need. For all documents, orphans and "
        "customers without a mapping, run it without --target",
    )
