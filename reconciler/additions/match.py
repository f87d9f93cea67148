"""Desired additions against live ones, once: what each line is written to, what is adopted, what is left over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from reconciler.additions.desired import DesiredAddition
from reconciler.additions.live import AgreementProduct, LiveAddition, ids_text
from reconciler.additions.ownership import Evidence, OwnedAddition, Owner, Ownership
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.snapshot import Snapshot
from reconciler.metering.period import Period

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Pair:
    """A line and the live addition that it is written to; none where it is made."""

    line: DesiredAddition
    live: LiveAddition | None = None
    evidence: Evidence | Literal["adopt"] = "tag"


@dataclass(frozen=True, slots=True)
class Superseded:
    """An addition of a charge that bills by another product or agreement now: it goes to 0, also where it has a last
    day: an invoice of the period bills it whole."""

    owner: Owner
    live: LiveAddition
    after: frozenset[str]
    """Addresses of the lines that take its place: they are written first."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An addition of a charge beside the one that is its line, of the same agreement and product."""

    owner: Owner
    live: LiveAddition


@dataclass(frozen=True, slots=True)
class Matched:
    pairs: tuple[Pair, ...]
    superseded: tuple[Superseded, ...]
    duplicates: tuple[Duplicate, ...]
    """Those that go on."""
    kept: tuple[LiveAddition, ...]
    """Ours, and left as they are: of held and refused customers."""
    ending_duplicates: tuple[Duplicate, ...]
    """Those that end in the period: somebody has cancelled them already, and an invoice of the period bills them."""
    refused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Mapping → why nothing of it is written."""


def match(lines: Iterable[DesiredAddition], ownership: Ownership, period: Period, snapshot: Snapshot) -> Matched:
    """Each line finds its addition by owner, agreement and product. Ambiguity refuses the mapping, and lists ids."""
    by_owner: dict[Owner, list[DesiredAddition]] = defaultdict(list)
    for line in lines:
        by_owner[line.owner].append(line)
    matcher = _Matcher(ownership, period, snapshot, by_owner)
    return matcher.matched()


class _Matcher:
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
        pairs: list[Pair] = []
        superseded: list[Superseded] = []
        duplicates: list[Duplicate] = []
        kept: list[LiveAddition] = []
        ending_duplicates: list[Duplicate] = []
        found = {owner: [self._pair(line) for line in lines] for owner, lines in self._by_owner.items()}
        refused = self._refused(found)
        for owner, owned in self._ownership.by_owner.items():
            if owner not in found or owner.mapping in refused:
                kept += (each.addition for each in owned)
        for owner, theirs in found.items():
            if owner.mapping in refused:
                continue
            pairs += (pair for pair in theirs if pair is not None)
            taken = {pair.live.id for pair in theirs if pair is not None and pair.live is not None}
            places = {line.agreement_product for line in self._by_owner[owner]}
            after = frozenset(line.address for line in self._by_owner[owner])
            for each in self._ownership.by_owner.get(owner, ()):
                addition = each.addition
                if addition.id in taken:
                    continue
                if addition.agreement_product not in places:
                    superseded.append(Superseded(owner, addition, after))
                elif addition.ends_by(self._last):
                    ending_duplicates.append(Duplicate(owner, addition))
                else:
                    duplicates.append(Duplicate(owner, addition))
        return Matched(
            tuple(pairs), tuple(superseded), tuple(duplicates), tuple(kept), tuple(ending_duplicates), refused
        )

    def _pair(self, line: DesiredAddition) -> Pair | None:
        """None where there is nothing to do for the line."""
        owned = self._candidates(line)
        if owned:
            return Pair(line, owned[0].addition, owned[0].evidence)
        if line.emptied:
            return None
        if line.adopt and (adoptable := self._adoptable.get(line.agreement_product, [])):
            return Pair(line, adoptable[0], "adopt")
        return Pair(line) if line.quantity > 0 else None

    def _candidates(self, line: DesiredAddition) -> list[OwnedAddition]:
        """The additions of the line's owner at its place, the best first; more than one is an ambiguity.

        One whose last day somebody has set is the line only where no other goes on. Of several such ones the one that
        we wrote, and else the one that ended last, is taken up again: billing goes on.
        """
        if None in line.agreement_product:
            return []
        here = [
            each
            for each in self._ownership.by_owner.get(line.owner, ())
            if each.addition.agreement_product == line.agreement_product
        ]
        going = [each for each in here if not each.addition.ends_by(self._last)]
        if not going:
            return sorted(here, key=self._preference)[:1]
        best = min(each.rank for each in going)
        return [each for each in going if each.rank == best]

    def _preference(self, each: OwnedAddition) -> tuple[int, bool, list[int], int]:
        known = self._snapshot.additions.get(each.addition.id)
        newest = [-ord(character) for character in each.addition.cancelled or ""]
        return (each.rank, known is None or not known.last_applied, newest, each.addition.id)

    def _refused(self, found: Mapping[Owner, Sequence[Pair | None]]) -> dict[str, tuple[str, ...]]:
        refused: dict[str, tuple[str, ...]] = {}
        adopters: dict[int, list[DesiredAddition]] = defaultdict(list)
        for pairs in found.values():
            for pair in pairs:
                if pair is not None and pair.live is not None and pair.evidence == "adopt":
                    adopters[pair.live.id].append(pair.line)
        for owner, lines in self._by_owner.items():
            reasons = tuple(reason for line in lines for reason in self._reasons(line, adopters))
            twice = tuple(_twice(lines))
            if reasons or twice:
                refused[owner.mapping] = (*twice, *reasons)
        return refused

    def _reasons(self, line: DesiredAddition, adopters: Mapping[int, Sequence[DesiredAddition]]) -> Iterator[str]:
        if line.quantity < 0 or (line.unit_price or _ZERO) < 0:
            price = "" if line.unit_price is None else f" at {plain_decimal(line.unit_price)}"
            yield f"{line.address}: a quantity of {plain_decimal(line.quantity)}{price} is negative"
        owned = self._candidates(line)
        if len(owned) > 1:
            said = {
                "tag": f"carry the tag {line.owner.tag}",
                "first version": "carry its tag of an earlier version",
                "renamed": "were this mapping's under other names",
                "untagged": "were this mapping's before their tag was removed by hand",
            }[owned[0].evidence]
            listed = ids_text(each.addition for each in owned)
            yield f"{line.address}: {len(owned)} additions {said}: ids {listed}. Cancel all but one"
        if owned or not line.adopt:
            return
        candidates = self._adoptable.get(line.agreement_product, [])
        if len(candidates) > 1:
            yield (
                f"{line.address}: adopt: {len(candidates)} untagged additions of that agreement and product: "
                f"ids {ids_text(candidates)}. Cancel those that must not be taken over"
            )
        elif candidates and len(rivals := adopters.get(candidates[0].id, ())) > 1:
            others = " and ".join(each.address for each in rivals if each is not line)
            yield f"{line.address}: adopt: {others} would adopt the addition with id {candidates[0].id}, too"


def _twice(lines: Iterable[DesiredAddition]) -> Iterator[str]:
    """One product under two names would be one addition with two quantities."""
    first: dict[object, DesiredAddition] = {}
    for line in lines:
        known = first.setdefault((line.agreement, line.product), line)
        if known is not line:
            yield f"{line.address} and {known.address} are the same product under two names: use one of them"
