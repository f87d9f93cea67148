"""The terms of one simulated customer, and its manifests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

D = Decimal
ONE = D(1)
PRODUCTS = ("p-one", "p-two", "p-three", "p-four")
RANGES = ((D(200), "p-one"), (D(400), "p-two"), (None, "p-three"))


@dataclass
class Terms:
    """The terms of one customer. `key` is the name of its documents, `mapping` that of its mapping."""

    number: int
    key: str
    mapping: str
    measure: str
    tiering: str
    product: str = "p-four"
    included: Decimal | None = None
    per_device: bool = False
    minimum: Decimal | None = None
    mode: str = "up"
    step: Decimal = ONE
    start: date | None = None
    prorate: bool = False
    mapped: bool = True
    beside: str | None = None
    """The key of another customer, if this one is billed on the agreement of that customer."""

    @property
    def home(self) -> str:
        return self.beside or self.key

    @property
    def rule(self) -> str:
        """Return all terms that decide the quantity. The product is not among them."""
        free = (self.included, self.per_device and self.included is not None)
        return repr((self.measure, *free, self.minimum, self.mode, self.step, self.tiering, self.start))

    @property
    def agreement(self) -> str:
        return f"Backup of {self.home}"


def draw(random: Random, number: int, key: str) -> Terms:
    """Return random terms."""
    included = random.choice((None, None, D(20), D("12.5")))
    mode = random.choice(("up", "up", "nearest", "down", "none"))
    return Terms(
        number,
        key,
        key,
        random.choice(("last", "last", "peak", "mean", "p95")),
        random.choice(("flat", "flat", "volume", "graduated")),
        included=included,
        per_device=included is not None and random.random() < 0.5,
        minimum=random.choice((None, None, D(40), D("250.5"))),
        mode=mode,
        step=random.choice((D(1), D(1), D(10), D("0.5"))) if mode != "none" else D(1),
        prorate=random.random() < 0.25,
    )


def mapping_of(terms: Terms) -> str:
    """Return the document of the mapping."""
    rules = [f"measure: {terms.measure}"]
    if terms.tiering == "flat":
        rules.append(f"product: {terms.product}")
    else:
        rules.append(f"tiering: {terms.tiering}")
        rules.append("ranges:")
        rules += [f"  - {{{f'upTo: {to}, ' if to is not None else ''}product: {name}}}" for to, name in RANGES]
    if terms.included is not None:
        per = "device" if terms.per_device else "customer"
        rules.append(f"included: {{amount: {terms.included}, per: {per}}}")
    if terms.minimum is not None:
        rules.append(f"minimum: {terms.minimum}")
    rules.append(f"rounding: {{mode: {terms.mode}, step: {terms.step}}}")
    if terms.start is not None:
        rules.append(f'start: "{terms.start}"')
    lines = "".join(f"  {each}\n" for each in rules)
    return f"""---
apiVersion: reconciler/v1
kind: CustomerMapping
metadata: {{name: {terms.mapping}}}
spec:
  customer: {{source: cove, id: "{terms.number}"}}
  company: {terms.home}
  agreement: {terms.home}
  managedId: "{terms.number}"
{lines}"""


def documents_of(terms: Terms) -> str:
    """Return all documents of the customer."""
    own = f"""---
apiVersion: reconciler/v1
kind: Company
metadata: {{name: {terms.key}}}
spec: {{identifier: {terms.key}, name: Company {terms.key}}}
---
apiVersion: reconciler/v1
kind: Contact
metadata: {{name: {terms.key}}}
spec: {{company: {terms.key}, firstName: Ada, lastName: {terms.key}, email: {terms.key}@shop.example}}
---
apiVersion: reconciler/v1
kind: Agreement
metadata: {{name: {terms.key}}}
spec: {{name: {terms.agreement}, company: {terms.key}, contact: {terms.key}, prorate: {str(terms.prorate).lower()}}}
"""
    return f"""{own if terms.beside is None else ""}---
apiVersion: reconciler/v1
kind: ManagementSolution
metadata: {{name: {terms.key}}}
spec: {{company: {terms.home}, solution: Managed Backup, managedId: "{terms.number}", agreement: {terms.home}}}
{mapping_of(terms) if terms.mapped else ""}"""


def products(prices: dict[str, Decimal]) -> str:
    """Return the documents of the products."""
    return "".join(
        f"""---
apiVersion: reconciler/v1
kind: Product
metadata: {{name: {name}}}
spec: {{identifier: {name.upper()}, description: {name}, customerDescription: {name}, price: {price}, cost: 0.06}}
"""
        for name, price in prices.items()
    )
