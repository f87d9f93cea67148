"""What a kind is: a spec model, a natural key, and where ConnectWise keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticKnownError

from reconciler.kinds.field_mapping import FieldMapping, Object, Target
from reconciler.kinds.values import one_line

API_VERSION = "reconciler/v1"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=100, strict=True)]
"""A manifest name: what others refer to, and the second half of an address."""


class Model(BaseModel):
    """A frozen model whose YAML keys are camelCase and which knows no other keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        serialize_by_alias=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=False,
    )


class Spec(Model):
    """The `spec` of one kind. A field left out is not managed; `null` clears it."""


class Metadata(Model):
    """What a document is called, and how its object is kept."""

    name: Name = Field(description="Unique per kind; how other documents refer to this one.")
    id: int | None = Field(None, gt=0, strict=True, description="Pins the ConnectWise id of the object to manage.")
    previously: tuple[str, ...] = Field(
        (),
        description="Old natural keys (identifier, name, email…) of a renamed object, so that no second one is made.",
    )
    protect: StrictBool = Field(False, description="Refuse to retire this object.")
    ensure: Literal["present", "retired"] = Field(
        "present", description="`retired` cancels an agreement, makes a company or product inactive."
    )


class EnvSecret(Model):
    """A value that stands in an environment variable."""

    env: str = Field(min_length=1, description="Name of the environment variable that holds the value.")


class FileSecret(Model):
    """A value that stands in a file."""

    file: str = Field(min_length=1, description="Path of a file that holds the value, relative to the manifest folder.")


Secret = EnvSecret | FileSecret
"""A value that is never written into a manifest, only pointed at."""


class ByIdentifier(Model):
    """Looks an object up by its identifier."""

    identifier: str = Field(min_length=1, description="Identifier of an object that no manifest declares.")


class ByName(Model):
    """Looks an object up by its name."""

    name: str = Field(min_length=1, description="Name of an object that no manifest declares.")


class ByEmail(Model):
    """Looks a contact up by an e-mail address."""

    email: str = Field(min_length=1, description="E-mail address of a contact that no manifest declares.")


class ById(Model):
    """Names an object by its ConnectWise id."""

    id: int = Field(gt=0, strict=True, description="ConnectWise id of an object that no manifest declares.")


LookUp = ByIdentifier | ByName | ByEmail | ById


def _only_text(value: object) -> object:
    """YAML 1.2 has no dates: without this, pydantic would read the number 20261101 as seconds since 1970."""
    if not isinstance(value, str):
        raise ValueError('a date is written as text, "2026-11-01"')
    if not _DATE.fullmatch(value):
        raise ValueError(f"'{value[:40]}' is not a date: write it as \"2026-11-01\"")
    return value


DateText = BeforeValidator(_only_text)


def _only_number(value: object) -> object:
    """A number in quotes is text: pydantic would take it for the number."""
    if isinstance(value, str):
        raise PydanticKnownError("decimal_type")
    return value


Unquoted = BeforeValidator(_only_number)
"""For decimal fields. Stands after the limits, or they would be lost to the schema."""


@dataclass(frozen=True, slots=True)
class SpecField:
    """One spec field with its form: the attribute in Python, the name in YAML."""

    attribute: str
    name: str
    mapping: FieldMapping


@dataclass(frozen=True, slots=True)
class Below:
    """What billing reads of a nested kind, for each document of another kind."""

    kind: str
    parent: str | None = None
    """The field that refers to the parent; `None` where the document's own object is the parent."""
    unless: tuple[str, ...] = ()
    """Attributes that hold a natural key of the nested kind, without saying so by a reference. Nothing is read where a
    declared document of that kind has the same values in them."""


Verdict = Literal["same", "other", "unsure"]


@dataclass(frozen=True)
class Akin:
    """How an object is recognised that holds only a part of the natural key as it is declared."""

    key: tuple[str, ...]
    """The part of the natural key that it must hold."""
    wire: frozenset[str]
    """Wire fields in which ConnectWise may store something else than was sent; `verdict` judges them."""
    verdict: Callable[[Object, Mapping[str, Any], Sequence[Object] | None], Verdict]
    """(live object, declared key values, records) → whether it is the declared one. The records are those of the
    kinds in `Kind.created_after`, each with `id`, `name` and the field that is followed; `None` while nobody has read
    them."""


