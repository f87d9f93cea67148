"""Find the documents that one price case needs, by customer and by reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property

from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.customer_mapping import KIND as MAPPING
from reconciler.kinds.meters import Unit
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.manifests.documents import Document, Manifests
from reconciler.manifests.relations import Relations, customer_of
from reconciler.rating.pricing import default_rules

Customer = tuple[str, str]
"""Source and customer id."""

_FIRST_ID = 10**9
"""The first id of objects that exist only in a case. Ids that documents pin are smaller."""


class Estate:
    """The documents of a workspace, prepared once for all cases."""

    def __init__(self, manifests: Manifests) -> None:
        self.manifests = manifests
        self._relations = Relations(manifests.documents)
        self._by_customer: dict[Customer, list[str]] = defaultdict(list)
        for document in manifests.documents:
            if (customer := customer_of(document)) is not None:
                self._by_customer[customer].append(document.address)
        self._numbers: dict[tuple[str, str], int] = {}

    @property
    def workspace(self) -> WorkspaceSpec:
        """Return the spec of the workspace."""
        return self.manifests.workspace.spec

    @property
    def timezone(self) -> str:
        """Return the zone of the billing months."""
        return self.workspace.billing.timezone

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        """Return the unit of each usage source, by its name."""
        return {source.name: source.unit for source in self.workspace.usage}

    @cached_property
    def types(self) -> Mapping[str, str]:
        """Return the type of each usage source, such as `csv`, by its name."""
        return {source.name: source.type for source in self.workspace.usage}

    def default_rules(self, first_day: date) -> tuple[Rule, ...]:
        """Return the rules that price a customer without a mapping, in the period with this first day."""
        return default_rules(self.manifests, self.units, first_day)

    def names(self, kind: str) -> list[str]:
        """Return the manifest names of all documents of a kind."""
        return [document.name for document in self.manifests.of_kind(kind)]

    def needed(self, documents: Iterable[Document], customers: Iterable[Customer]) -> dict[str, Document]:
        """Return these documents, those of the customers, and all that they need, by address.

        The documents may be others than those of the manifests. They replace what has their address.
        """
        given = {document.address: document for document in documents}
        found = {address for customer in customers for address in self._by_customer.get(customer, ())}
        for document in given.values():
            found |= {each.address for each in self.references(document)}
        by_address = self.manifests.by_address
        closure = self._relations.closure(found, created_first=False)
        return {**{address: by_address[address] for address in sorted(closure)}, **given}

    def references(self, document: Document) -> Iterator[Document]:
        """Yield the documents that a document depends on."""
        return self._relations.references(document)

    def has_solution(self, mapping: Document) -> bool:
        """Return whether a document declares the management solution that a mapping names."""
        solution = MAPPING.nested_reads[1].kind
        return any(each.kind.name == solution for each in self.references(mapping))

    def number(self, kind: str, name: str) -> int:
        """Return the id of an object that exists only in cases. The same name has the same id."""
        return self._numbers.setdefault((kind, name), _FIRST_ID + len(self._numbers))
