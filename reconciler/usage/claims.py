"""Additions that are a mapping's though they do not carry its mark. Pure.

A mark holds the names of the source and of the mapping, so that by another name either would have its lines made
anew, beside those that bill already; and a mark that somebody clears in ConnectWise would do the same. The customer
would pay twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from reconciler.kinds.estate import Estate, LiveObject
from reconciler.planning.additions import WantedLine
from reconciler.planning.standing import Period, ends, mark_of, overlaps, place_of
from reconciler.usage.mark import customer_of
from reconciler.usage.mark import mark_of as mark_of_mapping
from reconciler.usage.rules import Rule

Claims = Mapping[str, frozenset[int]]
"""By mapping: ids of live additions."""

Place = tuple[int | None, int | None]


def renamed(rules: Sequence[Rule], sources: Collection[str], estate: Estate, period: Period) -> Claims:
    """Additions where a mapping bills, under a mark of its customer that no mapping has: it had another name before.

    One customer of a source has one mapping, so there is nobody else whose they could be. `sources` are those of the
    workspace: a mark of any other is of one that was renamed. Where one with the right mark is there too, the other
    is not taken for it: it stays an orphan that somebody has to look at.
    """
    by_mark = {mark_of_mapping(rule.source, rule.customer_id, rule.name): rule.name for rule in rules}
    strangers = [obj for obj in _all(estate) if (mark := mark_of(obj)) and mark not in by_mark and _bills(obj, period)]
    if not strangers:
        return {}
    owner = _Owners(rules, sources)
    taken = {(by_mark.get(mark_of(obj)), place_of(obj)) for obj in _all(estate) if _bills(obj, period)}
    found: dict[str, set[int]] = defaultdict(set)
    for obj in strangers:
        mapping = owner.of(mark_of(obj))
        if mapping and (mapping, place_of(obj)) not in taken and place_of(obj) in set(_places(mapping, estate)):
            found[mapping].add(obj.id)
    return {mapping: frozenset(ids) for mapping, ids in found.items()}


def _bills(obj: LiveObject, period: Period) -> bool:
    """Through the month and beyond."""
    return overlaps(obj, period) and not ends(obj, period)


class _Owners:
    """Whose customer a mark speaks of."""

    def __init__(self, rules: Sequence[Rule], sources: Collection[str]) -> None:
        self._sources = sources
        self._by_customer = {(rule.source, rule.customer_id): rule.name for rule in rules}
        self._by_id: dict[str, list[str]] = defaultdict(list)
        for rule in rules:
            self._by_id[rule.customer_id].append(rule.name)

    def of(self, mark: str) -> str | None:
        """The one mapping that it can be."""
        told = customer_of(mark)
        if told is None:
            return None
        if told[0] in self._sources:
            return self._by_customer.get(told)
        names = self._by_id.get(told[1], [])
        return names[0] if len(names) == 1 else None


def _places(mapping: str, estate: Estate) -> Iterator[Place]:
    """Where a mapping bills: its agreement with each of its products."""
    links = estate.links[f"CustomerMapping/{mapping}"]
    agreement = links.get(("agreement",))
    for path, link in links.items():
        if path[-1] == "product" and agreement is not None:
            yield (agreement.id, link.id)


def unmarked(lines: Iterable[WantedLine], written: Mapping[str, int | None], estate: Estate) -> Claims:
    """Additions that we wrote, as the ledger knows by address, and that carry no mark now."""
    bare = {obj.id for obj in _all(estate) if not mark_of(obj)}
    found: dict[str, set[int]] = defaultdict(set)
    for line in lines:
        number = written.get(line.address)
        if number in bare:
            found[line.mapping].add(number)
    return {mapping: frozenset(ids) for mapping, ids in found.items()}


def _all(estate: Estate) -> Iterable[LiveObject]:
    return (obj for objects in estate.additions.values() for obj in objects)
