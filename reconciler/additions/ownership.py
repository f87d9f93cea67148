"""Decide which charge a live addition belongs to.

The tag decides. If the tag was cleared, the ledger may know the addition by its id. If the tag has the name of a
mapping or of a source that was renamed, the customer in the tag decides. An addition of ours that belongs to no charge
is an orphan.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from reconciler.additions.agreements import day_before
from reconciler.additions.charge import Charge
from reconciler.additions.live_additions import LiveAddition, all_additions
from reconciler.additions.tag import DEFAULT_CHARGE, Tag, identity_of, parse, tag_of
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.ledger.snapshot import RecordedAddition, Snapshot
from reconciler.metering.period import Period

Evidence = Literal["tag", "first version", "renamed", "untagged"]
"""Why an addition belongs to a charge.

`tag`: it has the tag of the charge. `first version`: it has the tag that version 0.1 wrote. `renamed`: its tag has the
same customer, under another mapping or source name. `untagged`: its tag was cleared, and the ledger knows its id. All
but the first get the tag of the charge in the next apply.
"""

_BY_STRENGTH: tuple[Evidence, ...] = ("tag", "first version", "renamed", "untagged")


@dataclass(frozen=True, slots=True)
class Owner:
    """One charge of a mapping, whether it is billed in this run or not. It owns the additions with its tag."""

    mapping: str
    source: str
    customer_id: str
    charge: str = DEFAULT_CHARGE
    period: str | None = None
    """`2026-10` for the additions of one month. None for those of all months."""
    adjustment: int = 0
    """The number of an adjustment of that month. 0 for its other additions."""

    @property
    def of_all_months(self) -> Owner:
        """Return the owner of the same charge's additions that bill all months. It identifies the charge."""
        return self if self.period is None else replace(self, period=None, adjustment=0)

    def of_period(self, period: str) -> Owner:
        """Return the owner of the same charge's additions that bill one month, as `2026-10`."""
        return replace(self, period=period)

    def with_adjustment(self, number: int) -> Owner:
        """Return the owner of an adjustment of the same charge and month."""
        return replace(self, adjustment=number)

    @property
    def tag(self) -> str:
        """Return the tag that the additions of this charge have in `serialNumber`."""
        return tag_of(
            self.source, self.customer_id, self.mapping, self.charge, period=self.period, adjustment=self.adjustment
        )

    @property
    def mapping_address(self) -> str:
        """Return the address of the mapping, such as `CustomerMapping/acme`."""
        return f"CustomerMapping/{self.mapping}"

    @property
    def customer(self) -> str:
        """Return the customer, such as `cove/1001006`."""
        return f"{self.source}/{self.customer_id}"

    def address_of(self, product: str) -> str:
        """Return the address of the addition with this product, such as `Addition/acme.storage:backup-gb@2026-10`."""
        number = f"+{self.adjustment}" if self.adjustment else ""
        return f"Addition/{self.mapping}.{self.charge}:{product}" + (f"@{self.period}{number}" if self.period else "")

    def short(self, address: str) -> str:
        """Return an address of `address_of` without the name of the charge, such as `Addition/acme:backup-gb`."""
        return address.replace(f"{self.mapping}.{self.charge}:", f"{self.mapping}:", 1)


def owner_of(charge: Charge) -> Owner:
    """Return the owner of the additions of a charge."""
    return Owner(charge.mapping, charge.source, charge.customer_id, charge.name, charge.period)


def owner_of_rule(rule: Rule) -> Owner:
    """Return the owner of the hourly additions of the charge that a rule bills."""
    return Owner(rule.name, rule.source, rule.customer_id, rule.charge)


def short_addresses(addresses: Iterable[tuple[Owner, str]]) -> frozenset[str]:
    """Return the short forms that fit only one of these addresses. Two charges of a mapping can bill one product."""
    fitting = Counter(owner.short(address) for owner, address in dict.fromkeys(addresses))
    return frozenset(short for short, number in fitting.items() if number == 1)


@dataclass(frozen=True, slots=True)
class OwnedAddition:
    """A live addition of a charge, and why it belongs to it."""

    addition: LiveAddition
    evidence: Evidence

    @property
    def rank(self) -> int:
        """Return the rank of the evidence. 0 is the strongest."""
        return _BY_STRENGTH.index(self.evidence)


@dataclass(frozen=True, slots=True)
class Ownership:
    """All live additions, sorted by whether they are ours."""

    by_owner: Mapping[Owner, Sequence[OwnedAddition]]
    orphans: Sequence[LiveAddition]
    """Ours, but no mapping has their tag."""
    foreign: Sequence[LiveAddition]
    """Not ours: made by hand or by another integration."""
    period_additions: Sequence[LiveAddition] = ()
    """Ours, as an adjustment of a period. Nothing is matched with them."""
    adjustments: Mapping[Owner, Sequence[LiveAddition]] = field(default_factory=dict)
    """Those of `period_additions` by charge and month."""
    ended: Mapping[Owner, Sequence[OwnedAddition]] = field(default_factory=dict)
    """Our additions that we ended on the day before the period. They can live again."""

    def of_single_months(self) -> Iterator[tuple[Owner, LiveAddition]]:
        """Yield our additions that bill one month, and the adjustments, each with its owner."""
        for owner, owned in self.by_owner.items():
            if owner.period is not None:
                yield from ((owner, each.addition) for each in owned)
        for owner, lines in self.adjustments.items():
            for line in lines:
                yield owner.with_adjustment(0 if line.tag is None else line.tag.adjustment), line


