"""Estates with a known truth: companies as people type them in, and customers whose names are damaged.

A seed makes the whole estate. Beside the companies that have a customer there are vendors, prospects, look-alikes,
sisters, parents, doubled and inactive companies. The generator shares no table with the code under test.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

from reconciler.importing.matching.model import (
    Address,
    CandidateAddition,
    CandidateAgreement,
    CandidateCompany,
    Customer,
    Estate,
)
from tests.importing.matching.damages import DAMAGES
from tests.importing.matching.pools import (
    ACCENTS,
    CITIES,
    FORMS,
    FREE,
    NATURE,
    STREETS,
    SURNAMES,
    SYLLABLES,
    TRADES,
)


@dataclass(slots=True)
class World:
    """An estate, and the truth about it."""

    estate: Estate
    truth: dict[str, int] = field(default_factory=dict)
    """The company of each customer id. A customer without a company is missing."""
    damages: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)
    """Customers for which nothing tells two companies apart."""


@dataclass(slots=True)
class Firm:
    land: str
    core: str
    form: str
    city: str
    zip: str
    street: str
    domain: str
    usage: Decimal
    role: str = "customer"
    id: int = 0

    @property
    def name(self) -> str:
        return f"{self.core} {self.form}".strip()


def world(seed: int, size: int = 1000, *, clues: float = 0.5, absent: float = 0.03) -> World:
    """Return an estate with `size` customers. `clues` is the share that has a domain, an address or a usage
    known."""
    return _Maker(seed, size, clues, absent).world()


class _Maker:
    def __init__(self, seed: int, size: int, clues: float, absent: float) -> None:
        self.random = Random(seed)
        self.size, self.clues, self.absent = size, clues, absent
        self.cores: set[str] = set()

    def world(self) -> World:
        firms = [self.firm() for _ in range(self.size)]
        others = [other for firm in firms if self.random.random() < 0.12 for other in self.relatives(firm)]
        # A company of the same name as one that is missing cannot be told from it.
        missing = {firm.core for firm in firms if firm.role == "absent"}
        others = [other for other in others if other.core not in missing]
        others += [replace(self.firm(), role=self.random.choice(["vendor", "prospect"])) for _ in range(self.size // 2)]
        everyone = [*firms, *others]
        self.random.shuffle(everyone)
        for number, firm in enumerate(everyone):
            firm.id = 250 + number
        companies = tuple(self.company(firm) for firm in everyone if firm.role != "absent")
        made = World(Estate((), companies))
        customers = []
        for number, firm in enumerate(each for each in everyone if each.role in {"customer", "sister", "absent"}):
            customers.append(self.customer(str(1_000_000 + number * 7), firm, made))
        made.estate = Estate(tuple(customers), companies)
        return made

    def core(self, land: str) -> str:
        pick = self.random.choice
        surname = pick(SURNAMES[land].split())
        trade = " ".join(pick(TRADES[land].split("|")).split())
        coined = "".join(self.random.choices(SYLLABLES, k=self.random.choice([2, 3, 3]))).capitalize()
        other = pick(SURNAMES[land].split())
        also = {"us": "&", "de": "&", "fr": "et", "es": "y", "nl": "en", "no": "og"}[land]
        shapes = [
            f"{surname} {trade}", f"{surname} {also} {other}", f"{surname} {also} {other} {trade}",
            f"{coined} {trade}",
            f"{coined} {trade}", f"{pick(NATURE)} {coined}" if land == "us" else f"{coined} {surname}",
            f"{pick(NATURE)} {trade}" if land == "us" else f"{trade} {surname}", f"{coined}",
            f"{pick(CITIES[land])} {trade}",
            f"{surname} {'Bros.' if land == 'us' else 'Söhne' if land == 'de' else other} {trade}",
            f"St. {surname} {trade}" if land == "us" else f"{trade} {surname}",
        ]  # fmt: skip
        return pick(shapes)

    def firm(self) -> Firm:
        land = self.random.choices(list(SURNAMES), weights=[50, 20, 8, 8, 8, 6])[0]
        core = self.core(land)
        while core.lower() in self.cores:
            core = self.core(land)
        self.cores.add(core.lower())
        role = "absent" if self.random.random() < self.absent else "customer"
        return self.placed(Firm(land, core, self.random.choice(FORMS[land]), "", "", "", "", Decimal(0), role))

    def placed(self, firm: Firm) -> Firm:
        pick = self.random.choice
        label = "".join(char for char in firm.core.lower().translate(ACCENTS) if char.isalnum() and char.isascii())[:14]
        ending = {"us": "com"}.get(firm.land, firm.land)
        number = self.random.randrange(1, 900)
        return replace(
            firm, city=pick(CITIES[firm.land]), zip=f"{self.random.randrange(10000, 99999)}",
            domain=f"{label}.{ending}",
            street=f"{number} {pick(STREETS)} Street", usage=Decimal(self.random.randrange(200, 900_000)) / 100,
        )  # fmt: skip

    def relatives(self, firm: Firm) -> list[Firm]:
        kind = self.random.choice(
            ["sisters", "numbers", "look-alike", "two cities", "inactive", "parent", "form", "near"]
        )
        again = self.placed(replace(firm, role="prospect"))
        if kind == "sisters":
            firm.core, north = f"{firm.core} North", f"{firm.core} South"
            return [self.placed(replace(firm, core=north, role=self.random.choice(["sister", "prospect"])))]
        if kind == "numbers":
            firm.core, two = f"{firm.core} 1", f"{firm.core} 2"
            return [self.placed(replace(firm, core=two, role=self.random.choice(["sister", "prospect"])))]
        if kind == "look-alike":
            more = self.random.choice(["Care", "Group", "Partners", "Services"])
            return [replace(again, core=f"{firm.core} {more}")]
        if kind == "two cities":
            return [replace(again, domain=f"x{again.domain}")]
        if kind == "inactive":
            return [replace(again, core=f"{firm.core} {self.random.choice(['Old', 'Legacy', 'Two'])}", role="inactive")]
        if kind == "parent":
            return [replace(again, core=f"{firm.core} {self.random.choice(['Holding', 'of Texas', 'East'])}")]
        if kind == "form":
            others = [form for form in FORMS[firm.land] if form and form[0] != firm.form[:1]] or ["Trust"]
            return [replace(again, form=self.random.choice(others), domain=f"y{again.domain}")]
        words = firm.core.split()
        words[0] = self.random.choice(SURNAMES[firm.land].split())
        return [self.placed(replace(again, core=" ".join(words)))]

    def company(self, firm: Firm) -> CandidateCompany:
        known = self.random.random
        additions = ()
        if firm.role in {"customer", "sister"} and known() < 0.7:
            quantity = (firm.usage * Decimal(self.random.randrange(970, 1030)) / 1000).quantize(Decimal("0.01"))
            additions = (CandidateAddition(firm.id * 10, 5, quantity, product="CLOUD-BACKUP per GB"),)
        seats = CandidateAddition(firm.id * 10 + 1, 6, Decimal(self.random.randrange(1, 90)), product="MANAGED-SEAT")
        live = firm.role in {"customer", "sister"} or known() < 0.2
        agreements = (
            (CandidateAgreement(firm.id + 50_000, "Managed Services", additions=(*additions, seats)),) if live else ()
        )
        emails = (f"info@{firm.domain}",) if known() < 0.6 else (f"x{firm.id}@{self.random.choice(FREE)}",)
        address = Address(firm.street, firm.zip, firm.city) if known() < 0.85 else Address(city=firm.city)
        identifier = "".join(char for char in firm.core.upper() if char.isalnum())[:10] + str(firm.id)
        return CandidateCompany(
            firm.id, identifier, firm.name, firm.role != "inactive", emails, addresses=(address,), agreements=agreements
        )

    def customer(self, identity: str, firm: Firm, made: World) -> Customer:
        name, damages = firm.name, []
        for damage in self.random.sample(DAMAGES, k=self.random.choice([1, 2, 2])):
            changed = damage(self.random, name, firm)
            if changed != name and changed.strip():
                name = changed
                damages.append(damage.__name__)
        made.damages[identity] = tuple(damages)
        if firm.role != "absent":
            made.truth[identity] = firm.id
        known = [self.random.random() < self.clues for _ in range(3)]
        return Customer(
            "cove",
            identity,
            name,
            emails=(f"admin@{firm.domain}",) if known[0] else (f"u{identity}@{self.random.choice(FREE)}",),
            address=Address(firm.street.replace("Street", "St."), firm.zip, firm.city) if known[1] else Address(),
            quantity=firm.usage if known[2] else None,
        )
