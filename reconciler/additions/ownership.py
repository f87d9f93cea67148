"""Which charge a live addition belongs to.

The tag decides. Where it does not, the ledger may know the addition by its id (somebody cleared the tag), or the tag
may name a customer whose mapping, or whose source, had another name. What belongs to no charge is an orphan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from reconciler.additions.live import LiveAddition
from reconciler.additions.tag import DEFAULT_CHARGE, Tag, identity_of, parse, tag_of
from reconciler.ledger.snapshot import RecordedAddition, Snapshot

Evidence = Literal["tag", "first version", "renamed", "untagged"]
"""By what an addition is known to be a charge's. Anything but `tag` is tagged anew."""

_BY_STRENGTH: tuple[Evidence, ...] = ("tag", "first version", "renamed", "untagged")


@dataclass(frozen=True, slots=True)
class Owner:
    """One charge of a mapping, whether it bills now or not."""

    mapping: str
    source: str
    customer_id: str
    charge: str = DEFAULT_CHARGE

    @property
    def tag(self) -> str:
        return tag_of(self.source, self.customer_id, self.mapping, self.charge)


@dataclass(frozen=True, slots=True)
class OwnedAddition:
    addition: LiveAddition
    evidence: Evidence

    @property
    def rank(self) -> int:
        """The lower, the surer."""
        return _BY_STRENGTH.index(self.evidence)


@dataclass(frozen=True, slots=True)
class Ownership:
    by_owner: Mapping[Owner, Sequence[OwnedAddition]]
    orphans: Sequence[LiveAddition]
    """Ours, and no mapping's."""
    foreign: Sequence[LiveAddition]
    """Not ours: made by hand, or by somebody else's integration."""
    period_additions: Sequence[LiveAddition] = ()
    """Ours, and of one period or an adjustment: no line that is rewritten each hour is matched with them."""


def assign_owners(
    additions: Iterable[LiveAddition], owners: Sequence[Owner], sources: Collection[str], snapshot: Snapshot
) -> Ownership:
    """Each live addition to its owner. `sources` are the workspace's usage sources: a tag that names any other source
    is of one that was renamed."""
    book = _OwnerIndex(owners, sources)
    found: dict[Owner, list[OwnedAddition]] = defaultdict(list)
    orphans: list[LiveAddition] = []
    others: list[LiveAddition] = []
    period_additions: list[LiveAddition] = []
    for addition in additions:
        known = _known(addition, snapshot)
        tag = addition.tag or (parse(known.tag) if known else None)
        if tag is None:
            others.append(addition)
            continue
        customer = tag.customer or (known.customer if known else None)
        owned = _tagged(tag, customer, book) if addition.tag else _untagged(tag, customer, book)
        if owned is None:
            orphans.append(addition)
        elif addition.tag is not None and addition.tag.period is not None:
            period_additions.append(addition)
        else:
            owner, how = owned
            found[owner].append(OwnedAddition(addition, how))
    return Ownership(found, orphans, others, period_additions)


def _known(addition: LiveAddition, snapshot: Snapshot) -> RecordedAddition | None:
    """By its id and its agreement: an id alone may be another tenant's. Its product may have been changed by hand.

    A line of which only the journal knows may be another tenant's too, so its product has to fit.
    """
    known = snapshot.additions.get(addition.id)
    if known is None or known.agreement_id not in (None, addition.agreement_id):
        return None
    fits = known.first_seen_at is not None or known.product_id in (None, addition.product_id)
    return known if fits else None


def _tagged(tag: Tag, customer: tuple[str, str] | None, book: _OwnerIndex) -> tuple[Owner, Evidence] | None:
    if owner := book.by_identity.get(tag.identity):
        return owner, "tag"
    if owner := book.by_first_version.get(tag.identity):
        return owner, "first version"
    owner = book.of_customer(customer)
    return None if owner is None else (owner, "renamed")


def _untagged(tag: Tag, customer: tuple[str, str] | None, book: _OwnerIndex) -> tuple[Owner, Evidence] | None:
    owner = book.by_identity.get(tag.identity) or book.by_first_version.get(tag.identity)
    owner = owner or book.of_customer(customer)
    return None if owner is None else (owner, "untagged")


def recorded_owners(owners: Iterable[Owner], snapshot: Snapshot) -> frozenset[Owner]:
    """The charges of which the ledger knows a line, by the tag that it carried."""
    tags = (parse(line.tag) for line in snapshot.additions.values())
    identities = {tag.identity for tag in tags if tag is not None}
    return frozenset(
        each
        for each in owners
        if identity_of(each.source, each.customer_id, each.mapping, each.charge) in identities
        or identity_of(each.source, each.customer_id, each.mapping, None) in identities
    )


class _OwnerIndex:
    """The owners, by all that names them."""

    def __init__(self, owners: Sequence[Owner], sources: Collection[str]) -> None:
        self._sources = sources
        self.by_identity = {
            identity_of(each.source, each.customer_id, each.mapping, each.charge): each for each in owners
        }
        self.by_first_version = {
            identity_of(each.source, each.customer_id, each.mapping, None): each
            for each in owners
            if each.charge == DEFAULT_CHARGE
        }
        self._by_customer: dict[tuple[str, str], list[Owner]] = defaultdict(list)
        self._by_id: dict[str, list[Owner]] = defaultdict(list)
        for each in owners:
            self._by_customer[each.source, each.customer_id].append(each)
            self._by_id[each.customer_id].append(each)

    def of_customer(self, customer: tuple[str, str] | None) -> Owner | None:
        """The one charge of a customer; of a source that is gone, the one charge that its customer id can mean."""
        if customer is None:
            return None
        found = (
            self._by_customer.get(customer, []) if customer[0] in self._sources else self._by_id.get(customer[1], [])
        )
        return found[0] if len(found) == 1 else None
