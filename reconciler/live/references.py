"""Resolves the references of documents to links, and makes the natural keys of documents.

Both are in one module because a natural key can contain references: an agreement's key contains its company.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from reconciler.kinds.base import Kind, attribute_of, key_part
from reconciler.kinds.fields import ById, LookUp
from reconciler.kinds.live_state import Key, LiveObject
from reconciler.kinds.references import Reference
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.live.index import Indexes, prefer_active
from reconciler.live.keys import ignoring_case, key_fields, link_key, lookup_key, lookup_text
from reconciler.live.messages import listed_ids, name_of, place
from reconciler.live.problems import Problems
from reconciler.manifests.documents import Document, Manifests


class References:
    """Resolves each reference by name once. A reference that cannot be resolved becomes a problem."""

    def __init__(
        self,
        manifests: Manifests,
        indexes: Indexes,
        problems: Problems,
        live_object: Callable[[Document], LiveObject | None],
    ) -> None:
        self._manifests = manifests
        self._indexes = indexes
        self._problems = problems
        self._live_object = live_object
        """Returns the live object of a document, or None."""
        self._by_address: dict[str, Link] = {}
        self._declared: dict[str, dict[Key, Document]] = {}

    def key_of(self, document: Document) -> Key | None:
        """Return the natural key of a document, or None if a reference in it cannot be resolved.

        A reference counts by its id. A reference to an object that does not exist yet counts by its address, which no
        live object has.
        """
        parts: list[object] = []
        for item in key_fields(document.kind):
            value = getattr(document.spec, item.attribute)
            if item.target:
                link = self.resolve(Reference((item.name,), item.target, value), document)
                if link is None:
                    return None
                parts.append(link_key(link))
            else:
                parts.append(key_part(value, exact=item.exact))
        return tuple(parts)

    def declared(self, of: Kind) -> Mapping[Key, Document]:
        """Return the documents of a kind by their natural key."""
        if of.name not in self._declared:
            keyed = ((self.key_of(document), document) for document in self._manifests.of_kind(of.name))
            self._declared[of.name] = {key: document for key, document in keyed if key is not None}
        return self._declared[of.name]

    def declared_in_any_case(self, of: Kind, key: Key) -> Document | None:
        """Return the document that declares this key, in upper or lower case."""
        declared = self.declared(of)
        if key in declared:
            return declared[key]
        folded = ignoring_case(key)
        return next((document for other, document in declared.items() if ignoring_case(other) == folded), None)

    def resolve(self, reference: Reference, document: Document) -> Link | None:
        """Return the link of a document's reference, or None if there is no such object."""
        value = reference.value
        if isinstance(value, str):
            address = f"{reference.kind}/{value}"
            if address not in self._by_address:
                self._by_address[address] = self._link_to(value, self._manifests.by_address[address])
            return self._by_address[address]
        of = kind(reference.kind)
        if isinstance(value, ById):
            return self._resolve_id(of, value.id, reference, document)
        return self._resolve_lookup(of, value, reference, document)

    def resolve_field(self, of: Kind, field: str, document: Document) -> Link | None:
        """Return the link of the document's field that has the same name as this field of a kind."""
        target = of.by_name[field].mapping.target
        attribute = attribute_of(document.kind.spec, field)
        value = None if attribute is None else getattr(document.spec, attribute)
        if target is None or value is None:
            return None
        return self.resolve(Reference((field,), str(target.kind), value), document)

    def _link_to(self, name: str, target: Document) -> Link:
        live = self._live_object(target)
        return Link(name, None if live is None else live.id, target.address)

    def _resolve_id(self, of: Kind, number: int, reference: Reference, document: Document) -> Link | None:
        if number not in self._indexes.of(of).by_id and self._indexes.was_read(of) and of.parent is None:
            self._add_missing(of, f"id {number}", reference, document)
            return None
        return Link(f"id {number}", number)

    def _resolve_lookup(self, of: Kind, value: LookUp, reference: Reference, document: Document) -> Link | None:
        """Resolve a look-up to a live object, or else to a document. A kind that was not read has no links."""
        text = lookup_text(value)
        owner = None
        if of.owner is not None:
            owner = self.resolve_field(of, of.owner, document)
            if owner is None:
                if attribute_of(document.kind.spec, of.owner) is None:
                    self._problems.add(
                        f"{place(document, reference)}: this document does not say which {of.owner} it belongs to. "
                        "Give its id instead",
                        document.address,
                    )
                return None
        key = lookup_key(of, value, owner)
        index = self._indexes.of(of)
        found = index.with_key(key) or index.with_key_in_any_case(key)
        if len(found) > 1:
            found = prefer_active(of, found)
        if len(found) > 1:
            self._problems.add(
                f"{place(document, reference)}: {of.name} '{text}' is ambiguous: ids {listed_ids(found)}. "
                "Write the id instead",
                document.address,
            )
            return None
        if found:
            return Link(text, next(iter(found)))
        if (target := self.declared_in_any_case(of, key)) is not None:
            return self._link_to(text, target)
        if self._indexes.was_read(of):
            at = f" at that {of.owner}" if of.owner else ""
            self._add_missing(of, f"'{text}'{at}", reference, document, index.similar(key))
        return None

    def _add_missing(
        self, of: Kind, what: str, reference: Reference, document: Document, similar: Iterable[LiveObject] = ()
    ) -> None:
        hint = "".join(f"; did you mean {name_of(of, obj)} (id {obj.id})?" for obj in similar)
        self._problems.add(
            f"{place(document, reference)}: ConnectWise has no {of.name} {what}, and no manifest declares it{hint}",
            document.address,
        )
