"""What names a company for certain: our tags, a management solution's Managed ID, and an exact id.

Numbers coincide: a Managed ID of another tool, or an account number, may be equal to a customer's id by chance. So a
number counts only if the names agree too, or if the same kind of number agrees for most other customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from reconciler.importing.matching.folding import plain
from reconciler.importing.matching.model import CandidateCompany, Customer, CustomerKey, Estate

Source: TypeAlias = Literal["tag", "managed id", "exact id"]
Needs: TypeAlias = Literal["nothing", "support", "majority"]
Supports: TypeAlias = Callable[[Customer, CandidateCompany], bool]
"""A function that says whether names or other evidence support that a customer is a company."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """Something that names a company for a customer."""

    customer: Customer
    company: CandidateCompany
    source: Source
    text: str
    kind: str
    """The kind of the pointer. All pointers of one kind are believed, or none."""
    agreement_id: int | None = None
    addition_id: int | None = None
    is_number: bool = False
    """True if it is a plain number. Two numbers can be equal by chance."""
    needs: Needs = "nothing"
    """`support`: it never counts by itself. `majority`: it counts only if most of its kind are supported."""


def pointers_of(estate: Estate, customers: Sequence[Customer], supports: Supports) -> dict[CustomerKey, list[Pointer]]:
    """Return the believed pointers of each customer that has any."""
    found = [*_tags(estate, customers), *_managed_ids(estate, customers), *_exact_ids(estate, customers)]
    supported = {id(each): supports(each.customer, each.company) for each in found}
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for each in found:
        by_kind[each.kind].append(supported[id(each)])
    believed: dict[CustomerKey, list[Pointer]] = defaultdict(list)
    for each in found:
        if _is_believed(each, by_kind[each.kind], itself=supported[id(each)]):
            believed[each.customer.key].append(each)
    return believed


def _is_believed(pointer: Pointer, supported: Sequence[bool], *, itself: bool) -> bool:
    """Return whether a pointer counts. `supported` says of all pointers of its kind whether the names agree."""
    share = sum(supported) / len(supported)
    most = share >= 0.8 and sum(supported) >= 3
    if pointer.source == "tag" or most:
        return pointer.needs != "support" or itself
    if pointer.needs == "majority":
        return False
    if itself or pointer.needs == "support":
        return itself
    by_chance = pointer.is_number and pointer.source == "exact id"
    return not by_chance and (share >= 0.5 or len(supported) < 4)


def _tags(estate: Estate, customers: Sequence[Customer]) -> Iterable[Pointer]:
    by_key = {customer.key: customer for customer in customers}
    companies = {company.id: company for company in estate.companies}
    for each in estate.tagged:
        if (customer := by_key.get(each.customer)) and (company := companies.get(each.company_id)):
            text = f"tag: addition {each.addition_id} has our tag of this customer"
            yield Pointer(customer, company, "tag", text, "tag", each.agreement_id, each.addition_id)


def _managed_ids(estate: Estate, customers: Sequence[Customer]) -> Iterable[Pointer]:
    companies = {company.id: company for company in estate.companies}
    by_id: dict[str, list[Customer]] = defaultdict(list)
    for customer in customers:
        by_id[_code(customer.id)].append(customer)
    for each in estate.managed_ids:
        if (company := companies.get(each.company_id)) is None:
            continue
        for customer in by_id.get(_code(each.managed_id), []) if _code(each.managed_id) else []:
            text = f"Managed ID: {each.managed_id} of solution {each.solution!r} is the customer's id"
            kind = f"{customer.source}: managed id of {each.solution}"
            yield Pointer(
                customer,
                company,
                "managed id",
                text,
                kind,
                each.agreement_id,
                is_number=each.managed_id.strip().isdigit(),
            )


def _exact_ids(estate: Estate, customers: Sequence[Customer]) -> Iterable[Pointer]:
    ids = {str(company.id): company for company in estate.companies}
    identifiers, codes = _by_code(estate.companies)
    typed = defaultdict(set)
    for customer in customers:
        for code in customer.external_codes:
            typed[customer.source, _code(code)].add(customer.id)
    for customer in customers:
        values = [("external code", code) for code in customer.external_codes] + [("id", customer.id)]
        for what, value in values:
            code = _code(value)
            if len(code) < 2 or len(typed[customer.source, code]) > 1:
                continue  # A code of several customers is a plan or a region, not a company.
            number = code.isdigit()
            for name, table in (("identifier", identifiers), ("account number or other code", codes)):
                for company in table.get(code, ()):
                    text = f"exact id: its {what} {value!r} is the company's {name}"
                    kind = f"{customer.source}: {what}, {name}"
                    needs: Needs = "majority" if number and what == "id" else "nothing"
                    is_number = number or len(code) < 3
                    yield Pointer(customer, company, "exact id", text, kind, is_number=is_number, needs=needs)
            if number and (by_id := ids.get(code)):
                text = f"exact id: its {what} {value!r} is the company's id in ConnectWise"
                kind = f"{customer.source}: {what}, id"
                needs = "majority" if what == "id" else "support"
                yield Pointer(customer, by_id, "exact id", text, kind, is_number=True, needs=needs)


def _by_code(
    companies: Iterable[CandidateCompany],
) -> tuple[Mapping[str, list[CandidateCompany]], Mapping[str, list[CandidateCompany]]]:
    identifiers: dict[str, list[CandidateCompany]] = defaultdict(list)
    codes: dict[str, list[CandidateCompany]] = defaultdict(list)
    for company in companies:
        identifiers[_code(company.identifier)].append(company)
        for code in {_code(code) for code in company.codes} - {""}:
            codes[code].append(company)
    return identifiers, codes


def _code(text: str) -> str:
    return plain(text).replace(" ", "")