def ownership_of(
    live_state: LiveState,
    rules: Iterable[Rule],
    workspace: WorkspaceSpec,
    snapshot: Snapshot,
    period: Period,
    ended_months: Collection[str] = (),
) -> Ownership:
    """Return the owner of each live addition that did not end before the period.

    Those of `ended_months`, such as `2026-10`, are included too, because late samples can change them.
    """
    first_day = period.first_day.isoformat()
    additions = all_additions(live_state, workspace.billing.currency)
    owners = [owner_of_rule(rule) for rule in rules]
    sources = frozenset(source.name for source in workspace.usage)
    running = (
        each
        for each in additions
        if not each.ended_before(first_day) or (each.tag is not None and each.tag.period in ended_months)
    )
    live = assign_owners(running, owners, sources, snapshot)
    over = (each for each in additions if _ended_by_us(each, first_day, snapshot))
    ended = assign_owners(over, owners, sources, snapshot)
    return replace(live, ended=ended.by_owner)


def ownership_of_all(
    live_state: LiveState, rules: Iterable[Rule], workspace: WorkspaceSpec, snapshot: Snapshot
) -> Ownership:
    """Return the owner of each live addition, also of those that ended before the period."""
    sources = frozenset(source.name for source in workspace.usage)
    additions = all_additions(live_state, workspace.billing.currency)
    return assign_owners(additions, [owner_of_rule(rule) for rule in rules], sources, snapshot)


def _ended_by_us(addition: LiveAddition, first_day: str, snapshot: Snapshot) -> bool:
    """Return whether an addition ended on the day before the period, and an apply of ours wrote that last day."""
    recorded = snapshot.additions.get(addition.id)
    if addition.cancelled != day_before(first_day) or recorded is None or addition.tag is None:
        return False
    if addition.tag.period is not None:
        return False
    return date_text(recorded.last_applied.get("cancelledDate")) == addition.cancelled


def assign_owners(
    additions: Iterable[LiveAddition], owners: Sequence[Owner], sources: Collection[str], snapshot: Snapshot
) -> Ownership:
    """Return the owner of each live addition.

    `sources` has the names of the workspace's usage sources. A tag with any other source name belongs to a source that
    was renamed or removed.
    """
    by_owner: dict[Owner, list[OwnedAddition]] = defaultdict(list)
    orphans: list[LiveAddition] = []
    foreign: list[LiveAddition] = []
    period_additions: list[LiveAddition] = []
    adjustments: dict[Owner, list[LiveAddition]] = defaultdict(list)
    index = _OwnerIndex(owners, sources)
    for addition in additions:
        recorded = _recorded(addition, snapshot)
        tag = addition.tag or (parse(recorded.tag) if recorded else None)
        if tag is None:
            foreign.append(addition)
            continue
        customer = tag.customer or (recorded.customer if recorded else None)
        found = _by_tag(tag, customer, index) if addition.tag else _by_record(tag, customer, index)
        if found is None:
            orphans.append(addition)
        elif tag.adjustment:
            period_additions.append(addition)
            adjustments[found[0].of_period(str(tag.period))].append(addition)
        else:
            owner, evidence = found
            by_owner[replace(owner, period=tag.period)].append(OwnedAddition(addition, evidence))
    return Ownership(by_owner, orphans, foreign, period_additions, adjustments)


def _recorded(addition: LiveAddition, snapshot: Snapshot) -> RecordedAddition | None:
    """Return what the ledger recorded of an addition, by its id and its agreement. None if nothing.

    The id alone is not enough, because it may be the id of an addition in another tenant. The product may differ,
    because you can change it by hand. If the ledger has only a write and never saw the addition itself, the product
    must be equal too.
    """
    recorded = snapshot.additions.get(addition.id)
    if recorded is None or recorded.agreement_id not in (None, addition.agreement_id):
        return None
    same = recorded.first_seen_at is not None or recorded.product_id in (None, addition.product_id)
    return recorded if same else None


def _by_tag(tag: Tag, customer: tuple[str, str] | None, index: _OwnerIndex) -> tuple[Owner, Evidence] | None:
    """Return the owner of an addition that has a tag."""
    if owner := index.by_identity.get(tag.identity):
        return owner, "tag"
    if owner := index.by_first_version.get(tag.identity):
        return owner, "first version"
    owner = index.of_customer(customer, tag.charge)
    return None if owner is None else (owner, "renamed")


def _by_record(tag: Tag, customer: tuple[str, str] | None, index: _OwnerIndex) -> tuple[Owner, Evidence] | None:
    """Return the owner of an addition without a tag. `tag` is the one that it had, according to the ledger."""
    owner = index.by_identity.get(tag.identity) or index.by_first_version.get(tag.identity)
    owner = owner or index.of_customer(customer, tag.charge)
    return None if owner is None else (owner, "untagged")


def recorded_owners(owners: Iterable[Owner], snapshot: Snapshot) -> frozenset[Owner]:
    """Return the owners for which the ledger has recorded an addition."""
    tags = (parse(recorded.tag) for recorded in snapshot.additions.values())
    identities = {tag.identity for tag in tags if tag is not None}
    return frozenset(
        each
        for each in owners
        if identity_of(each.source, each.customer_id, each.mapping, each.charge) in identities
        or identity_of(each.source, each.customer_id, each.mapping, None) in identities
    )


class _OwnerIndex:
    """The owners, by tag and by customer."""

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

    def of_customer(self, customer: tuple[str, str] | None, charge: str | None) -> Owner | None:
        """Return the owner with this (source, customer id). Of several charges, it is the one with this name.

        None if there is none, or if it is not clear which one. If the source no longer exists, the customer id alone
        is compared.
        """
        if customer is None:
            return None
        owners = (
            self._by_customer.get(customer, []) if customer[0] in self._sources else self._by_id.get(customer[1], [])
        )
        named = [each for each in owners if each.charge == charge]
        found = named or owners
        return found[0] if len(found) == 1 else None
