"""Judge each candidate: how far its name is away, and what else speaks for it.

The distance of a candidate is the cost of its name less the weight of the clues. The smaller, the nearer.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from reconciler.importing.matching.clues import Clue, Clues
from reconciler.importing.matching.compare import TOO_FAR, NameMatch, compare
from reconciler.importing.matching.contacts import city_of
from reconciler.importing.matching.folding import plain
from reconciler.importing.matching.index import NameIndex
from reconciler.importing.matching.leftover import Around
from reconciler.importing.matching.letters import ends_a_word
from reconciler.importing.matching.model import CandidateCompany, Customer
from reconciler.importing.matching.names import Name, names_of
from reconciler.importing.matching.words import count_words

_KINDS = {
    "own domain": "domain",
    "shared domain": "domain",
    "street": "place",
    "zip": "place",
    "city": "place",
    "quantity": "quantity",
    "code in name": "code",
}
_CUT_IDENTIFIER = 15
_ALIAS = 1.0
_IDENTIFIER = 1.0
_WEB_NAME = 3.0
_CODE_IN_NAME = 3.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A company as a candidate of one customer."""

    place: int
    """Its index among the companies."""
    company: CandidateCompany
    name: NameMatch
    name_cost: float
    """The cost of the name. It is less than that of `name` if the identifier or the web site is the name."""
    clues: tuple[Clue, ...]
    note: str = ""
    """How the name was found, if not by its words."""
    is_identified: bool = False
    """True if the customer's name is the identifier of the company."""

    @property
    def weight(self) -> float:
        """Return the sum of all clues."""
        return sum(clue.weight for clue in self.clues)

    @property
    def distance(self) -> float:
        """Return how far the company is away from the customer."""
        return self.name_cost - self.weight

    @property
    def is_contradicted(self) -> bool:
        """Return whether there is a clue against the company, and no clear one for it."""
        return any(clue.weight < 0 for clue in self.clues) and not any(clue.weight >= 2 for clue in self.clues)

    @property
    def kinds(self) -> frozenset[str]:
        """Return the kinds of evidence for it besides its name. A web site counts as its domain."""
        found = {_KINDS[clue.kind] for clue in self.clues if clue.weight >= 1}
        return frozenset(found | ({"domain"} if self.note and not self.is_identified else set()))

    def has(self, *kinds: str) -> bool:
        """Return whether one of its clues is of one of these kinds."""
        return any(clue.kind in kinds for clue in self.clues)


class Judge:
    """Finds and judges the candidates of each customer of an estate."""

    def __init__(self, customers: Sequence[Customer], companies: Sequence[CandidateCompany]) -> None:
        self._companies = companies
        self._names = [names_of(company.name) for company in companies]
        self._customer_names = {customer.key: names_of(customer.name) for customer in customers}
        cities = frozenset(chain.from_iterable(_cities(company) for company in companies))
        everywhere = cities.union(*(city_of(customer.address).split() for customer in customers))
        self.words = count_words(
            (each[0] for each in self._names), (each[0] for each in self._customer_names.values()), everywhere
        )
        self._index = NameIndex(self._names)
        self._clues = Clues(customers, companies)
        self._named = Counter(each[0].joined for each in self._names)
        self._identifiers: dict[str, int] = {}
        self._around: list[Around] = []
        for place, company in enumerate(companies):
            self._identifiers[_condensed(company.identifier)] = place
            self._around.append(Around(_own_words(company), frozenset() if _cities(company) else cities))
        self.bits = math.log2(len(companies) + 1)

    def candidates(self, customer: Customer) -> list[Judged]:
        """Return the candidates of a customer, the nearest first."""
        names = self._customer_names[customer.key]
        places = self._index.candidates(names)
        places += self._clues.places(customer, names[0].joined)
        if (named := self._identifiers.get(names[0].written)) is not None:
            places.append(named)
        judged = (self.of(customer, place) for place in dict.fromkeys(places))
        near = [each for each in judged if each.distance < TOO_FAR - 2 or each.name.is_longer]
        return sorted(near, key=lambda each: (each.distance, not each.company.active, each.company.id))

    def same_words(self, one: Customer, other: Customer) -> bool:
        """Return whether two customers have the same name, apart from spelling and errors."""
        known = self._customer_names
        left, right = (known.get(each.key) or names_of(each.name) for each in (one, other))
        match = compare(left[0], right[0], self.words)
        return bool(match.pairs) and not match.only_left and not match.only_right

    def of(self, customer: Customer, place: int) -> Judged:
        """Return the judgement on one company."""
        company = self._companies[place]
        names = self._customer_names[customer.key]
        cost, best = self._nearest_names(names, place)
        note, is_identified = "", False
        clues = self._clues.of(customer, place)
        if cost > _IDENTIFIER and self._is_named_by_identifier(names[0], place):
            is_identified = True
            cost, note = _IDENTIFIER, f"name: {customer.name!r} is the company's identifier"
        elif cost > _WEB_NAME and self._clues.has_domain(place, names[0].joined):
            cost, note = _WEB_NAME, f"name: {customer.name!r} is the name of the company's web site"
        if codes := [
            word
            for word in names[0].words
            if word.is_code and len(word.plain) >= 4 and word.plain in self._around[place].own
        ]:
            clues.append(Clue(_CODE_IN_NAME, f"name: it has the company's code {codes[0].plain}", "code in name"))
        return Judged(place, company, best, cost, tuple(clues), note, is_identified)

    def _is_named_by_identifier(self, name: Name, place: int) -> bool:
        """Return whether a name is the identifier of a company whose own name nobody else has.

        An identifier is made from a name, so it does not tell companies of one name apart. If it is the beginning of
        the company's name, cut off between two words or at the width of the field, it says no more than the name.
        """
        whole = self._names[place][0]
        if whole.written.startswith(name.written) and (
            len(name.written) >= _CUT_IDENTIFIER or ends_a_word(whole, len(name.written))
        ):
            return False
        same = self._identifiers.get(name.written) == place and not name.written.isdigit()
        return same and self._named[whole.joined] == 1

    def _nearest_names(self, names: Sequence[Name], place: int) -> tuple[float, NameMatch]:
        """Return the match of the nearest two names, with its cost. Any but the first name of either costs more."""
        around = self._around[place]
        found = compare(names[0], self._names[place][0], self.words, around)
        cost = found.cost
        for left in names:
            for right in self._names[place]:
                if left is names[0] and right is self._names[place][0]:
                    continue
                other = compare(left, right, self.words, around)
                if other.cost + _ALIAS < cost:
                    cost, found = other.cost + _ALIAS, other
        return cost, found


def _own_words(company: CandidateCompany) -> frozenset[str]:
    """Return the words that may be added to a company's name: its city, its identifier and its codes."""
    codes = [_condensed(code) for code in (company.identifier, *company.codes)]
    numbers = chain.from_iterable(re.findall(r"\d{4,}", code) for code in codes)
    return frozenset(chain(_cities(company), numbers, (code for code in codes if len(code) >= 3)))


def _cities(company: CandidateCompany) -> frozenset[str]:
    return frozenset(chain.from_iterable(city_of(address).split() for address in company.addresses))


def _condensed(text: str) -> str:
    return "".join(char for char in plain(text) if char.isalnum())
