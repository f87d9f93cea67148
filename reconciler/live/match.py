"""Which live object each document means, and what every reference points at. Pure: values in, values out.

Two live objects under one natural key are an error that lists both ids, never the first of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal

from reconciler.errors import ReconcilerError
from reconciler.kinds.base import Kind, NestedRead, Verdict, attribute_of, key_part
from reconciler.kinds.fields import ById, LookUp
from reconciler.kinds.live_state import Key, LiveObject, keys_of
from reconciler.kinds.near import near_key
from reconciler.kinds.references import Reference, references_of
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.live.index import Index, awake, folded
from reconciler.live.messages import candidates as candidates_told
from reconciler.live.messages import ids, place, spelled_key, told_apart
from reconciler.manifests.closure import closure
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

    def __init__(self, manifests: Manifests, *, creating: bool = True) -> None:
        self.manifests = manifests
        self._creating = creating
        """Whether a document without a live object means that one is made."""
        self._problems: dict[str, tuple[str, ...]] = {}
        """What cannot be tied together, and the addresses that it is about."""
        self.refused: dict[str, list[str]] = {}
        """By address: why a document that lives in manifests only cannot be tied to what lives."""
        self._indexes: dict[str, Index] = {}
        self._records: dict[str, Sequence[Mapping[str, Any]]] = {}
        self._read: set[str] = set()
        self._documents: dict[str, LiveObject | None] = {}
        self._links: dict[str, dict[Path, Link]] = {}
        self._by_name: dict[str, Link] = {}
        self._declared: dict[str, dict[Key, Document]] = {}

    @property
    def problems(self) -> list[str]:
        """Everything that could not be tied together so far, each once."""
        return list(self._problems)

    def add(self, of: Kind, objects: Iterable[LiveObject]) -> None:
        """Objects that were read; those that are out of matching (deleted companies) are left out."""
        self._read.add(of.name)
        self._index(of).add(objects)

    def _index(self, of: Kind) -> Index:
        if of.name not in self._indexes:
            self._indexes[of.name] = Index(of)
        return self._indexes[of.name]

    def lacking(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The documents of top-level lists that have no object, as far as what was read shows."""
        for document in documents:
            of = document.kind
            if of.collection is None or of.owner is not None or document.metadata.id is not None:
                continue
            key = self._key(document)
            if key is None or self._index(of).at(key):
                continue
            if not any(self._at_old_key(document, _old_key(of, key, old)) for old in document.metadata.previously):
                yield document

    def unfound(self, documents: Iterable[Document]) -> dict[str, set[Key]]:
        """By kind: the keys, without case, that documents look up in top-level lists, and that nothing has which was
        read or declared."""
        found: dict[str, set[Key]] = defaultdict(set)
        for reference in (each for document in documents for each in references_of(document.spec)):
            of = kind(reference.kind)
            if of.owner is not None or of.parent is not None or isinstance(reference.value, str | ById):
                continue
            key = _looked_up(of, reference.value, None)
            declared = self._declared_by_key(of)
            if not (self._index(of).at(key) or self._index(of).in_another_case(key) or _in_any_case(declared, key)):
                found[of.name].add(folded(key))
        return found

    def add_names(self, of: Kind, objects: Iterable[LiveObject], sought: Collection[Key] = ()) -> frozenset[int]:
        """Objects of which only the keys were read, so that what looks the same as one of them is not made.

        The ids of those that a document means or looks up (`sought`, without case), since no condition asks for them
        as they are spelled: they are to be read and added.
        """
        index = self._index(of)
        declared = self._declared_by_key(of)
        olds = {
            near_key(_old_key(of, key, old))
            for key, document in declared.items()
            for old in document.metadata.previously
        }
        meant: set[int] = set()
        for obj in objects:
            for key in keys_of(of, obj) if obj.id not in index.by_id else ():
                if key in declared or near_key(key) in olds or folded(key) in sought:
                    meant.add(obj.id)
                else:
                    index.add_name(key, obj)
        return frozenset(meant)

    def add_records(self, of: Kind, records: Sequence[Mapping[str, Any]]) -> None:
        """The records of the kinds that this one follows: they tell what an object is that goes by another name."""
        self._records[of.name] = records

    def unsure(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The documents whose object can only be told with the records of what their kind follows."""
        for document in documents:
            of = document.kind
            key = self._key(document) if of.loose_match is not None and document.metadata.id is None else None
            if key is not None and not self._index(of).at(key) and "unsure" in self._verdicts(of, key).values():
                yield document

    def named(self, document: Document, below: NestedRead) -> LiveObject | Literal["unsure"] | None:
        """The live object whose natural key a document holds in its own fields, under whatever name it is stored."""
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
        if exact := self._index(of).at(key):
            return min(exact.values(), key=lambda obj: obj.id)
        verdicts = self._verdicts(of, key)
        same = [self._index(of).by_id[number] for number, verdict in verdicts.items() if verdict == "same"]
        if len(same) == 1 and of.loose_match is not None and any(same[0].raw.get(name) for name in of.loose_match.wire):
            return same[0]  # one that says nothing is not what somebody names
        return "unsure" if "unsure" in verdicts.values() else None

    def owner_id(self, document: Document, field: str) -> int | None:
        """The id of the live object that a field of the document refers to, were it only a field of this name."""
        if document.kind.collection is None:
            link = self.links(document).get((field,))
        else:
            item = document.kind.by_name.get(field)
            link = None if item is None else self._owner(document.kind, field, document)
        return None if link is None else link.id

    def objects(self) -> Iterable[tuple[str, Mapping[int, LiveObject]]]:
        """All that was read and is in matching, by kind and id."""
        return [(name, index.by_id) for name, index in self._indexes.items()]

    def document(self, document: Document) -> LiveObject | None:
        """The live object of a document: by its pinned id, its natural key, or a key that it had before."""
        address = document.address
        if address not in self._documents:
            self._documents[address] = self._find(document)
        return self._documents[address]

    def matches(self, documents: Iterable[Document]) -> dict[str, LiveObject]:
        found = {document.address: self.document(document) for document in documents if document.kind.collection}
        self._each_object_once(found)
        return {address: obj for address, obj in found.items() if obj is not None}

    def links(self, document: Document) -> dict[Path, Link]:
        """Every reference of a document as a link; a look-up of something that does not exist is a problem."""
        address = document.address
        if address not in self._links:
            known = len(self._problems)
            found = {reference.path: self._link(reference, document) for reference in references_of(document.spec)}
            self._links[address] = {path: link for path, link in found.items() if link is not None}
            if document.kind.collection is None:
                self._check_billable(document, found)
                if not self._creating:
                    self._check_spelled(document)
                self._refuse(address, list(self._problems)[known:])
        return self._links[address]

    def _check_billable(self, document: Document, found: Mapping[Path, Link | None]) -> None:
        """A mapping refers to nothing that ConnectWise takes on no agreement: a product of class Bundle."""
        for reference in references_of(document.spec):
            link = found[reference.path]
            live = None if link is None else self._index(kind(reference.kind)).by_id.get(link.id or 0)
            reason = None if live is None else kind(reference.kind).unbillable(live.raw)
            if reason is not None:
                named = "" if link is None else link.name
                self._problem(f"{place(document, reference)}: {reference.kind} '{named}' {reason}", document.address)

    def _check_spelled(self, document: Document) -> None:
        """A declared object that a mapping refers to is not there, but one is that looks the same: say which."""
        for reference in references_of(document.spec):
            target = self.manifests.by_address.get(f"{reference.kind}/{reference.value}")
            if target is None or self.document(target) is not None:
                continue
            key = self._key(target)
            for wanted, obj in () if key is None else self._near_misses(target, key):
                text = f"{place(document, reference)}: {told_apart(target.kind, wanted, obj)}"
                self._problem(text, document.address)

    def _refuse(self, address: str, problems: Iterable[str]) -> None:
        """What is wrong with the references of a mapping keeps that mapping from billing, and stops nobody else."""
        prefix = f"{address}: "
        for text in problems:
            if text.startswith(prefix):
                del self._problems[text]
                self.refused.setdefault(address, []).append(text.removeprefix(prefix))

    def _find(self, document: Document) -> LiveObject | None:
        of = document.kind
        if document.metadata.id is not None:
            pinned = self._index(of).by_id.get(document.metadata.id)
            if pinned is None and of.name in self._read:
                self._problem(
                    f"{document.address}: metadata.id {document.metadata.id} does not exist", document.address
                )
            return pinned
        key = self._key(document)
        if key is None:
            return None
        candidates = self._index(of).at(key)
        for old in document.metadata.previously:
            candidates |= self._at_old_key(document, _old_key(of, key, old))
        if not candidates and of.loose_match is not None:
            known = len(self._problems)
            loose_match = self._akin(document, key)
            if loose_match is not None or len(self._problems) > known:
                return loose_match
        if len(candidates) > 1:
            candidates = awake(of, candidates)
        if len(candidates) > 1:
            old_too = " or an old one of metadata.previously" if document.metadata.previously else ""
            self._problem(
                f"{document.address}: {len(candidates)} live objects have this natural key "
                f"({', '.join(of.key)}){old_too}: ids {ids(candidates)}. Pin one with metadata.id",
                document.address,
            )
            return None
        if not candidates and self._creating:
            self._refuse_near_misses(document, key)
        return next(iter(candidates.values()), None)

    def _refuse_near_misses(self, document: Document, key: Key) -> None:
        """What looks the same as the object that would be made is that object: a second one is never made."""
        for wanted, obj in self._near_misses(document, key):
            self._problem(
                f"{document.address}: {told_apart(document.kind, wanted, obj)}. A second one is not made. "
                "Write it as ConnectWise has it, or name that spelling in metadata.previously to change it there",
                document.address,
            )

    def _near_misses(self, document: Document, key: Key) -> Iterator[tuple[Mapping[str, Any], LiveObject]]:
        """(what the document calls it, by field; the live object that looks the same), also by an old name of it."""
        of = document.kind
        wanted = {name: getattr(document.spec, of.by_name[name].attribute) for name in of.key}
        near = self._index(of).near(key)
        yield from ((wanted, obj) for obj in near)
        declared = self._declared_by_key(of)
        for old in document.metadata.previously:
            for obj in self._index(of).near(_old_key(of, key, old)):
                if obj not in near and not any(each in declared for each in keys_of(of, obj)):
                    yield {**wanted, str(of.rename_key): old}, obj

    def _akin(self, document: Document, key: Key) -> LiveObject | None:
        """The one object that holds a part of the key, and is the declared one under another name."""
        of = document.kind
        verdicts = self._verdicts(of, key)
        same = [number for number, verdict in verdicts.items() if verdict == "same"]
        unsure = [number for number, verdict in verdicts.items() if verdict == "unsure"]
        if len(same) == 1:
            return self._index(of).by_id[same[0]]
        if same or unsure:
            parts = ", ".join(of.loose_match.key if of.loose_match is not None else ())
            told = candidates_told(of, [self._index(of).by_id[number] for number in same or unsure])
            self._problem(
                f"{document.address}: no live object has this natural key ({', '.join(of.key)}), and it may be one "
                f"that has the same {parts}: {told}. Declare it as it is called there, or pin it with metadata.id",
                document.address,
            )
        return None

    def _verdicts(self, of: Kind, key: Key) -> dict[int, Verdict]:
        """What the objects are that hold a part of this key, and are not what another document declares."""
        if of.loose_match is None:
            return {}
        wanted = dict(zip(of.key, key, strict=True))
        declared = self._declared_by_key(of)
        return {
            obj.id: of.loose_match.verdict(obj.raw, wanted, self._records.get(of.name))
            for obj in self._index(of).sharing(key)
            if not any(other in declared for other in keys_of(of, obj))
        }

    def _at_old_key(self, document: Document, key: Key) -> dict[int, LiveObject]:
        """What has the old key now, unless another document has taken that key over: then it means that one's."""
        of = document.kind
        owner = self._declared_by_key(of).get(key)
        return (
            (self._index(of).at(key) or self._index(of).in_another_case(key))
            if owner is None or owner is document
            else {}
        )

    def _declared_by_key(self, of: Kind) -> Mapping[Key, Document]:
        if of.name not in self._declared:
            keyed = ((self._key(document), document) for document in self.manifests.of_kind(of.name))
            self._declared[of.name] = {key: document for key, document in keyed if key is not None}
        return self._declared[of.name]

    def _key(self, document: Document) -> Key | None:
        """References count by id, and by address while what they point at does not exist: that no live object has.
        None where one of them points at nothing."""
        parts: list[object] = []
        for name, attribute, target, exact in _components(document.kind):
            value = getattr(document.spec, attribute)
            if target:
                link = self._link(Reference((name,), target, value), document)
                if link is None:
                    return None
                parts.append(_identity(link))
            else:
                parts.append(key_part(value, exact=exact))
        return tuple(parts)

    def _link(self, reference: Reference, document: Document) -> Link | None:
        value = reference.value
        if isinstance(value, str):
            address = f"{reference.kind}/{value}"
            if address not in self._by_name:
                self._by_name[address] = self._link_to(value, self.manifests.by_address[address])
            return self._by_name[address]
        of = kind(reference.kind)
        if isinstance(value, ById):
            return self._link_by_id(of, value.id, reference, document)
        return self._link_by_key(of, value, reference, document)

    def _link_to(self, name: str, target: Document) -> Link:
        live = self.document(target)
        return Link(name, None if live is None else live.id, target.address)

    def _link_by_id(self, of: Kind, number: int, reference: Reference, document: Document) -> Link | None:
        if number not in self._index(of).by_id and of.name in self._read and of.parent is None:
            self._missing(of, f"id {number}", reference, document)
            return None
        return Link(f"id {number}", number)

    def _link_by_key(self, of: Kind, value: LookUp, reference: Reference, document: Document) -> Link | None:
        """A look-up finds what lives, else what is declared; a kind that this run does not read has no links."""
        text = str(next(iter(value.model_dump().values())))
        owner = None
        if of.owner is not None:
            owner = self._owner(of, of.owner, document)
            if owner is None:
                if attribute_of(document.kind.spec, of.owner) is None:
                    self._problem(
                        f"{place(document, reference)}: nothing here says of which {of.owner}; give its id",
                        document.address,
                    )
                return None
        key = _looked_up(of, value, owner)
        found = self._index(of).at(key) or self._index(of).in_another_case(key)
        if len(found) > 1:
            found = awake(of, found)
        if len(found) > 1:
            self._problem(
                f"{place(document, reference)}: {of.name} '{text}' is ambiguous: ids {ids(found)}", document.address
            )
            return None
        if found:
            return Link(text, next(iter(found)))
        declared = self._declared_by_key(of)
        if (target := declared.get(key) or next(iter(_in_any_case(declared, key)), None)) is not None:
            return self._link_to(text, target)
        if of.name in self._read:
            at = f" at that {of.owner}" if of.owner else ""
            self._missing(of, f"'{text}'{at}", reference, document, self._index(of).near(key))
        return None

    def _owner(self, of: Kind, field: str, document: Document) -> Link | None:
        """What a document's field of the same name as the owner's refers to."""
        target = of.by_name[field].mapping.target
        attribute = attribute_of(document.kind.spec, field)
        value = None if attribute is None else getattr(document.spec, attribute)
        if target is None or value is None:
            return None
        return self._link(Reference((field,), str(target.kind), value), document)

    def _missing(
        self, of: Kind, what: str, reference: Reference, document: Document, near: Iterable[LiveObject] = ()
    ) -> None:
        hint = "".join(f"; did you mean {spelled_key(of, obj)} (id {obj.id})?" for obj in near)
        self._problem(
            f"{place(document, reference)}: ConnectWise has no {of.name} {what}, and no manifest declares it{hint}",
            document.address,
        )

    def _problem(self, text: str, *addresses: str) -> None:
        self._problems[text] = addresses

    def refuse_mappings(self, documents: Iterable[Document]) -> None:
        """Where nothing but usage is planned, what cannot be tied together refuses the mappings that need it.

        One customer's agreement that is there twice stops no other customer's bill.
        """
        for document in documents if self._problems else ():
            if document.kind.collection is not None:
                continue
            needed = {each.address for each in closure(self.manifests, document).documents}
            for text, addresses in self._problems.items():
                if not needed.isdisjoint(addresses):
                    self.refused.setdefault(document.address, []).append(text)
        told = {text for texts in self.refused.values() for text in texts}
        self._problems = {text: addresses for text, addresses in self._problems.items() if text not in told}

    def _each_object_once(self, found: Mapping[str, LiveObject | None]) -> None:
        owners: dict[tuple[str, int], str] = {}
        for address, obj in found.items():
            if obj is None:
                continue
            first = owners.setdefault((obj.kind, obj.id), address)
            if first != address:
                self._problem(f"{address} and {first} are the same live object, id {obj.id}", address, first)


@cache
def _components(of: Kind) -> tuple[tuple[str, str, str, bool], ...]:
    """(field, attribute, kind that it refers to or "", whether case counts) of each part of a natural key."""
    parts = (of.by_name[name] for name in of.key)
    return tuple(
        (part.name, part.attribute, (part.mapping.target and part.mapping.target.kind) or "", part.mapping.exact)
        for part in parts
    )


def _looked_up(of: Kind, value: LookUp, owner: Link | None) -> Key:
    """The natural key of what a look-up means, below its owner."""
    text = str(next(iter(value.model_dump().values())))
    return tuple(
        _identity(owner) if owner is not None and name == of.owner else key_part(text, exact=mapping.exact)
        for name, mapping in ((name, of.by_name[name].mapping) for name in of.key)
    )


def _in_any_case(declared: Mapping[Key, Document], key: Key) -> list[Document]:
    return [document for other, document in declared.items() if folded(other) == folded(key)]


def _identity(link: Link) -> int | str | None:
    return link.address if link.id is None else link.id


def _old_key(of: Kind, key: Key, old: str) -> Key:
    exact = of.by_name[str(of.rename_key)].mapping.exact
    return tuple(
        key_part(old, exact=exact) if name == of.rename_key else part for name, part in zip(of.key, key, strict=True)
    )
