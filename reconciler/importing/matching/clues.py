"""Find evidence besides the name: domains, the address, and an addition that fits the usage.

Each clue has a weight in the same unit as the costs of names (`words.py`). A clue that many companies share weighs
less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.importing.matching.contacts import city_of, domains_of, label_of, same_street, zip_of
from reconciler.importing.matching.model import Address, CandidateCompany, Customer, CustomerKey
from reconciler.importing.matching.usage import Quantities, fit_text, fitting_addition

OWN_DOMAIN = 6.0
SAME_STREET = 4.5
_NOWHERE = Address()
_NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Clue:
    """One piece of evidence for a company, or against it if its weight is negative."""

    weight: float
    text: str
    kind: str


class Clues:
    """The domains, places and quantities of an estate, by the companies and customers that have them."""

    def __init__(self, customers: Iterable[Customer], companies: Sequence[CandidateCompany]) -> None:
        self._companies = companies
        self._domains: list[frozenset[str]] = []
        self._zips: list[frozenset[str]] = []
        self._cities: list[frozenset[str]] = []
        self._customer_domains: dict[CustomerKey, frozenset[str]] = {}
        self._with_domain: dict[str, list[int]] = defaultdict(list)
        self._with_label: dict[str, set[int]] = defaultdict(set)
        self._at: dict[str, set[int]] = defaultdict(set)
        self._in_city: dict[str, set[int]] = defaultdict(set)
        self._customers_with: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for customer in customers:
            self._customer_domains[customer.key] = domains_of(customer.emails, customer.domains)
            for domain in self._customer_domains[customer.key]:
                self._customers_with[domain].add(customer.key)
        for place, company in enumerate(companies):
            self._domains.append(domains_of(company.emails, company.domains))
            for domain in self._domains[-1]:
                self._with_domain[domain].append(place)
                self._with_label[label_of(domain)].add(place)
            self._zips.append(frozenset(zip_of(address) for address in company.addresses) - {""})
            self._cities.append(frozenset(city_of(address) for address in company.addresses) - {""})
            for code in self._zips[-1]:
                self._at[code].add(place)
            for city in self._cities[-1]:
                self._in_city[city].add(place)
        self._quantities = Quantities(company for company in companies if company.active)

    def places(self, customer: Customer, joined: str) -> list[int]:
        """Return the companies with a domain of the customer, with its name as domain, or at its street."""
        found: list[int] = []
        for domain in sorted(self._customer_domains[customer.key]):
            if len(places := self._with_domain.get(domain, [])) <= 5:
                found += places
        if len(joined) >= 5:
            found += sorted(self._with_label.get(joined, ()))[:5]
        if customer.address.street and len(at := self._at.get(zip_of(customer.address), _NONE)) <= 50:
            found += [place for place in sorted(at) if self._street_of(place, customer.address)]
        return found

    def has_domain(self, place: int, joined: str) -> bool:
        """Return whether a company, and no other one, has a domain that is the words of a name without blanks."""
        return len(joined) >= 5 and self._with_label.get(joined) == {place}

    def of(self, customer: Customer, place: int) -> list[Clue]:
        """Return the evidence for and against a company besides its name."""
        found = self._of_domains(customer, place) + self._of_address(customer.address, place)
        company = self._companies[place]
        if customer.quantity and (addition := fitting_addition(company, customer)):
            rarity = self._quantities.rarity(customer.quantity)
            found.append(Clue(min(3.5, rarity / 2), fit_text(addition, customer), "quantity"))
        return found

    def _of_domains(self, customer: Customer, place: int) -> list[Clue]:
        theirs = self._customer_domains[customer.key]
        if not theirs or not self._domains[place]:
            return []
        common = sorted(theirs & self._domains[place], key=lambda domain: (len(self._with_domain[domain]), domain))
        if not common:
            mine = ", ".join(sorted(self._domains[place])[:2])
            return [Clue(-0.5, f"domain: {', '.join(sorted(theirs)[:2])} is not {mine}", "domain")]
        domain = common[0]
        others, customers = len(self._with_domain[domain]) - 1, len(self._customers_with[domain]) - 1
        if others or customers:
            shared = [f"{others} more companies"] * bool(others) + [f"{customers} more customers"] * bool(customers)
            text = f"domain: both have {domain}, but so have {' and '.join(shared)}"
            return [Clue(1.5 if others + customers <= 2 else 0.3, text, "shared domain")]
        return [Clue(OWN_DOMAIN, f"domain: both have {domain}, and no other company or customer has it", "own domain")]

    def _of_address(self, address: Address, place: int) -> list[Clue]:
        if address == _NOWHERE:
            return []
        addresses, codes, cities = self._companies[place].addresses, self._zips[place], self._cities[place]
        code, city = zip_of(address), city_of(address)
        if code and code in codes:
            others = len(self._at[code]) - 1
            if address.street and self._street_of(place, address):
                neighbours = sum(self._street_of(each, address) for each in self._at[code]) - 1 if others <= 50 else 50
                text = f"address: both are at {address.street}, {address.zip}"
                return [Clue(SAME_STREET if neighbours <= 1 else 1.5, text, "street")]
            weight = 2.5 if others <= 2 else 1.5 if others <= 10 else 0.7
            return [Clue(weight, f"address: both have the postal code {address.zip} ({others} more companies)", "zip")]
        if city and city in cities:
            share = len(self._in_city[city]) / len(self._companies)
            return [Clue(1.5 if share <= 0.03 else 0.7, f"address: both are in {address.city}", "city")]
        if (code and codes) or (city and cities):
            apart = bool(city and cities)
            return [
                Clue(-1.0 if apart else -0.3, f"address: {_place(address)} is not {_place(addresses[0])}", "address")
            ]
        return []

    def _street_of(self, place: int, address: Address) -> bool:
        code = zip_of(address)
        return any(zip_of(each) == code and same_street(each, address) for each in self._companies[place].addresses)


def _place(address: Address) -> str:
    return " ".join(part for part in (address.zip, address.city) if part) or address.street
