"""Finds the places in the manifests that would bring an undone change back, and what to write instead. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from pydantic import BaseModel

from reconciler.kinds.base import SpecField
from reconciler.kinds.customer_mapping import ChargeFields, CustomerMappingSpec
from reconciler.kinds.fields import ById
from reconciler.kinds.registry import kind
from reconciler.kinds.values import plain_decimal
from reconciler.manifests.documents import Document, DocumentOf, Manifests, has_spec
from reconciler.manifests.positions import Path
from reconciler.manifests.relations import Relations
from reconciler.planning.equality import named, same
from reconciler.planning.undo_inputs import LAST_DAY, PutBack, charge_of, mapping_of

_PRICES: Final = ("price", "prices", "ranges", "product")
"""The fields of a charge that can set the price of its additions. The first one that is declared counts."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One place in the manifests that would bring an undone change back."""

    address: str
    file: str
    index: int
    """The document's position in its file, from 0. -1 for a default: see `default_of`."""
    path: Path
    """The place in the document, as in (`spec`, `city`). Empty for the whole document."""
    message: str
    edit: Literal["set", "add", "remove", "remove document", "by hand"]
    value: Any = None
    """For `set` and `add`: the value to write."""
    default_of: str = ""
    """For a default: the kind that it is for."""


def causes(undone: Iterable[PutBack], manifests: Manifests, names: Mapping[tuple[str, int], str]) -> list[Cause]:
    """Return the places that would bring the undone changes back, each once, in the order of the changes.

    `names` has the names of documents by the kind and id of their objects.
    """
    undone = list(undone)
    found: dict[tuple[str, int, Path, str], Cause] = {}
    created = [each.address for each in undone if each.action == "create" and each.address in manifests.by_address]
    finder = _Finder(manifests, names, undone)
    for each in undone:
        for cause in finder.of(each):
            found.setdefault((cause.file, cause.index, cause.path, cause.default_of), cause)
    for cause in finder.dependents(created):
        found.setdefault((cause.file, cause.index, cause.path, cause.default_of), cause)
    return [*found.values()]