def is_deleted(obj: Object) -> bool:
    """Objects that were deleted in the console can stay readable [seen]."""
    return bool(obj.get("deletedFlag"))


@dataclass(frozen=True)
class Kind:
    """One kind of document, and all that the engine needs to know of it."""

    name: str
    spec: type[Spec]
    describes: str
    """One line for the schema and the docs."""
    key: tuple[str, ...] = ()
    """The natural key: names of spec fields. References in it count by id."""
    key_if_given: tuple[str, ...] = ()
    """Spec fields that are a part of the natural key too, and may be left out: the device of an exclusion."""
    collection: str | None = None
    """Where its objects live: a ConnectWise path. `company/companies` is one list of all; in
    `company/companies/{company}/sites`, each company has a list of its own, and `company` is the field that refers
    to it. `None` for kinds that live in manifests only."""
    bundle: str | None = None
    """Resource name under which lists of many parents are read in one request [seen]. `None`: one request each."""
    rename_key: str | None = None
    """The key field that `metadata.previously` holds old values of."""
    lookup_path: str | None = None
    """The ConnectWise path that `in (…)` conditions name: `identifier`, or `company/identifier` for what belongs to
    the object of a field. A collection without one is read whole."""
    ignore: Callable[[Object], bool] = is_deleted
    """Live objects that are out of matching, as companies deleted in the console."""
    inactive: Callable[[Object], bool] = field(default=lambda _obj: False)
    """Live objects that are meant only where no other has the key: last year's agreement, cancelled."""
    over: Callable[[Object, Mapping[str, Any]], bool] = field(default=lambda _obj, _values: False)
    """(live object, values of what is to be made) → whether it has ended before the new one begins, and so is not in
    its way though it has the same key: last year's line of an agreement."""
    unbillable: Callable[[Object], str | None] = field(default=lambda _obj: None)
    """Why a live object of this kind can never be billed with; `None` where it can."""
    conditions: tuple[tuple[str, Any], ...] = ()
    """Fixed equalities for every list of this collection."""
    write_only: frozenset[str] = frozenset()
    """Wire fields that no answer ever holds: passwords."""
    keys_of: Callable[[Object, int | None], tuple[tuple[Any, ...], ...]] | None = None
    """(live object, its parent's id) → all its natural keys, where it can have several: a contact's addresses."""
    akin: Akin | None = None
    alternatives: tuple[frozenset[str], ...] = ()
    """Groups of spec fields of which a document has one: no default is filled in beside another of its group."""
    created_after: tuple[tuple[str, str, str], ...] = ()
    """(kind, its field, our field): made after objects of that kind whose field equals ours, though no reference
    says so: a management solution after the integration that brings its solution in."""
    read_also: tuple[str, ...] = ()
    """`fields=` that billing looks at beside the declared ones."""
    reads_below: tuple[Below, ...] = ()
    """What billing reads below other objects for each document of this kind."""
    declarable: bool = True
    """False for documents that only usage writes."""

    @cached_property
    def fields(self) -> tuple[SpecField, ...]:
        return fields_of(self.spec)

    @cached_property
    def by_name(self) -> Mapping[str, SpecField]:
        return {item.name: item for item in self.fields}

    @cached_property
    def required_key(self) -> tuple[str, ...]:
        """The part of the natural key that every document declares."""
        return tuple(name for name in self.key if self.spec.model_fields[self.by_name[name].attribute].is_required())

    @cached_property
    def parent(self) -> str | None:
        """The spec field whose object holds this collection: `agreement` of an addition."""
        if self.collection is None or "{" not in self.collection:
            return None
        return self.collection.split("{")[1].split("}")[0]

    @cached_property
    def owner(self) -> str | None:
        """The spec field that refers to what its objects belong to: the parent, or the company of an agreement."""
        if self.parent is None and self.lookup_path is not None and "/" in self.lookup_path:
            return self.lookup_path.split("/")[0]
        return self.parent

    def may_be_named_otherwise(self, field: str) -> bool:
        """Whether ConnectWise may store another value of this field than was sent, and mean the same object."""
        return self.akin is not None and not self.akin.wire.isdisjoint(self.by_name[field].mapping.reads)

    def __repr__(self) -> str:
        return f"Kind({self.name})"


