"""The simulated customers: random cells of the grid of money, with what they had in each month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random

from tests.money_grid import manifests
from tests.money_grid.axes import axes
from tests.money_grid.oracle import Line, Reading
from tests.money_grid.terms import Terms
from tests.months.console import SOURCES

FIRST_MONTH = date(2026, 10, 1)
CHANGES = ("nothing", "price", "range", "agreement", "mapping", "name", "device")
"""What can change of a customer. The zone is that of the whole workspace."""


@dataclass
class Customer:
    """A customer, with the figures that the reconciler knows of it."""

    terms: Terms
    readings: list[Reading] = field(default_factory=list)
    ran_with: dict[date, Terms] = field(default_factory=dict)
    """Its terms in the last run of each month."""
    billed: list[Line] = field(default_factory=list)
    """The lines of all months, as the last run that did not hold it has left them."""
    agreement: str = ""
    """The agreement of these lines."""
    edited: bool = False
    """Whether somebody has edited one of its additions. A second edit makes a rival writer."""
    text: str = ""
    """The document of its mapping."""
    written_for: Terms | None = None
    """The terms that this document has."""

    @property
    def number(self) -> int:
        return self.terms.number

    @property
    def source(self) -> str:
        return self.terms.source

    @property
    def needs_only_used(self) -> bool:
        """Return whether a device without a used storage is unknown to all of its meters."""
        value = self.terms.value
        return (value["meter"], value["charges"]) == ("storage", "one") and value["allowance"] != "a meter"

    @property
    def has_dated_price(self) -> bool:
        """Return whether its price changes, and has a day from which it counts, also in months that are over."""
        return self.terms.value["change"] == "price" and self.terms.value["price"].endswith("prices")

    def document(self) -> str:
        """Return the document of its mapping as YAML. It is written again only if the terms have changed."""
        if self.written_for != self.terms:
            self.text, self.written_for = manifests.to_yaml([manifests.mapping(self.terms)]), self.terms
        return self.text


def random_customers(random: Random, number: int) -> Iterator[Customer]:
    """Yield so many customers with rules that the validation accepts, spread over the sources."""
    names = [axis.name for axis in axes()]
    counts: Counter[str] = Counter()
    while sum(counts.values()) < number:
        cell = tuple(random.choice(axis.values) for axis in axes())
        value = dict(zip(names, cell, strict=True))
        source = f"{value['source']}-{value['unit']}"
        if (
            source not in SOURCES
            or value["phase"] != "middle"
            or value["change"] not in CHANGES
            or counts[source] > number // len(SOURCES)
            or manifests.problem(cell) is not None
        ):
            continue
        yield Customer(Terms(SOURCES[source] * 100 + counts[source], cell))
        counts[source] += 1
