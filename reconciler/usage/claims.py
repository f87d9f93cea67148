"""Additions that are a mapping's though they do not carry its mark. Pure.

A mark holds the mapping's name, so that a mapping by another name would make its lines anew, beside those that bill
already; and a mark that somebody clears in ConnectWise would do the same. The customer would pay twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.kinds.estate import Estate, LiveObject
from reconciler.planning.additions import WantedLine
from reconciler.planning.standing import Period, ends, mark_of, overlaps, place_of
from reconciler.usage.mark import customer_of
from reconciler.usage.mark import mark_of as mark_of_mapping
from reconciler.usage.rules import Rule

Claims = Mapping[str, frozenset[int]]
"""By mapping: ids of live additions."""

Place = tuple[int | None, int | None]


def renamed(rules: Sequence[Rule], estate: Estate, period: Period) -> Claims:
    """Additions where a mapping bills, under a mark of its customer that no mapping has: it had another name before.

    One customer of a source has one mapping, so there is nobody else whose they could be. Where one with the right
    mark is there too, the other is not taken for it: it stays an orphan that somebody has to look at.
    """
    by_mark = {mark_of_mapping(rule.source, rule.customer_id, rule.name): rule.name for rule in rules}
    by_customer = {(rule.source, rule.customer_id): rule.name for rule in rules}
    living = [obj for obj in _all(estate) if mark_of(obj) and overlaps(obj, period) and not ends(obj, period)]
    right = {(by_mark.get(mark_of(obj)), place_of(obj)) for obj in living}
    found: dict[str, set[int]] = defaultdict(set)
    for obj in living:
        mapping = None if mark_of(obj) in by_mark else by_customer.get(customer_of(mark_of(obj)) or ("", ""))
        if mapping and (mapping, place_of(obj)) not in right and place_of(obj) in set(_places(mapping, estate)):
            found[mapping].add(obj.id)
    return {mapping: frozenset(ids) for mapping, ids in found.items()}


def _places(mapping: str, estate: Estate) -> Iterator[Place]:
    """Where a mapping bills: its agreement with each of its products."""
    links = estate.links[f"CustomerMapping/{mapping}"]
    for path, link in links.items():
        if path[-1] == "product":
            yield (links[("agreement",)].id, link.id)


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