def fields_of(spec: type[BaseModel]) -> tuple[SpecField, ...]:
    """The fields of a spec that stand in ConnectWise, in the order of the model."""
    return tuple(
        SpecField(attribute, info.alias or attribute, mark)
        for attribute, info in spec.model_fields.items()
        for mark in info.metadata
        if isinstance(mark, FieldMapping)
    )


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference that a spec makes: where it stands (`ranges`, 1, `product`), to what kind, and how."""

    path: tuple[str | int, ...]
    kind: str
    value: str | LookUp


def references_of(spec: BaseModel, path: tuple[str | int, ...] = ()) -> Iterator[Reference]:
    """Every reference to another kind in a spec, those inside nested models too."""
    for attribute, name, kind, nested in reference_fields(type(spec)):
        value = getattr(spec, attribute, None)  # a spec with mistakes lacks what is wrong
        if value is None:
            continue
        items = enumerate(value) if isinstance(value, tuple) else (("", value),)
        for index, item in items:
            place = (*path, name) if index == "" else (*path, name, index)
            if nested:
                yield from references_of(item, place)
            else:
                yield Reference(place, kind, item)


@cache
def reference_fields(spec: type[BaseModel]) -> tuple[tuple[str, str, str, bool], ...]:
    """(attribute, YAML name, kind, is it a model inside) of the fields that can hold references."""
    found: list[tuple[str, str, str, bool]] = []
    for attribute, info in spec.model_fields.items():
        targets = [
            mark.target if isinstance(mark, FieldMapping) else mark for mark in _marks(info.annotation, info.metadata)
        ]
        kinds = [target.kind for target in targets if isinstance(target, Target) and target.kind]
        name = info.alias or attribute
        if kinds:
            found.append((attribute, name, kinds[0], False))
        elif any(reference_fields(model) for model in _models_in(info.annotation)):
            found.append((attribute, name, "", True))
    return tuple(found)


def _marks(annotation: Any, metadata: list[Any]) -> Iterator[Any]:
    yield from metadata
    for argument in get_args(annotation):
        if get_origin(argument) is Annotated:
            yield from argument.__metadata__


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        if annotation not in (EnvSecret, FileSecret, ByIdentifier, ByName, ByEmail, ById):
            yield annotation
        return
    for argument in get_args(annotation):
        yield from _models_in(argument)


def referred_kinds(spec: type[BaseModel]) -> Iterator[str]:
    """The kinds that a spec can refer to, those of models inside it too."""
    for attribute, _name, kind, nested in reference_fields(spec):
        if nested:
            for model in _models_in(spec.model_fields[attribute].annotation):
                yield from referred_kinds(model)
        else:
            yield kind


def nested_fields(spec: type[BaseModel], attribute: str) -> Iterator[SpecField]:
    """The fields of the models inside one field: a cross-reference's agreement type."""
    for model in _models_in(spec.model_fields[attribute].annotation):
        yield from fields_of(model)


def attribute_of(spec: type[BaseModel], name: str) -> str | None:
    """The attribute of a spec field by its name in YAML; `None` where the spec has none."""
    return next((attribute for attribute, info in spec.model_fields.items() if (info.alias or attribute) == name), None)


def key_part(value: Any, *, exact: bool = False) -> Any:
    """One component of a natural key as it is matched: links by id, text as a server may store it: trimmed, in
    Unicode NFC, a line break as a blank. With case only where it is `exact`: identifiers, solution names."""
    if isinstance(value, str):
        text = one_line(value)
        return text if exact else one_line(text.casefold())
    return getattr(value, "id", value)
