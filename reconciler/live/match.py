"""Which live object each document means, and what every reference points at. Pure: values in, values out.

Two live objects under one natural key are an error that lists both ids, never the first of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reconciler.errors import ReconcilerError
from reconciler.kinds.base import ById, Kind, LookUp, Reference, key_part, references_of
from reconciler.kinds.estate import Key, LiveObject, keys_of
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.manifests.documents import Document, Manifests

Path = tuple[str | int, ...]


class MatchError(ReconcilerError):
    """What is declared cannot be tied to what lives: all the reasons at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        super().__init__(
            f"{count} between the manifests and ConnectWise:\n" + "\n".join(f"  - {text}" for text in problems),
            advice="Correct the manifests, or pin the object that is meant with metadata.id.",
        )
        self.problems = tuple(problems)


class Matcher:
    """Looks documents up among live objects, each once; gathers problems instead of stopping at the first."""

    def __init__(self, manifests: Manifests) -> None:
        self.manifests = manifests
        self.problems: list[str] = []
        self._by_key: dict[str, dict[Key, list[LiveObject]]] = defaultdict(lambda: defaultdict(list))
        self._by_id: dict[str, dict[int, LiveObject]] = defaultdict(dict)
        self._read: set[str] = set()
        self._memo: dict[str, LiveObject | None] = {}

    def add(self, of: Kind, objects: Iterable[LiveObject]) -> None:
        """Objects that were read; those that are out of matching (deleted companies) are left out."""
        self._read.add(of.name)
        keyed, by_id = self._by_key[of.name], self._by_id[of.name]
        for obj in objects:
            if of.ignore(obj.raw) or obj.id in by_id:
                continue
            by_id[obj.id] = obj
            for key in keys_of(of, obj):
                keyed[key].append(obj)

    def objects(self) -> Iterable[tuple[str, Mapping[int, LiveObject]]]:
        """All that was read and is in matching, by kind and id."""
        return self._by_id.items()

    def document(self, document: Document) -> LiveObject | None:
        """The live object of a document: by its pinned id, its natural key, or a key that it had before."""
        address = document.address
        if address not in self._memo:
            self._memo[address] = self._find(document)
        return self._memo[address]

    def matches(self, documents: Iterable[Document]) -> dict[str, LiveObject]:
        found = {document.address: self.document(document) for document in documents if document.kind.collection}
        self._each_object_once(found)
        return {address: obj for address, obj in found.items() if obj is not None}

    def links(self, document: Document) -> dict[Path, Link]:
        """Every reference of a document as a link; a look-up of something that does not exist is a problem."""
        found = ((reference, self._link(reference, document)) for reference in references_of(document.spec))
        return {reference.path: link for reference, link in found if link is not None}

    def _find(self, document: Document) -> LiveObject | None:
        of = document.kind
        if document.metadata.id is not None:
            pinned = self._by_id[of.name].get(document.metadata.id)
            if pinned is None and of.name in self._read:
                self.problems.append(f"{document.address}: metadata.id {document.metadata.id} does not exist")
            return pinned
        key = self._key(document)
        if key is None:
            return None
        candidates = {obj.id: obj for obj in self._by_key[of.name].get(key, ())}
        for old in document.metadata.previously:
            candidates |= {obj.id: obj for obj in self._by_key[of.name].get(self._old_key(of, key, old), ())}
        if len(candidates) > 1:
            candidates = _awake(of, candidates)
        if len(candidates) > 1:
            ids = " and ".join(str(number) for number in sorted(candidates))
            self.problems.append(
                f"{document.address}: {len(candidates)} live objects have this natural key "
                f"({', '.join(of.key)}): ids {ids}. Pin one with metadata.id"
            )
            return None
        return next(iter(candidates.values()), None)

    def _key(self, document: Document) -> Key | None:
        """None while a parent does not exist: then neither can this."""
        parts: list[object] = []
        for name in document.kind.key:
            item = document.kind.by_name[name]
            value = getattr(document.spec, item.attribute)
            if item.form.target is not None and item.form.target.kind is not None:
                link = self._link(Reference((name,), item.form.target.kind, value), document)
                if link is None or link.id is None:
                    return None
                parts.append(link.id)
            else:
                parts.append(key_part(value, exact=item.form.exact))
        return tuple(parts)

    @staticmethod
    def _old_key(of: Kind, key: Key, old: str) -> Key:
        exact = of.by_name[str(of.renamed)].form.exact
        return tuple(
            key_part(old, exact=exact) if name == of.renamed else part for name, part in zip(of.key, key, strict=True)
        )

    def _link(self, reference: Reference, document: Document) -> Link | None:
        value = reference.value
        if isinstance(value, str):
            address = f"{reference.kind}/{value}"
            target = self.document(self.manifests.by_address[address])
            return Link(value, None if target is None else target.id, address)
        of = kind(reference.kind)
        if isinstance(value, ById):
            return self._link_by_id(of, value.id, reference, document)
        return self._link_by_key(of, value, reference, document)

    def _link_by_id(self, of: Kind, number: int, reference: Reference, document: Document) -> Link | None:
        known = self._by_id[of.name].get(number)
        if known is None and of.name in self._read:
            self._missing(of, f"id {number}", reference, document)
            return None
        return Link(f"id {number}", number)

    def _link_by_key(self, of: Kind, value: LookUp, reference: Reference, document: Document) -> Link | None:
        text = str(next(iter(value.model_dump().values())))
        key: Key = (key_part(text),)
        if "company" in of.key:
            company = self._link(Reference(("company",), "Company", getattr(document.spec, "company")), document)
            if company is None or company.id is None:
                self._missing(of, f"{text!r} at a company that does not exist yet", reference, document)
                return None
            key = (company.id, key_part(text))
        found = {obj.id: obj for obj in self._by_key[of.name].get(key, ())}
        if len(found) > 1:
            found = _awake(of, found)
        if len(found) == 1:
            return Link(text, next(iter(found)))
        if found:
            ids = " and ".join(str(number) for number in sorted(found))
            self.problems.append(f"{document.address}: {_place(reference)}: {of.name} {text!r} is ambiguous: ids {ids}")
        else:
            self._missing(of, repr(text), reference, document)
        return None

    def _missing(self, of: Kind, what: str, reference: Reference, document: Document) -> None:
        text = f"{document.address}: {_place(reference)}: ConnectWise has no {of.name} {what}"
        if text not in self.problems:
            self.problems.append(text)

    def _each_object_once(self, found: Mapping[str, LiveObject | None]) -> None:
        owners: dict[tuple[str, int], str] = {}
        for address, obj in found.items():
            if obj is None:
                continue
            first = owners.setdefault((obj.kind, obj.id), address)
            if first != address:
                self.problems.append(f"{address} and {first} are the same live object, id {obj.id}")


def _awake(of: Kind, candidates: Mapping[int, LiveObject]) -> dict[int, LiveObject]:
    """Without the dormant ones, unless all are."""
    awake = {number: obj for number, obj in candidates.items() if not of.dormant(obj.raw)}
    return awake or dict(candidates)


def _place(reference: Reference) -> str:
    text = ""
    for part in reference.path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
