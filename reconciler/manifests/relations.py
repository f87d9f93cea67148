"""Find the documents of a set that a document refers to, and those that a plan of it needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.base import attribute_of
from reconciler.kinds.references import Reference, references_of
from reconciler.kinds.registry import kind
from reconciler.manifests.documents import Document
from reconciler.manifests.references import Index, folded, index, lookup_keys, lookup_of


class Relations:
    """The documents of a set, by everything that connects them.

    Specs with mistakes are allowed: an attribute that is missing connects nothing.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self._by_address = {document.address: document for document in documents}
        self._index: Index = index(self._by_address)
        self._by_lookup: dict[tuple[str, str, Any], list[Document]] = defaultdict(list)
        self._by_customer: dict[tuple[str, str], list[Document]] = defaultdict(list)
        self._by_kind: dict[str, list[Document]] = defaultdict(list)
        self._by_values: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], list[Document]]] = {}
        self._by_name: dict[tuple[str, Any], list[Document]] = defaultdict(list)
        self._by_former_name: dict[tuple[str, Any], list[Document]] = defaultdict(list)
        for document in self._by_address.values():
            self._by_kind[document.kind.name].append(document)
            for key in lookup_keys(document):
                self._by_lookup[key].append(document)
            if (customer := customer_of(document)) is not None:
                self._by_customer[customer].append(document)
            if (name := renamed_value(document)) is not None:
                self._by_name[document.kind.name, folded(name)].append(document)
            for old in former_values(document):
                self._by_former_name[document.kind.name, folded(old)].append(document)

    def references(self, document: Document) -> Iterator[Document]:
        """Yield the documents that a document depends on.

        These are the documents that it refers to by name or by a look-up, the management solution that a mapping
        names by its fields, the mappings and exclusions of the same customer, and the documents whose name in
        ConnectWise is a former one of this document, or the other way round.
        """
        for reference in references_of(document.spec):
            yield from self._referred(reference, document)
        for below in document.kind.nested_reads:
            if below.unless:
                yield from self._with_values(below.kind, below.unless, document)
        if (customer := customer_of(document)) is not None:
            yield from (each for each in self._by_customer[customer] if each is not document)
        yield from self._with_former_name(document)

    def needed(self, document: Document) -> Iterator[Document]:
        """Yield `references`, and the documents whose objects are created first although nothing refers to them."""
        yield from self.references(document)
        for other, its_field, our_field in document.kind.created_after:
            ours = _attribute(document, our_field)
            if ours is not None:
                yield from (each for each in self._by_kind[other] if _attribute(each, its_field) == ours)

    def closure(self, addresses: Iterable[str], *, created_first: bool = True) -> frozenset[str]:
        """Return these addresses, and those of all documents that they need directly or indirectly.

        Without `created_first`, only those that they refer to.
        """
        found: set[str] = set()
        waiting = [self._by_address[address] for address in addresses]
        while waiting:
            document = waiting.pop()
            if document.address not in found:
                found.add(document.address)
                waiting += self.needed(document) if created_first else self.references(document)
        return frozenset(found)

    def dependents(self, addresses: Collection[str]) -> frozenset[str]:
        """Return these addresses, and those of all documents that refer to them directly or indirectly."""
        referring: dict[str, set[str]] = defaultdict(set)
        for document in self._by_address.values():
            for each in self.references(document):
                referring[each.address].add(document.address)
        found: set[str] = set()
        waiting = [*addresses]
        while waiting:
            address = waiting.pop()
            if address not in found:
                found.add(address)
                waiting += referring[address]
        return frozenset(found)

    def _referred(self, reference: Reference, document: Document) -> Iterator[Document]:
        """Yield the documents that a reference means. A look-up can mean several."""
        if isinstance(reference.value, str):
            if (named := self._by_address.get(f"{reference.kind}/{reference.value}")) is not None:
                yield named
            return
        field, value = lookup_of(reference.value)
        owner = kind(reference.kind).owner if field != "id" else None
        for each in self._by_lookup.get((reference.kind, field, folded(value)), ()):
            if owner is None or self._same(owner, each, document):
                yield each

    def _same(self, field: str, one: Document, other: Document) -> bool:
        """Return whether a field of two documents refers to the same object, as far as the manifests say."""
        ours, theirs = _attribute(one, field), _attribute(other, field)
        if ours is None or theirs is None:
            return True
        target = next(each.kind for each in references_of(one.spec) if each.path == (field,))
        return bool(self._index.identity(target, ours) == self._index.identity(target, theirs))

    def _with_former_name(self, document: Document) -> Iterator[Document]:
        """Yield the documents that have a former name of this one, or that had its name before."""
        of, owner = document.kind.name, document.kind.owner
        found = [each for old in former_values(document) for each in self._by_name.get((of, folded(old)), ())]
        if (name := renamed_value(document)) is not None:
            found += self._by_former_name.get((of, folded(name)), ())
        for each in found:
            if each is not document and (owner is None or self._same(owner, each, document)):
                yield each

    def _with_values(self, of: str, attributes: tuple[str, ...], document: Document) -> Iterable[Document]:
        """Return the documents of a kind with the same values in these attributes."""
        by_values = self._by_values.get((of, attributes))
        if by_values is None:
            by_values = self._by_values[of, attributes] = defaultdict(list)
            for each in self._by_kind[of]:
                by_values[self._values(each, attributes)].append(each)
        return by_values.get(self._values(document, attributes), ())

    def _values(self, document: Document, attributes: tuple[str, ...]) -> tuple[Any, ...]:
        referred = {each.path[0]: each.kind for each in references_of(document.spec) if len(each.path) == 1}
        values: Mapping[str, Any] = document.spec.__dict__
        return tuple(
            self._index.identity(referred[each], values[each]) if each in referred else values.get(each)
            for each in attributes
        )


def customer_of(document: Document) -> tuple[str, str] | None:
    """Return (source, customer id) of a mapping or an exclusion. None for every other document."""
    customer = document.spec.__dict__.get("customer")
    return None if customer is None else (customer.source, customer.id)


def renamed_value(document: Document) -> Any:
    """Return the value of the field that a rename changes, such as the identifier of a company. None if it has none."""
    field = document.kind.rename_key
    return None if field is None else _attribute(document, field)


def former_values(document: Document) -> tuple[str, ...]:
    """Return the former values of the field that a rename changes."""
    found: tuple[str, ...] = document.metadata.__dict__.get("previously") or ()
    return found if document.kind.rename_key is not None else ()


def _attribute(document: Document, field: str) -> Any:
    """Return the value of a field by its name in YAML. None if the spec lacks it."""
    attribute = attribute_of(document.kind.spec, field)
    return None if attribute is None else document.spec.__dict__.get(attribute)
