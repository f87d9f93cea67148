"""The kinds that an import writes, and the file for the documents of each kind."""

from __future__ import annotations

from functools import cache
from typing import Final

from reconciler.kinds.base import Kind
from reconciler.kinds.registry import all_kinds, declarable_kinds, kind

COMPANY: Final = "Company"
PRODUCT: Final = "Product"
MAPPING: Final = "CustomerMapping"
SOLUTION: Final = "ManagementSolution"
SETUP_FILE: Final = "setup.yaml"
PRODUCTS_FILE: Final = "products.yaml"
CUSTOMERS: Final = "customers"


@cache
def imported_kinds() -> tuple[Kind, ...]:
    """Return the kinds whose objects are in ConnectWise and can be declared, in the order of a customer's file."""
    found = [of for of in declarable_kinds() if of.collection is not None]
    return tuple(sorted(found, key=lambda of: (of.name != COMPANY, of.parent is not None, _rank(of), of.name)))


def _rank(of: Kind) -> int:
    """Return how many kinds have to come before this one in a file: those that its fields refer to."""
    return len(_needed(of.name))


@cache
def _needed(name: str) -> frozenset[str]:
    targets = {item.mapping.target.kind for item in kind(name).fields if item.mapping.target is not None}
    direct = {target for target in targets if target is not None and target != name}
    return frozenset(direct).union(*map(_needed, direct))


@cache
def of_a_company(name: str) -> bool:
    """Return whether each object of a kind belongs to a company, such as contacts and agreements."""
    of = all_kinds()[name]
    owner = of.owner
    if owner is None or owner not in of.by_name:
        return False
    target = of.by_name[owner].mapping.target
    owner_kind = None if target is None else target.kind
    return owner_kind == COMPANY or (owner_kind is not None and of_a_company(owner_kind))


def shared_file(name: str) -> str | None:
    """Return the file of a kind whose documents are shared by all customers. None for documents of a customer."""
    if name == COMPANY or of_a_company(name) or all_kinds()[name].collection is None:
        return None
    return PRODUCTS_FILE if name == PRODUCT else SETUP_FILE
