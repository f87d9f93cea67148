"""Short ways to say what the tests of matching are about."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from reconciler.importing.matching.model import (
    CandidateAddition,
    CandidateAgreement,
    CandidateCompany,
    Customer,
    CustomerKey,
    Estate,
    ManagedId,
    Proposal,
    TaggedAddition,
)
from reconciler.importing.matching.propose import propose
from tests.importing.matching.estates import world

OTHERS = world(7, 60).estate.companies
"""Companies that have nothing to do with a test."""


def company(number: int, name: str, **fields: Any) -> CandidateCompany:
    """A company with one agreement that bills now."""
    fields.setdefault("agreements", (agreement(number * 10),))
    return CandidateCompany(number, fields.pop("identifier", f"C-{number}"), name, **fields)


def agreement(number: int, *additions: CandidateAddition, name: str = "Managed Services", **fields: Any) -> Any:
    return CandidateAgreement(number, name, additions=additions, **fields)


def addition(number: int, quantity: str | None, product: str = "CLOUD-BACKUP per GB", **fields: Any) -> Any:
    fields.setdefault("product_id", 5)
    amount = None if quantity is None else Decimal(quantity)
    return CandidateAddition(number, fields.pop("product_id"), amount, product=product, **fields)


def customer(name: str, number: str = "9001", usage: str | None = None, **fields: Any) -> Customer:
    fields.setdefault("source", "cove")
    return Customer(fields.pop("source"), number, name, quantity=None if usage is None else Decimal(usage), **fields)


def proposed(
    customers: Sequence[Customer] | Customer,
    companies: Sequence[CandidateCompany] | CandidateCompany,
    managed: Sequence[ManagedId] = (),
    tagged: Sequence[TaggedAddition] = (),
    *,
    mapped: dict[CustomerKey, int | None] | None = None,
    excluded: frozenset[CustomerKey] = frozenset(),
) -> list[Proposal]:
    """The proposals in an estate that has other companies too."""
    mine = (customers,) if isinstance(customers, Customer) else tuple(customers)
    ours = (companies,) if isinstance(companies, CandidateCompany) else tuple(companies)
    return propose(Estate(mine, (*OTHERS, *ours), tuple(managed), tuple(tagged), mapped or {}, excluded))


def only(proposals: list[Proposal]) -> Proposal:
    """The only proposal."""
    (proposal,) = proposals
    return proposal
