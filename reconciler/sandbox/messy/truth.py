"""The truth of a messy estate: who is who, so that an import can be scored."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Customer:
    """The truth of one customer of the console.

    `company`, `agreement` and `addition` are ids in ConnectWise, or None. `inactive` means that the company has an
    inactive status. `additions` are all lines that bill the customer today, and `addition` is the only one of them.
    `agreements` are the agreements that are equally likely when `agreement` is None. `ambiguous` means that no data of
    the estate decides: then `company` is None, and `candidates` are the ids of the equal companies. `damages` are those
    of both names, as `side: damage`. `evidence` names the evidence for the company apart from the name. `case` is the
    name of the case that added the customer.
    """

    customer: int
    name: str
    case: str
    state: str
    recycled: bool
    devices: int
    used_bytes: int
    company: int | None = None
    company_name: str | None = None
    inactive: bool = False
    agreement: int | None = None
    agreements: list[int] = field(default_factory=list)
    addition: int | None = None
    additions: list[int] = field(default_factory=list)
    fits: bool = False
    ambiguous: bool = False
    candidates: list[int] = field(default_factory=list)
    damages: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of all customers, and the input from which the estate was made."""

    population: str
    seed: int
    customers: list[Customer]
