"""Pair each desired addition with its live addition, once.

The result says which additions are updated, created or adopted, which of ours are left over, and which mappings are
refused because the match is ambiguous.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from reconciler.additions.agreements import day_before
from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.live_additions import AgreementProduct, LiveAddition, ids_text
from reconciler.additions.ownership import Evidence, OwnedAddition, Owner, Ownership
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.snapshot import Snapshot
from reconciler.metering.period import Period

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Pair:
    """A desired addition and its live addition. `live` is None if the addition must be created."""

    desired: DesiredAddition
    live: LiveAddition | None = None
    evidence: Evidence | Literal["adopt"] = "tag"


@dataclass(frozen=True, slots=True)
class Superseded:
    """An addition whose charge is billed by another product or agreement now. `leaving` decides how it ends.

    An addition with a last day in the period can be one too, because an invoice of the period bills it in full.
    """

    owner: Owner
    live: LiveAddition
    depends_on: frozenset[str]
    """Addresses of the additions that replace it. They are written first."""
    evidence: Evidence = "tag"
    """Why it belongs to the charge."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A second addition of a charge, for the same agreement and product."""

    owner: Owner
    live: LiveAddition


@dataclass(frozen=True, slots=True)
class Matched:
    """Where each desired addition and each addition of ours ended up in the match."""

    pairs: tuple[Pair, ...]
    superseded: tuple[Superseded, ...]
    duplicates: tuple[Duplicate, ...]
    """Duplicates without a last day in the period: they keep billing."""
    kept: tuple[LiveAddition, ...]
    """Our additions that stay unchanged, because their customer is held or refused."""
    ending_duplicates: tuple[Duplicate, ...]
    """Duplicates with a last day in the period. An invoice of the period still bills them."""
    refused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By mapping: why nothing of it is written."""


def match(desired: Iterable[DesiredAddition], ownership: Ownership, period: Period, snapshot: Snapshot) -> Matched:
    """Return the match by owner, agreement and product.

    If several live additions fit, the mapping is refused, and the reason lists their ids.
    """
    by_owner: dict[Owner, list[DesiredAddition]] = defaultdict(list)
    for each in desired:
        by_owner[each.owner].append(each)
    return _Matcher(ownership, period, snapshot, by_owner).matched()


class _Matcher:
    """Matches the desired additions of all owners."""

    def __init__(
        self,
        ownership: Ownership,
        period: Period,
        snapshot: Snapshot,
        by_owner: Mapping[Owner, Sequence[DesiredAddition]],
    ) -> None:
        self._ownership = ownership
        self._last = period.last_day.isoformat()
        self._snapshot = snapshot
        self._by_owner = by_owner
        self._adoptable: dict[AgreementProduct, list[LiveAddition]] = defaultdict(list)
        for each in ownership.foreign:
            if (each.effective is None or each.effective <= self._last) and not each.ends_by(self._last):
                self._adoptable[each.agreement_product].append(each)

    def matched(self) -> Matched:
        """Return the match of all owners."""
        pairs: list[Pair] = []
        superseded: list[Superseded] = []
        duplicates: list[Duplicate] = []
        kept: list[LiveAddition] = []
        ending_duplicates: list[Duplicate] = []
        pairs_of = {owner: [self._pair(each) for each in desired] for owner, desired in self._by_owner.items()}
        refused = self._refused(pairs_of)
        for owner, owned in self._ownership.by_owner.items():
            if owner not in pairs_of or owner.mapping in refused:
                kept += (each.addition for each in owned)
        for owner, found in pairs_of.items():
            if owner.mapping in refused:
                continue
            pairs += (pair for pair in found if pair is not None)
            paired = {pair.live.id for pair in found if pair is not None and pair.live is not None}
            desired_pairs = {each.agreement_product for each in self._by_owner[owner]}
            replaced_by = frozenset(each.address for each in self._by_owner[owner])
            for each in self._ownership.by_owner.get(owner, ()):
                addition = each.addition
                if addition.id in paired:
                    continue
                if addition.agreement_product not in desired_pairs:
                    superseded.append(Superseded(owner, addition, replaced_by, each.evidence))
                elif not self._goes_on(addition, owner):
                    ending_duplicates.append(Duplicate(owner, addition))
                else:
                    duplicates.append(Duplicate(owner, addition))
        return Matched(
            tuple(pairs), tuple(superseded), tuple(duplicates), tuple(kept), tuple(ending_duplicates), refused
        )

    def _pair(self, desired: DesiredAddition) -> Pair | None:
        """Return the pair of a desired addition. None if nothing has to be done for it."""
        owned = self._candidates(desired)
        if owned:
            return Pair(desired, owned[0].addition, owned[0].evidence)
        if desired.emptied:
            return None
        if desired.quantity > 0 and (ended := self._ended(desired)) is not None:
            return Pair(desired, ended.addition, ended.evidence)
        if desired.adopt and (adoptable := self._adoptable.get(desired.agreement_product, [])):
            return Pair(desired, adoptable[0], "adopt")
        return Pair(desired) if desired.quantity > 0 else None

    def _ended(self, desired: DesiredAddition) -> OwnedAddition | None:
        """Return the addition that ended on the day before the desired one begins, so that it lives again.

        Only additions that an apply of ours has ended count: see `Ownership.ended`.
        """
        found = [
            each
            for each in self._ownership.ended.get(desired.owner, ())
            if each.addition.agreement_product == desired.agreement_product
            and each.addition.cancelled == day_before(desired.effective_date)
        ]
        return min(found, key=self._preference, default=None)

    def _candidates(self, desired: DesiredAddition) -> list[OwnedAddition]:
        """Return the owner's additions for this agreement and product, best first. More than one is ambiguous.

        An addition with a last day in the period is a candidate only if all of them have one. Then the one that we
        wrote is chosen, else the one with the latest last day, and billing continues with it.
        """
        if None in desired.agreement_product:
            return []
        same = [
            each
            for each in self._ownership.by_owner.get(desired.owner, ())
            if each.addition.agreement_product == desired.agreement_product and not self._is_left(desired, each)
        ]
        continuing = [each for each in same if self._goes_on(each.addition, desired.owner)]
        if not continuing:
            return sorted(same, key=self._preference)[:1]
        best = min(each.rank for each in continuing)
        return [each for each in continuing if each.rank == best]

    def _goes_on(self, addition: LiveAddition, owner: Owner) -> bool:
        """Return whether an addition bills on after the running month. For one of a single month: whether it bills."""
        return not addition.ends_by(self._last) if owner.period is None else bool(addition.quantity)

    def _is_left(self, desired: DesiredAddition, each: OwnedAddition) -> bool:
        """Return whether an earlier move set an addition to 0 and ended it, and the agreement is billed again later.

        It stays at 0: with a quantity, it would bill the running month, and the other agreement bills that.
        """
        line = each.addition
        empty = line.is_left and line.ends_by(self._last)
        return desired.billed_elsewhere and empty and (line.effective or "") < desired.effective_date

    def _preference(self, each: OwnedAddition) -> tuple[int, bool, list[int], int]:
        """Return a sort key for additions with a last day: the best one has the smallest key."""
        recorded = self._snapshot.additions.get(each.addition.id)
        latest_first = [-ord(character) for character in each.addition.cancelled or ""]
        return (each.rank, recorded is None or not recorded.last_applied, latest_first, each.addition.id)

    def _refused(self, pairs_of: Mapping[Owner, Sequence[Pair | None]]) -> dict[str, tuple[str, ...]]:
        """Return the mappings that cannot be written, with the reasons."""
        refused: dict[str, tuple[str, ...]] = {}
        adopters: dict[int, list[DesiredAddition]] = defaultdict(list)
        for pairs in pairs_of.values():
            for pair in pairs:
                if pair is not None and pair.live is not None and pair.evidence == "adopt":
                    adopters[pair.live.id].append(pair.desired)
        for owner, desired in self._by_owner.items():
            reasons = tuple(reason for each in desired for reason in self._reasons(each, adopters))
            same_product = tuple(_same_product_twice(desired))
            if reasons or same_product:
                refused[owner.mapping] = (*same_product, *reasons)
        return refused

    def _reasons(self, desired: DesiredAddition, adopters: Mapping[int, Sequence[DesiredAddition]]) -> Iterator[str]:
        """Yield each reason why this addition cannot be written."""
        if desired.quantity < 0 or (desired.unit_price or _ZERO) < 0:
            price = "" if desired.unit_price is None else f" at {plain_decimal(desired.unit_price)}"
            yield f"{desired.address}: a quantity of {plain_decimal(desired.quantity)}{price} is negative"
        owned = self._candidates(desired)
        if len(owned) > 1:
            what_they_have = {
                "tag": f"have the tag {desired.owner.tag}",
                "first version": "have its tag of an earlier version",
                "renamed": "have a tag of this mapping under another name",
                "untagged": "had the tag of this mapping before it was removed by hand",
            }[owned[0].evidence]
            ids = ids_text(each.addition for each in owned)
            yield f"{desired.address}: {len(owned)} additions {what_they_have}: ids {ids}. Cancel all but one"
        if owned:
            return
        if not desired.adopt or not self._adoptable.get(desired.agreement_product):
            yield from _never_bills(desired)
            return
        candidates = self._adoptable.get(desired.agreement_product, [])
        if len(candidates) > 1:
            yield (
                f"{desired.address}: adopt: {len(candidates)} untagged additions of that agreement and product: "
                f"ids {ids_text(candidates)}. Cancel those that must not be adopted"
            )
        elif candidates and len(rivals := adopters.get(candidates[0].id, ())) > 1:
            others = " and ".join(each.address for each in rivals if each is not desired)
            yield f"{desired.address}: adopt: {others} would adopt the addition with id {candidates[0].id} too"


def _never_bills(desired: DesiredAddition) -> Iterator[str]:
    """Yield the reason if a new addition would bill nothing, because it would begin after its last day."""
    if desired.last_day is not None and desired.effective_date > desired.last_day and desired.quantity > 0:
        yield (
            f"{desired.address}: {desired.late_start_reason}, so it would begin on {desired.effective_date}, after its "
            f"last day {desired.last_day}; no new addition can bill its {plain_decimal(desired.quantity)}: look "
            "whether the invoices until then have it, and bill it by hand if not"
        )


def _same_product_twice(desired: Iterable[DesiredAddition]) -> Iterator[str]:
    """Yield a reason for each product that is declared under two names: one addition cannot have two quantities."""
    seen: dict[object, DesiredAddition] = {}
    for each in desired:
        first = seen.setdefault((each.agreement, each.product), each)
        if first is not each:
            yield f"{each.address} and {first.address} are the same product under two names: use one of them"
