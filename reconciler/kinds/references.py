"""The references to other documents in a spec: their place, and the kind that each refers to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from reconciler.kinds.base import SpecField, fields_of
from reconciler.kinds.field_mapping import FieldMapping, Target
from reconciler.kinds.fields import REFERENCE_MODELS, LookUp, Model
from reconciler.kinds.registry import all_kinds


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference in a spec."""

    path: tuple[str | int, ...]
    """Its place in the spec, such as (`ranges`, 1, `product`)."""
    kind: str
    """The kind that it refers to."""
    value: str | LookUp
    """A manifest name, or a look-up in ConnectWise."""


@dataclass(frozen=True, slots=True)
class ReferenceField:
    """A field of a spec model that can hold references."""

    attribute: str
    name: str
    """The name in YAML."""
    kind: str | None
    """The kind that the field refers to. None if the references are in models inside the field."""
    built_in: frozenset[str] = frozenset()
    """Names that need no document. They are no references."""


def references_of(spec: BaseModel, path: tuple[str | int, ...] = ()) -> Iterator[Reference]:
    """Yield every reference to another document in a spec, including those in nested models.

    `path` is the place of the spec itself. Attributes that a spec with mistakes lacks are skipped.
    """
    for field in reference_fields(type(spec)):
        value = getattr(spec, field.attribute, None)
        if value is None:
            continue
        items = enumerate(value) if isinstance(value, tuple) else (("", value),)
        for index, item in items:
            place = (*path, field.name) if index == "" else (*path, field.name, index)
            if field.kind is None:
                yield from references_of(item, place)
            elif item not in field.built_in:
                yield Reference(place, field.kind, item)


def references_to_objects(spec: BaseModel) -> Iterator[Reference]:
    """Yield every reference of a spec to an object in ConnectWise. A meter is none: it exists in manifests only."""
    of = all_kinds()
    return (each for each in references_of(spec) if of[each.kind].collection is not None)


@cache
def reference_fields(spec: type[BaseModel]) -> tuple[ReferenceField, ...]:
    """Return the fields of a spec model that can hold references."""
    found: list[ReferenceField] = []
    for attribute, info in spec.model_fields.items():
        targets = [
            mark.target if isinstance(mark, FieldMapping) else mark for mark in _marks(info.annotation, info.metadata)
        ]
        kinds = [target.kind for target in targets if isinstance(target, Target) and target.kind]
        name = info.alias or attribute
        if kinds:
            built_in = frozenset[str]().union(*(each.built_in for each in targets if isinstance(each, Target)))
            found.append(ReferenceField(attribute, name, kinds[0], built_in))
        elif any(reference_fields(model) for model in _models_in(info.annotation)):
            found.append(ReferenceField(attribute, name, None))
    return tuple(found)


def referred_kinds(spec: type[BaseModel]) -> Iterator[str]:
    """Yield the name of each kind that a spec model can refer to, including references in nested models."""
    for field in reference_fields(spec):
        if field.kind is not None:
            yield field.kind
        else:
            for model in _models_in(spec.model_fields[field.attribute].annotation):
                yield from referred_kinds(model)


def nested_fields(spec: type[BaseModel], attribute: str) -> Iterator[SpecField]:
    """Yield the fields of the models inside one field, such as the agreement type of a cross-reference."""
    for model in _models_in(spec.model_fields[attribute].annotation):
        yield from fields_of(model)


def _marks(annotation: Any, metadata: list[Any]) -> Iterator[Any]:
    yield from metadata
    for argument in get_args(annotation):
        if get_origin(argument) is Annotated:
            yield from argument.__metadata__


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        if annotation not in REFERENCE_MODELS:
            yield annotation
        return
    for argument in get_args(annotation):
        yield from _models_in(argument)
