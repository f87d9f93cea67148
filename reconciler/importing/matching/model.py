"""The values that matching takes and returns. They hold no ConnectWise or console types, so that any source fits.

Matching takes an `Estate` and returns a `Proposal` for each customer that is neither mapped nor excluded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

Confidence: TypeAlias = Literal["certain", "likely", "open"]
"""`certain`: a tag, a Managed ID or an exact id names one company. `likely`: the names and other evidence do.
`open`: a person has to decide."""

CustomerKey: TypeAlias = tuple[str, str]
"""The name of the source, and the customer's id in it."""


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of a postal address that are compared. Leave a part empty if it is not known."""

    street: str = ""
    zip: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer of a usage source."""

    source: str
    id: str
    name: str
    emails: tuple[str, ...] = ()
    """E-mail addresses of its contacts. Only their domains are compared."""
    domains: tuple[str, ...] = ()
    """Its web sites, as domain or URL."""
    address: Address = Address()
    external_codes: tuple[str, ...] = ()
    """Codes that a person typed in at the source, such as the `ExternalCode` of a partner."""
    quantity: Decimal | None = None
    """The usage in `unit`, not rounded. None if it is not known."""
    unit: str = "GB"
    attributed: bool = True
    """False if it stands for devices that belong to no customer. Nothing is proposed for it."""
    state: str = ""
    """The state at the source. Nothing is proposed for a customer in a recycle bin."""

    @property
    def key(self) -> CustomerKey:
        """Return the source and the id."""
        return self.source, self.id


@dataclass(frozen=True, slots=True)
class CandidateAddition:
    """An addition of an agreement."""

    id: int
    product_id: int
    quantity: Decimal | None
    less_included: Decimal = Decimal(0)
    tagged: bool = False
    """True if it has a tag, of any customer. It is never adopted."""
    live: bool = True
    """False if it has ended or not begun."""
    product: str = ""
    """Identifier and description of the product, to recognise products for backup by their words."""


@dataclass(frozen=True, slots=True)
class CandidateAgreement:
    """An agreement of a company."""

    id: int
    name: str
    active: bool = True
    """False if it is cancelled, inactive, ended, or has not begun."""
    additions: tuple[CandidateAddition, ...] = ()
    type: str = ""


@dataclass(frozen=True, slots=True)
class CandidateCompany:
    """A company in ConnectWise. Give inactive and deleted ones too: they explain why nothing is proposed."""

    id: int
    identifier: str
    name: str
    active: bool = True
    """False if it is inactive or deleted. It is never proposed."""
    emails: tuple[str, ...] = ()
    """E-mail addresses of the company, its invoices and its contacts."""
    domains: tuple[str, ...] = ()
    """Its web sites, as domain or URL."""
    addresses: tuple[Address, ...] = ()
    codes: tuple[str, ...] = ()
    """Account number, vendor identifier, and other codes that a person typed in."""
    agreements: tuple[CandidateAgreement, ...] = ()


@dataclass(frozen=True, slots=True)
class ManagedId:
    """A management solution of a company, with its Managed ID."""

    company_id: int
    agreement_id: int | None
    solution: str
    managed_id: str


@dataclass(frozen=True, slots=True)
class TaggedAddition:
    """An addition with a tag of ours, and where it is."""

    customer: CustomerKey
    company_id: int
    agreement_id: int
    addition_id: int


@dataclass(frozen=True, slots=True)
class Estate:
    """All that matching looks at."""

    customers: tuple[Customer, ...]
    """Also those that are mapped or excluded: their names show which words are common."""
    companies: tuple[CandidateCompany, ...]
    managed_ids: tuple[ManagedId, ...] = ()
    tagged: tuple[TaggedAddition, ...] = ()
    mapped: Mapping[CustomerKey, int | None] = field(default_factory=dict)
    """Customers that a mapping names, with the id of its company. None if that is not known."""
    excluded: frozenset[CustomerKey] = frozenset()
    """Customers that an exclusion names."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A company that may be the customer's, with what speaks for and against it."""

    company: CandidateCompany
    score: int
    """From 0 to 100. For people, and for the order of candidates. The decision is made from the evidence."""
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one customer. Each text is a short sentence for a person."""

    customer: Customer
    confidence: Confidence
    company: CandidateCompany | None = None
    """Also given if the proposal is open only because the agreement is not decided."""
    company_confidence: Confidence = "open"
    """The confidence in the company alone. The whole is open if no agreement of the company is decided."""
    agreement: CandidateAgreement | None = None
    addition: CandidateAddition | None = None
    """The only addition without a tag that fits: it is the one to adopt. None if there is none, or if several fit."""
    evidence: tuple[str, ...] = ()
    """What speaks for the company, the agreement and the addition."""
    reasons: tuple[str, ...] = ()
    """Why the proposal is open. Empty if it is not."""
    candidates: tuple[Candidate, ...] = ()
    """Companies that come into question, the nearest first. At most five."""
    agreements: tuple[CandidateAgreement, ...] = ()
    """The agreements that come into question, if there are several."""
    storage: frozenset[int] = frozenset()
    """The products that are likely to bill storage in this estate by their quantities, whatever their names."""
