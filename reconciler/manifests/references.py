"""References between documents: where a spec holds them, and what they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from reconciler.kinds.base import LookUp
from reconciler.kinds.forms import Form
from reconciler.kinds.registry import all_kinds
from reconciler.manifests.documents import Document
from reconciler.manifests.masking import members
from reconciler.manifests.positions import Path

_LOOK_UPS = get_args(LookUp)


@dataclass(frozen=True, slots=True)
class Slot:
    """A field that refers to another object, or that holds fields which do."""

    attribute: str
    name: str
    target: str = ""
    """Name of the kind that is referred to."""
    look_ups: tuple[str, ...] = ()
    """By what an object that nothing declares can be looked up here."""
    inner: tuple[Slot, ...] = ()


@cache
def slots(model: type[BaseModel]) -> tuple[Slot, ...]:
    """The references of a model, found in its annotations."""
    found = []
    for attribute, info in model.model_fields.items():
        name = info.alias or attribute
        models = [part for part in members(info.annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
        look_ups = [part for part in models if part in _LOOK_UPS]
        if look_ups:
            by = tuple(next(iter(part.model_fields)) for part in look_ups)
            found.append(Slot(attribute, name, _target(name, info.metadata), by))
        elif inner := tuple(slot for part in models for slot in slots(part)):
            found.append(Slot(attribute, name, inner=inner))
    return tuple(found)


def _target(name: str, metadata: list[Any]) -> str:
    """The kind that a field refers to: its form says so; where there is none, it bears the kind's name."""
    for mark in metadata:
        if isinstance(mark, Form) and mark.target is not None and mark.target.kind is not None:
            return mark.target.kind
    kind = name[0].upper() + name[1:]
    if kind not in all_kinds():
        raise TypeError(f"{name} refers to no kind: give it a form with a target")
    return kind


def references(spec: BaseModel) -> Iterator[tuple[Path, Slot, Any]]:
    """(path, slot, reference) of every reference that a spec holds."""
    return _walk(spec, slots(type(spec)), ())


def _walk(spec: BaseModel, found: tuple[Slot, ...], below: Path) -> Iterator[tuple[Path, Slot, Any]]:
    for slot in found:
        value = spec.__dict__.get(slot.attribute)
        if value is None:
            continue
        path = (*below, slot.name)
        if not slot.inner:
            yield path, slot, value
            continue
        if isinstance(value, BaseModel):
            yield from _walk(value, slot.inner, path)
            continue
        for place, item in enumerate(value):
            yield from _walk(item, slot.inner, (*path, place))


@dataclass(frozen=True, slots=True)
class Index:
    """Documents by address and by what they can be looked up by."""

    by_address: Mapping[str, Document]
    looked_up: Mapping[tuple[str, str, Any], Document | None]
    """(kind, field, value) → the one document that has it; `None` where several have."""

    def find(self, target: str, reference: Any) -> Document | None:
        """The declared document that a reference means, by name or by look-up."""
        if isinstance(reference, str):
            return self.by_address.get(f"{target}/{reference}")
        field, value = look_up(reference)
        return self.looked_up.get((target, field, _folded(value)))

    def identity(self, target: str, reference: Any) -> Any:
        """What a reference counts as in a natural key: the same for a name and a look-up of the same document."""
        found = self.find(target, reference)
        if found is not None:
            return found.address
        return reference if isinstance(reference, str) else (look_up(reference)[0], _folded(look_up(reference)[1]))


def look_up(reference: BaseModel) -> tuple[str, Any]:
    field = next(iter(type(reference).model_fields))
    return field, getattr(reference, field)


def _folded(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


@cache
def _looked_up_by() -> Mapping[str, frozenset[str]]:
    """Kind → the fields by which some reference looks it up."""
    found: dict[str, set[str]] = {}

    def gather(items: tuple[Slot, ...]) -> None:
        for slot in items:
            found.setdefault(slot.target, set()).update(slot.look_ups)
            gather(slot.inner)

    for kind in all_kinds().values():
        gather(slots(kind.spec))
    return {kind: frozenset(fields - {"id"}) for kind, fields in found.items()}


def index(documents: Mapping[str, Document]) -> Index:
    looked_up: dict[tuple[str, str, Any], Document | None] = {}
    for document in documents.values():
        kind = document.kind.name
        keys = [(kind, field, _folded(document.spec.__dict__.get(field))) for field in _looked_up_by().get(kind, ())]
        if document.metadata.id is not None:
            keys.append((kind, "id", document.metadata.id))
        for key in keys:
            looked_up[key] = document if key not in looked_up else None
    return Index(documents, looked_up)
