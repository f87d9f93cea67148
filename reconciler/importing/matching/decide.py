"""Decide which candidate is proposed. When in doubt, none is.

A wrong proposal costs far more than an open one. So the best candidate has to be near, its name has to say enough, and
every other candidate has to be clearly further away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.importing.matching.compare import NameMatch
from reconciler.importing.matching.judge import Judged
from reconciler.importing.matching.model import CustomerKey
from reconciler.importing.matching.other_words import CORROBORATED, shown, why_other_words
from reconciler.importing.matching.usage import live_agreements

NEAR_ENOUGH = 3.6
"""The largest distance of a company that is proposed, unless its name says much."""

FAR_BUT_TELLING = 6.6
"""The largest distance of a company that is proposed if both names share many rare words."""

FAR_BUT_WHOLE = 6.0
"""The largest distance of a company if each word has a pair, and two words have errors."""

_NO_CHANCE = 4.0
"""How many bits more than necessary the shared words must say, so that the match is hardly chance."""

_NO_CHANCE_IF_WHOLE = 1.0
"""The same, if each word has a pair and the legal forms do not contradict each other."""

MARGIN = 4.0
"""How much further away every other candidate has to be."""

_SMALL_MARGIN = 2.0
_BILLED = 2.0
_CLAIMED = 4.0
_OTHER_HAS_DOMAIN = 4.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The company that is proposed by names and clues, or why none is."""

    chosen: Judged | None
    reasons: tuple[str, ...] = ()


class Claims:
    """Which customers are nearest to each company. A company that belongs to another customer is a weaker rival."""

    def __init__(self, best: Mapping[CustomerKey, Judged]) -> None:
        self._distances: dict[int, list[tuple[float, CustomerKey]]] = defaultdict(list)
        for key, judged in best.items():
            self._distances[judged.company.id].append((judged.distance, key))
        self._taken: set[int] = set()

    def take(self, company_ids: Iterable[int]) -> None:
        """Note companies that belong to a customer for certain."""
        self._taken |= set(company_ids)

    def belongs_to_another(self, judged: Judged, key: CustomerKey) -> bool:
        """Return whether a company is clearly nearer to another customer of any source."""
        if judged.company.id in self._taken:
            return True
        return any(
            other != key and distance <= judged.distance - 2 and distance <= NEAR_ENOUGH
            for distance, other in self._distances.get(judged.company.id, ())
        )


def decide(key: CustomerKey, candidates: Sequence[Judged], claims: Claims, bits: float) -> Verdict:
    """Return the verdict on a customer's candidates, the nearest first. `bits` measures the number of companies."""
    if not candidates:
        return Verdict(None, ("no company has a similar name, domain or address",))
    best = candidates[0]
    if reason := _too_weak(best, candidates, bits):
        return Verdict(None, (reason,))
    rivals = [each for each in candidates[1:] if _is_rival(best, each, claims, key)]
    if rivals:
        names = ", ".join(shown(each) for each in rivals[:4])
        return Verdict(None, (f"{shown(best)} is near, but so is {names}",))
    if not best.company.active:
        return Verdict(None, (f"the nearest company, {shown(best)}, is inactive or deleted",))
    return Verdict(best)


def _too_weak(best: Judged, candidates: Sequence[Judged], bits: float) -> str | None:
    distance, name = best.distance, shown(best)
    elsewhere = [each for each in candidates[1:] if each.has("own domain")]
    if elsewhere and not best.has("own domain") and distance + _OTHER_HAS_DOMAIN > NEAR_ENOUGH:
        return f"the nearest company is {name}, but its domain is that of {shown(elsewhere[0])}"
    surplus = best.name.information - bits - best.name_cost + best.weight
    if distance > _farthest(best, surplus):
        return f"the nearest company is {name}, and that is not near enough"
    if best.is_identified:
        return None
    if best.name.lacks_number and best.weight < CORROBORATED:
        return f"the nearest company is {name}, but several have this name, each with a number of its own"
    if not best.name.is_same and best.is_contradicted:
        return f"the nearest company is {name}, but its name differs, and its domain or its address too"
    if best.name.only_left or best.name.only_right or not best.name.pairs:
        return why_other_words(best, surplus)
    return None


def _farthest(best: Judged, surplus: float) -> float:
    """Return the largest distance of a company that is proposed. Names that share rarer words may differ more."""
    if surplus >= _NO_CHANCE:
        return FAR_BUT_TELLING
    whole = best.name.is_whole and not best.name.forms_differ
    return FAR_BUT_WHOLE if whole and surplus >= _NO_CHANCE_IF_WHOLE else NEAR_ENOUGH


def _is_rival(best: Judged, other: Judged, claims: Claims, key: CustomerKey) -> bool:
    if best.name.is_longer and other.name.is_longer and not claims.belongs_to_another(other, key):
        return other.weight > best.weight - MARGIN  # They may be branches of one company.
    ahead = other.distance - best.distance
    if not other.company.active and other.name.is_whole and best.name.is_whole:
        return ahead < 0
    if best.name.right.joined == other.name.right.joined and not claims.belongs_to_another(other, key):
        # Two companies have the name. A single clue may be stored at the wrong one.
        ahead_in = best.kinds - other.kinds
        if len(ahead_in) < (1 if any(clue.weight < 0 for clue in other.clues) else 2):
            return True
    ours, theirs = (bool(live_agreements(each.company)) and each.company.active for each in (best, other))
    if ours != theirs:
        ahead += _BILLED if ours else -MARGIN
    if claims.belongs_to_another(other, key):
        ahead += _CLAIMED
    return ahead < (_SMALL_MARGIN if _adds_only(best.name, other.name) else MARGIN)


def _adds_only(best: NameMatch, other: NameMatch) -> bool:
    """Return whether the best company has the same words, also with errors, and the other company has not."""
    if other.forms_differ or best.added_right or not best.is_whole:
        return False
    return bool(other.only_left) != bool(other.only_right)
