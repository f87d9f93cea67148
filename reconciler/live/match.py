"""Pairs each document with its live object, and resolves the references of each document. Pure.

Two live objects with one natural key are an error that gives both ids. The matcher chooses neither of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from reconciler.kinds.base import Kind, NestedRead, key_part
from reconciler.kinds.live_state import Key, LiveObject
from reconciler.kinds.references import references_to_objects
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.live.candidates import Candidates
from reconciler.live.index import Indexes, prefer_active
from reconciler.live.messages import listed, listed_ids, other_spelling, place
from reconciler.live.problems import Problems
from reconciler.live.references import References
from reconciler.manifests.documents import Document, Manifests

Path = tuple[str | int, ...]


class Matcher:
    """Matches each document once. It collects problems, so that one error gives all of them."""

    def __init__(self, manifests: Manifests, *, creating: bool = True) -> None:
        self.manifests = manifests
        self._creating = creating
        """Whether the plan creates an object for a document that has none."""
        self._problems = Problems()
        self.indexes = Indexes()
        self.references = References(manifests, self.indexes, self._problems, self.live_object)
        self.candidates = Candidates(self.indexes, self.references)
        self._live_objects: dict[str, LiveObject | None] = {}
        self._links: dict[str, dict[Path, Link]] = {}

    @property
    def problems(self) -> list[str]:
        """Return the problems so far that stop the run, each once."""
        return self._problems.texts

    @property
    def refused(self) -> Mapping[str, Sequence[str]]:
        """By address of a mapping: why it cannot be billed."""
        return self._problems.refused

    def add(self, of: Kind, objects: Iterable[LiveObject]) -> None:
        """Add objects that were read. Deleted objects are left out."""
        self.indexes.add(of, objects)

    def objects(self) -> Iterator[tuple[str, Mapping[int, LiveObject]]]:
        """Yield (kind, its objects by id) of everything that was read."""
        return self.indexes.objects()

    def live_object(self, document: Document) -> LiveObject | None:
        """Return the live object with the pinned id, the natural key, or an old key of a document."""
        address = document.address
        if address not in self._live_objects:
            self._live_objects[address] = self._find(document)
        return self._live_objects[address]

    def matches(self, documents: Iterable[Document]) -> dict[str, LiveObject]:
        """Return the live objects by the address of their document. Two documents of one object are a problem."""
        found = {document.address: self.live_object(document) for document in documents if document.kind.collection}
        matched = {address: obj for address, obj in found.items() if obj is not None}
        owners: dict[tuple[str, int], str] = {}
        for address, obj in matched.items():
            first = owners.setdefault((obj.kind, obj.id), address)
            if first != address:
                self._problems.add(f"{address} and {first} match the same {obj.kind}, id {obj.id}", address, first)
        return matched

    def links(self, document: Document) -> dict[Path, Link]:
        """Return the link of every reference of a document. A look-up that finds nothing is a problem."""
        address = document.address
        if address not in self._links:
            before = len(self._problems)
            found = {
                reference.path: self.references.resolve(reference, document)
                for reference in references_to_objects(document.spec)
            }
            self._links[address] = {path: link for path, link in found.items() if link is not None}
            if document.kind.collection is None:
                self._check_billable(document, found)
                if not self._creating:
                    self._check_spelling(document)
                self._problems.refuse_mapping(address, self.problems[before:])
        return self._links[address]

    def refuse_mappings(self, documents: Iterable[Document]) -> None:
        """Let the problems so far refuse the mappings that depend on them, and not stop the run."""
        self._problems.refuse_mappings(self.manifests, documents)

    def owner_id(self, document: Document, field: str) -> int | None:
        """Return the id of the live object that a field of the document refers to, or None."""
        if document.kind.collection is None:
            link = self.links(document).get((field,))
        else:
            item = document.kind.by_name.get(field)
            link = None if item is None else self.references.resolve_field(document.kind, field, document)
        return None if link is None else link.id

    def named_by(self, document: Document, below: NestedRead) -> LiveObject | Literal["unsure"] | None:
        """Return the live object whose natural key is in the fields of a mapping, under any name.

        "unsure": only the prerequisites of the kind show which object it is.
        """
        of = kind(below.kind)
        parts: dict[str, Any] = {}
        for name in of.key:
            item = of.by_name[name]
            if name == of.parent:
                parts[name] = self.owner_id(document, str(below.parent))
            elif item.attribute in below.unless:
                parts[name] = key_part(getattr(document.spec, item.attribute), exact=item.mapping.exact)
            else:
                parts[name] = None
        key = tuple(parts.values())
        index = self.indexes.of(of)
        if exact := index.with_key(key):
            return min(exact.values(), key=lambda obj: obj.id)
        verdicts = self.candidates.under_another_name(of, key)
        same = [index.by_id[number] for number, verdict in verdicts.items() if verdict == "same"]
        if len(same) == 1 and of.loose_match is not None and any(same[0].raw.get(name) for name in of.loose_match.wire):
            return same[0]  # an object without any name is not the one that a mapping names
        return "unsure" if "unsure" in verdicts.values() else None

    def _check_billable(self, document: Document, found: Mapping[Path, Link | None]) -> None:
        """Add a problem if a mapping refers to an object that cannot be billed: a product of class Bundle."""
        for reference in references_to_objects(document.spec):
            link = found[reference.path]
            of = kind(reference.kind)
            live = None if link is None else self.indexes.of(of).by_id.get(link.id or 0)
            reason = None if live is None else of.unbillable(live.raw)
            if reason is not None:
                name = "" if link is None else link.name
                self._problems.add(f"{place(document, reference)}: {of.name} '{name}' {reason}", document.address)

    def _check_spelling(self, document: Document) -> None:
        """Add a problem if a mapping refers to a document whose object has another spelling in ConnectWise."""
        for reference in references_to_objects(document.spec):
            target = self.manifests.by_address.get(f"{reference.kind}/{reference.value}")
            if target is None or self.live_object(target) is not None:
                continue
            key = self.references.key_of(target)
            for values, obj in () if key is None else self.candidates.similar(target, key):
                text = f"{place(document, reference)}: {other_spelling(target.kind, values, obj)}"
                self._problems.add(text, document.address)

    def _find(self, document: Document) -> LiveObject | None:
        of = document.kind
        if document.metadata.id is not None:
            return self._find_pinned(document, document.metadata.id)
        key = self.references.key_of(document)
        if key is None:
            return None
        found = self.indexes.of(of).with_key(key) | self.candidates.with_old_keys(document, key)
        if not found and of.loose_match is not None:
            before = len(self._problems)
            other = self._find_under_another_name(document, key)
            if other is not None or len(self._problems) > before:
                return other
        if len(found) > 1:
            found = prefer_active(of, found)
        if len(found) > 1 and document.retired and all(of.inactive(obj.raw) for obj in found.values()):
            return found[max(found)]  # each of them is retired, so nothing is done
        if len(found) > 1:
            or_old = " or an old one of metadata.previously" if document.metadata.previously else ""
            self._problems.add(
                f"{document.address}: {len(found)} live objects have this natural key "
                f"({', '.join(of.key)}){or_old}: ids {listed_ids(found)}. Pin the right one with metadata.id",
                document.address,
            )
            return None
        if not found and not document.retired:
            self._refuse_declared_by_others(document, key)
        if not found and self._creating:
            self._refuse_similar(document, key)
        return next(iter(found.values()), None)

    def _find_pinned(self, document: Document, number: int) -> LiveObject | None:
        pinned = self.indexes.of(document.kind).by_id.get(number)
        if pinned is None and self.indexes.was_read(document.kind) and not document.retired:
            self._problems.add(
                f"{document.address}: metadata.id: ConnectWise has no {document.kind.name} with id {number}",
                document.address,
            )
        return pinned

    def _find_under_another_name(self, document: Document, key: Key) -> LiveObject | None:
        """Return the one object that has a part of the key and is the declared one under another name."""
        of = document.kind
        index = self.indexes.of(of)
        verdicts = self.candidates.under_another_name(of, key)
        same = [number for number, verdict in verdicts.items() if verdict == "same"]
        unsure = [number for number, verdict in verdicts.items() if verdict == "unsure"]
        if len(same) == 1:
            return index.by_id[same[0]]
        if same or unsure:
            parts = ", ".join(of.loose_match.key if of.loose_match is not None else ())
            objects = listed(of, [index.by_id[number] for number in same or unsure])
            self._problems.add(
                f"{document.address}: no live object has this natural key ({', '.join(of.key)}), but it may be one "
                f"with the same {parts}: {objects}. Declare the name that it has there, or pin it with metadata.id",
                document.address,
            )
        return None

    def _refuse_declared_by_others(self, document: Document, key: Key) -> None:
        """Add a problem for each object that this document would rename, and that another one declares by its key."""
        for old, other, obj in self.candidates.declared_by_others(document, key):
            self._problems.add(
                f"{document.address}: its old {document.kind.rename_key} {old!r} of metadata.previously is the present "
                f"one of {other.address}, and ConnectWise has one such object, id {obj.id}. To rename it, apply that "
                f"before you declare {other.address}. Otherwise remove {old!r} from metadata.previously, or pin "
                f"{other.address} with metadata.id",
                document.address,
                other.address,
            )

    def _refuse_similar(self, document: Document, key: Key) -> None:
        """Add a problem for each object with a key that looks the same. A second object is never created."""
        for values, obj in self.candidates.similar(document, key):
            self._problems.add(
                f"{document.address}: {other_spelling(document.kind, values, obj)}. No second one is created. "
                "Write the name as ConnectWise spells it, or add that spelling to metadata.previously to change it "
                "there",
                document.address,
            )