class _Finder:
    def __init__(self, manifests: Manifests, names: Mapping[tuple[str, int], str], undone: Sequence[PutBack]) -> None:
        self._manifests = manifests
        self._names = names
        self._undone = {each.address: each for each in undone}
        self._defaults: dict[tuple[str, str, str], tuple[int, bool]] = {}

    def of(self, undone: PutBack) -> Iterator[Cause]:
        if not kind(undone.kind).declarable:
            yield from self._of_addition(undone)
            return
        document = self._manifests.by_address.get(undone.address)
        if document is None:
            return
        if undone.action == "create":
            if not document.retired:
                yield _whole(document, "declares it, and the undo retires it")
        elif undone.action == "retire":
            if document.retired:
                message = "`ensure: retired` would retire it again"
                yield _cause(document, ("metadata", "ensure"), message, "remove")
                if document.metadata.reason is not None:
                    yield _cause(document, ("metadata", "reason"), "the reason of the retirement", "remove")
        elif not document.retired:
            marks = _marks(document, undone) if undone.ends_again else frozenset()
            if marks:
                message = "`ensure: retired` is missing: the undo retires it again"
                yield _cause(document, ("metadata", "ensure"), message, "add", "retired")
            for path, (before, _) in undone.changes.items():
                if path not in marks:
                    yield from self._of_field(document, path, before)

    def dependents(self, created: Collection[str]) -> Iterator[Cause]:
        """Yield the mappings that need an object that the undo retires. They cannot be billed without it."""
        if not created:
            return
        for address in sorted(Relations(self._manifests.documents).dependents(created) - set(created)):
            document = self._manifests.by_address[address]
            if document.kind.collection is None:
                yield _whole(document, "refers to what the undo retires")

    def _of_addition(self, undone: PutBack) -> Iterator[Cause]:
        """Yield the fields of the mapping that set the price and the last day of an addition."""
        document = self._manifests.by_address.get(mapping_of(undone.address))
        if document is None or not has_spec(document, CustomerMappingSpec):
            return
        if LAST_DAY in undone.changes and "end" in document.declared and "end" not in document.defaulted:
            before = undone.changes[LAST_DAY][0]
            edit: Literal["remove", "by hand"] = "remove" if before is None else "by hand"
            message = f"{getattr(document.spec, 'end')}; {undone.address} had the last day {before} before the run"
            if before is None:
                message = f"{getattr(document.spec, 'end')}; {undone.address} had no last day before the run"
            yield _cause(document, ("spec", "end"), message, edit)
        elif LAST_DAY in undone.changes:
            message = f"{undone.address} ended in the run, because the mapping bills another product or agreement now"
            yield _cause(document, ("spec", "agreement"), message, "by hand")
        if "unitPrice" in undone.changes:
            yield from self._of_price(undone, document)

    def _of_price(self, undone: PutBack, document: DocumentOf[CustomerMappingSpec]) -> Iterator[Cause]:
        """Yield the field of the mapping that sets the price of an addition. A default has none."""
        place, charge = _charge_of(document.spec, undone.address)
        if charge is None:
            return
        declared = document.declared if not place else {each for each in _PRICES if getattr(charge, each) is not None}
        field = next((each for each in _PRICES if each in declared), None)
        if field is None or (str(place[0]) if place else field) in document.defaulted:
            return
        by_product = any("price" in each.changes for each in self._undone.values())
        before, after = (_number(str(each)) for each in undone.changes["unitPrice"])
        own = any(each.price is not None or each.prices is not None for each in charge.ranges or ())
        if field == "price" and isinstance(before, Decimal) and charge.price == after:
            message = f"{_shown(after)}; {undone.address} had {_shown(before)} before the run"
            yield _cause(document, ("spec", *place, field), message, "set", before)
        elif field in ("price", "prices") or not by_product or own:
            message = f"the price of {undone.address} comes from here"
            yield _cause(document, ("spec", *place, field), message, "by hand")

    def _of_field(self, document: Document, path: str, before: Any) -> Iterator[Cause]:
        name, _, entry = path.partition(".")
        item = document.kind.by_name.get(name)
        if item is None or name not in document.declared:
            return
        if name in document.of_today and document.kind.dated is not None:
            message = f"{name} was {_shown(before)} before the run"
            yield self._placed(document, (document.kind.dated.name,), message, "by hand", None)
            return
        declared = getattr(document.spec, item.attribute)
        if entry and item.mapping.subcollection is None:
            spelled = next((each for each in declared or {} if named({each: 1}, entry)), None)
            if spelled is None:
                return
            entry, declared = spelled, declared[spelled]
        if entry and item.mapping.subcollection is not None:
            yield self._placed(document, (name,), f"{path} was {_shown(before)} before the run", "by hand", None)
            return
        value = self._value(item, declared, before)
        if self._equal(item, declared, value):
            return
        place = (name, entry) if entry else (name,)
        message = f"{_shown(_plain(declared))}; it was {_shown(_plain(value))} before the run"
        edit: Literal["set", "remove"] = "remove" if value is None and name not in document.defaulted else "set"
        yield self._placed(document, place, message, edit, value)

    def _placed(
        self, document: Document, place: Path, message: str, edit: Literal["set", "remove", "by hand"], value: Any
    ) -> Cause:
        """Return the cause at a field of a document, or at the default that fills it in."""
        name = str(place[0])
        file = document.defaulted.get(name)
        if file is None:
            return _cause(document, ("spec", *place), message, edit, value)
        of = document.kind.name
        users, shared = self._default(of, name, file)
        if shared:
            message += f". It is the default of {users} documents, and the run changed only some of them"
        hand: Literal["set", "by hand"] = "by hand" if shared or edit == "by hand" else "set"
        return Cause(document.address, file, -1, ("spec", of, *place), message, hand, value, default_of=of)

    def _default(self, of: str, name: str, file: str) -> tuple[int, bool]:
        """Return how many documents use a default, and whether the undo leaves one as it is or their values differ."""
        found = self._defaults.get((of, name, file))
        if found is None:
            users = [each for each in self._manifests.of_kind(of) if each.defaulted.get(name) == file]
            undone = [self._undone.get(each.address) for each in users if not each.retired]
            before = [each.changes[name][0] for each in undone if each is not None and name in each.changes]
            shared = len(before) < len(undone) or any(each != before[0] for each in before)
            found = self._defaults[of, name, file] = len(undone), shared
        return found

    def _value(self, item: SpecField, declared: Any, before: Any) -> Any:
        """Return a value of the journal as a manifest writes it."""
        match before:
            case {"name": str(name), **rest} if rest.keys() <= {"id", "address"}:
                target = item.mapping.target
                if target is None or target.kind is None:
                    return name
                number: Any = rest.get("id")
                return self._names.get((target.kind, number)) or {"id": number}
            case list():
                return [self._value(item, None, each) for each in before]
            case str() if item.mapping.sort == "number" or isinstance(declared, int | Decimal):
                return _number(before)
            case _:
                return before

    def _equal(self, item: SpecField, declared: Any, value: Any) -> bool:
        """Return whether a declared value equals `value`, which has the form of a manifest."""
        declared = _plain(declared)
        if item.mapping.target is None:
            return same(item.mapping, declared, value)
        ours, theirs = (_folded(each) for each in (declared, value))
        return bool(ours == theirs)


def _charge_of(spec: CustomerMappingSpec, address: str) -> tuple[Path, ChargeFields | None]:
    """Return the charge that an addition bills, with its place in the spec. None if the mapping no longer has it."""
    name = charge_of(address)
    charges = [*spec.each_charge()]  # a renamed charge is still the only one of its mapping
    return next((each for each in charges if each[1].charge_name == name or len(charges) == 1), ((), None))


def _marks(document: Document, undone: PutBack) -> frozenset[str]:
    """Return the fields that retire an object. None if the document itself declares one that the run changed."""
    retirement = document.kind.retirement
    names = frozenset() if retirement is None else retirement.names
    own = document.declared - document.defaulted.keys()
    return frozenset() if names & own & undone.changes.keys() else names


def _folded(value: Any) -> Any:
    match value:
        case str():
            return value.strip().casefold()
        case list() | tuple():
            return frozenset(_folded(each) for each in value)
        case {"id": int(number)}:
            return number
        case _:
            return str(value) if value is not None else None


def _plain(value: Any) -> Any:
    """Return a declared value as JSON."""
    match value:
        case ById():
            return {"id": value.id}
        case BaseModel():
            return next(iter(value.model_dump().values()))
        case datetime.date():
            return value.isoformat()
        case tuple():
            return [_plain(each) for each in value]
        case _:
            return value


def _number(text: str) -> Any:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _shown(value: Any) -> str:
    match value:
        case None:
            return "not set"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return plain_decimal(value)
        case {"name": str(name)} | {"id": name}:
            return str(name)
        case list():
            return "[" + ", ".join(map(_shown, value)) + "]"
        case _:
            return str(value)


def _whole(document: Document, message: str) -> Cause:
    return Cause(document.address, document.origin.file, document.origin.index, (), message, "remove document")


def _cause(
    document: Document,
    path: Path,
    message: str,
    edit: Literal["set", "add", "remove", "by hand"],
    value: Any = None,
) -> Cause:
    return Cause(document.address, document.origin.file, document.origin.index, path, message, edit, value)
