"""What a case is about: its mapping or its customer, its usage by customer, and the documents that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.cases import inline
from reconciler.cases.errors import CaseError
from reconciler.cases.estate import Customer, Estate
from reconciler.cases.history import Entry
from reconciler.cases.model import Case
from reconciler.kinds.agreement import KIND as AGREEMENT
from reconciler.kinds.customer_mapping import KIND as MAPPING
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.product import KIND as PRODUCT
from reconciler.manifests.documents import Document, DocumentOf, Manifests, has_spec
from reconciler.manifests.positions import Path
from reconciler.manifests.suggestions import did_you_mean, listed, near


@dataclass(frozen=True, slots=True)
class Subject:
    """The mapping or the customer of a case, with its usage."""

    mapping: DocumentOf[CustomerMappingSpec] | None
    """None for a customer without a mapping."""
    customer: Customer
    products: Mapping[str, Document]
    """Products by name that exist only in the case, or that have another price in it."""
    entries: Sequence[Entry]

    @property
    def customers(self) -> set[Customer]:
        """Return all customers of the case."""
        used = ((entry.source, entry.customer) for entry in self.entries if entry.usage.pull is None)
        return {self.customer, *used}


def subject_of(case: Case, estate: Estate) -> Subject:
    """Return what a case is about. Raises `CaseError` for a name that does not exist."""
    products = {name: inline.product_of(name, fields, estate) for name, fields in case.products.items()}
    mapping: DocumentOf[CustomerMappingSpec] | None = None
    if case.customer is not None:
        customer = (_source(case, estate), case.customer)
    else:
        mapping = _mapping(case, estate, products)
        customer = (mapping.spec.customer.source, mapping.spec.customer.id)
        _check_source(customer[0], ("mapping", "customer", "source"), estate)
    return Subject(mapping, customer, products, list(_entries(case, estate, customer)))


def part_of(case: Case, estate: Estate, subject: Subject) -> Manifests:
    """Return the manifests with only the documents that the case needs."""
    own = [] if subject.mapping is None else [subject.mapping]
    documents = estate.needed([*own, *subject.products.values(), *_standing(case, estate)], subject.customers)
    if subject.mapping is not None and not isinstance(case.mapping, str):
        documents = {address: each for address, each in documents.items() if not _is_replaced(each, subject)}
    return replace(estate.manifests, documents=tuple(documents.values()), warnings=())


def _mapping(case: Case, estate: Estate, products: Mapping[str, Document]) -> DocumentOf[CustomerMappingSpec]:
    if isinstance(case.mapping, str):
        found = estate.manifests.find(CustomerMappingSpec, f"{MAPPING.name}/{case.mapping}")
        if found is None:
            guess = did_you_mean(near(case.mapping, estate.names(MAPPING.name)))
            advice = guess or "give the manifest name of a customer mapping"
            raise CaseError(("mapping",), f"there is no {MAPPING.name}/{case.mapping}", advice)
        return found
    return inline.mapping_of(case.mapping or {}, _source(case, estate), estate, products)


def _source(case: Case, estate: Estate) -> str:
    """Return the usage source of a case whose mapping does not say it."""
    if case.source is not None:
        _check_source(case.source, ("source",), estate)
        return case.source
    if not estate.units:
        raise CaseError((), "the workspace has no usage source", "add one to `usage` of the workspace")
    return next(iter(estate.units))


def _check_source(name: str, path: Path, estate: Estate) -> None:
    if name not in estate.units:
        known = f"the sources are {listed(estate.units, 'and')}" if estate.units else ""
        advice = did_you_mean(near(name, estate.units)) or known
        raise CaseError(path, f"there is no usage source {name} in this workspace", advice)


def _entries(case: Case, estate: Estate, customer: Customer) -> Iterator[Entry]:
    """Yield the usage with the source and the customer of each entry."""
    for place, usage in enumerate(case.usage):
        source = customer[0]
        if usage.source is not None:
            source = usage.source
            _check_source(source, ("usage", place, "source"), estate)
        if usage.customer is None and source != customer[0] and usage.pull is None:
            what = f"the customer of the case is in {customer[0]}, and not in {source}"
            raise CaseError(("usage", place, "source"), what, "add customer: …")
        yield Entry(place, usage, source, usage.customer or customer[1])


def _standing(case: Case, estate: Estate) -> Iterator[Document]:
    """Yield the declared agreements and products of the standing lines."""
    for line in case.standing:
        names = [] if line.agreement is None else [(AGREEMENT.name, line.agreement)]
        names += [] if line.product in case.products else [(PRODUCT.name, line.product)]
        for kind, name in names:
            if (found := estate.manifests.by_address.get(f"{kind}/{name}")) is not None:
                yield found


def _is_replaced(document: Document, subject: Subject) -> bool:
    """Return whether a mapping that exists only in the case stands in for this declared one of the same customer."""
    if document is subject.mapping or not has_spec(document, CustomerMappingSpec):
        return False
    return (document.spec.customer.source, document.spec.customer.id) == subject.customer
