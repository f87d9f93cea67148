"""The description of a kind: its spec model, its natural key, and its collection in ConnectWise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, Field, StrictBool, StrictStr

from reconciler.kinds.field_mapping import FieldMapping, Object
from reconciler.kinds.fields import Model, Name
from reconciler.kinds.retirement import Billed, Retirement
from reconciler.kinds.values import one_line

API_VERSION = "reconciler/v1"


class Spec(Model):
    """The `spec` of a document. A field that is left out is not managed; `null` clears it."""


class Metadata(Model):
    """The name of a document, and how its object is matched and protected."""

    name: Name = Field(
        description="Name of this document, unique in its kind. Other documents refer to it.", examples=["acme"]
    )
    id: int | None = Field(
        None,
        gt=0,
        strict=True,
        description="ConnectWise id of the object. Set it if the natural key matches several objects, or none.",
        examples=[250],
    )
    previously: tuple[str, ...] = Field(
        (),
        description="Old values of the natural key (identifier, name, email…) if you rename an object. "
        "Without them, a second object is created.",
        examples=[["ACME-OLD"]],
    )
    protect: StrictBool = Field(False, description="If true, this object cannot be retired.")
    ensure: Literal["present", "retired"] = Field(
        "present",
        description="`retired` ends the object. An agreement is cancelled. A company, contact, product or login "
        "becomes inactive. What ConnectWise cannot make inactive is deleted.",
    )
    reason: StrictStr | None = Field(
        None,
        description="Why the object is retired, for those who read the plan and the history.",
        examples=["left in November"],
    )
    proposed: StrictBool = Field(
        False,
        description="True if `import` guessed this document. It is checked and listed, and nothing is done for it "
        "until you remove this mark.",
    )


@dataclass(frozen=True, slots=True)
class SpecField:
    """One spec field with its field mapping."""

    attribute: str
    """The name in Python."""
    name: str
    """The name in YAML."""
    mapping: FieldMapping


@dataclass(frozen=True, slots=True)
class NestedRead:
    """A nested collection that billing reads for each document of a kind, such as the additions of an agreement."""

    kind: str
    """The kind of the objects in the collection."""
    parent: str | None = None
    """The field that refers to the parent. None if the document's own object is the parent."""
    unless: tuple[str, ...] = ()
    """Attributes with the natural key of an object of the nested kind. The collection is not read if a document of
    that kind declares the same values."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A field whose entries say from which day other fields of the document have which value."""

    name: str
    """The field, such as `prices`."""
    values: Callable[[Any, date], Mapping[str, Any]]
    """(spec, first day of a month) → the fields that ConnectWise stores, with their values in that month. A field whose
    value is not known is left out."""


Verdict = Literal["same", "other", "unsure"]


@dataclass(frozen=True)
class LooseMatch:
    """How to recognise a live object that holds only a part of the declared natural key."""

    key: tuple[str, ...]
    """The part of the natural key that must be equal."""
    wire: frozenset[str]
    """Wire fields in which ConnectWise may store another value than was sent. `verdict` compares them."""
    verdict: Callable[[Object, Mapping[str, Any], Sequence[Object] | None], Verdict]
    """(live object, declared key values, records) → whether it is the declared object. The records are those of the
    kinds in `Kind.created_after`, each with `id`, `name` and the compared field. None if they were not read."""


def is_deleted(obj: Object) -> bool:
    """Return whether an object was deleted in ConnectWise. Deleted objects can still be readable [seen]."""
    return bool(obj.get("deletedFlag"))


@dataclass(frozen=True)
class Kind:
    """One kind of document, with everything that the other rooms need."""

    name: str
    spec: type[Spec]
    describes: str
    """One line for the schema and the docs."""
    key: tuple[str, ...] = ()
    """The natural key: names of spec fields. References in it are compared by id."""
    key_if_given: tuple[str, ...] = ()
    """Optional spec fields that are part of the natural key too, such as the device of an exclusion."""
    collection: str | None = None
    """The ConnectWise path of the objects. `company/companies` is one list of all objects. In
    `company/companies/{company}/sites`, each company has its own list, and `company` is the field that refers to
    the company. None for kinds that exist in manifests only."""
    bundle: str | None = None
    """Resource name for reading the lists of many parents in one request [seen]. None: one request for each parent."""
    rename_key: str | None = None
    """The key field whose old values `metadata.previously` holds."""
    lookup_path: str | None = None
    """The ConnectWise path for `in (…)` conditions: `identifier`, or `company/identifier` for objects that belong to
    a company. A collection without a lookup path is read whole."""
    ignore: Callable[[Object], bool] = is_deleted
    """Whether a live object is never matched, such as a deleted company."""
    inactive: Callable[[Object], bool] = field(default=lambda _obj: False)
    """Whether a live object is inactive, such as a cancelled agreement. An inactive object is matched only when no
    active object has the same key."""
    ended_before: Callable[[Object, Mapping[str, Any]], bool] = field(default=lambda _obj, _values: False)
    """(live object, values of a new object) → whether the live one has ended before the new one begins. Then both may
    have the same key, such as last year's addition and this year's."""
    unbillable: Callable[[Object], str | None] = field(default=lambda _obj: None)
    """The reason why usage cannot be billed with a live object of this kind. None if it can."""
    conditions: tuple[tuple[str, Any], ...] = ()
    """(field, value) equalities that every query of this collection contains."""
    write_only: frozenset[str] = frozenset()
    """Wire fields that no response contains, such as passwords."""
    keys_of: Callable[[Object, int | None], tuple[tuple[Any, ...], ...]] | None = None
    """(live object, id of its parent) → all natural keys of the object. Set if an object can have several, such as a
    contact with two e-mail addresses."""
    loose_match: LooseMatch | None = None
    alternatives: tuple[frozenset[str], ...] = ()
    """Groups of spec fields of which a document has one. If it has one, no default of another is filled in."""
    dated: Dated | None = None
    own_or_default: tuple[frozenset[str], ...] = ()
    """Groups of spec fields that a document may have together, but that are not mixed with defaults: if it has one of
    them, no default of another is filled in."""
    created_after: tuple[tuple[str, str, str], ...] = ()
    """(kind, its field, our field): create this object after the objects of that kind with an equal field, although
    there is no reference. A management solution needs the integration that brings in its solution."""
    read_also: tuple[str, ...] = ()
    """`fields=` that billing reads in addition to the declared ones."""
    nested_reads: tuple[NestedRead, ...] = ()
    """Nested collections that billing reads for each document of this kind."""
    retirement: Retirement | None = None
    """How an object is retired. None for kinds that exist in manifests only, and for those that usage creates."""
    bills: Callable[[Object, Sequence[Object], str], Billed] | None = None
    """(live object, its nested objects, a day) → what they bill a month after that day. The nested objects are those of
    the first of `nested_reads`. None if objects of this kind bill nothing."""
    zero_is_unset: frozenset[str] = frozenset()
    """Fields for which ConnectWise gives 0 also if they have no value. An import does not declare such a 0."""
    import_also: Callable[[Mapping[str, Any]], Mapping[str, Any]] = field(default=lambda _spec: {})
    """(spec of an imported object) → fields that the document needs too, although ConnectWise does not store them."""
    declarable: bool = True
    """False if only usage creates these objects, and no document can declare them."""

    @cached_property
    def fields(self) -> tuple[SpecField, ...]:
        """Return the spec fields that ConnectWise stores, in the order of the model."""
        return fields_of(self.spec)

    @cached_property
    def all_fields(self) -> tuple[SpecField, ...]:
        """Return the spec fields, and the fields that only retirement writes."""
        model = None if self.retirement is None else self.retirement.fields
        return self.fields if model is None else (*self.fields, *fields_of(model))

    @cached_property
    def fields_of_retirement(self) -> frozenset[str]:
        """Return the fields that show whether an object is retired, and those that change when it is active again."""
        return frozenset() if self.retirement is None else frozenset([*self.retirement.retired, *self.retirement.alive])

    @cached_property
    def by_name(self) -> Mapping[str, SpecField]:
        """Return the fields that ConnectWise stores and a plan may change, by their names in YAML."""
        return {item.name: item for item in self.all_fields}

    @cached_property
    def required_key(self) -> tuple[str, ...]:
        """Return the fields of the natural key that every document must give."""
        return tuple(name for name in self.key if self.spec.model_fields[self.by_name[name].attribute].is_required())

    @cached_property
    def identifying(self) -> tuple[str, ...]:
        """Return the field that alone identifies an object, such as the identifier of a company.

        `Defaults` cannot give it. It is empty for a kind whose key has several fields, or is the name of the document.
        """
        names = {info.alias or name for name, info in self.spec.model_fields.items()}
        return self.key if len(self.key) == 1 and not self.key_if_given and self.key[0] in names else ()

    @cached_property
    def parent(self) -> str | None:
        """Return the spec field that refers to the parent in the collection's path: `agreement` of an addition."""
        if self.collection is None or "{" not in self.collection:
            return None
        return self.collection.split("{")[1].split("}")[0]

    @cached_property
    def owner(self) -> str | None:
        """Return the spec field that refers to the owner: the parent, or the company of an agreement or contact."""
        if self.parent is None and self.lookup_path is not None and "/" in self.lookup_path:
            return self.lookup_path.split("/")[0]
        return self.parent

    def may_be_stored_differently(self, field: str) -> bool:
        """Return whether ConnectWise may store another value in a field than was sent, for the same object."""
        return self.loose_match is not None and not self.loose_match.wire.isdisjoint(self.by_name[field].mapping.reads)

    def __repr__(self) -> str:
        return f"Kind({self.name})"


def fields_of(spec: type[BaseModel]) -> tuple[SpecField, ...]:
    """Return the fields of a model that ConnectWise stores, in the order of the model."""
    return tuple(
        SpecField(attribute, info.alias or attribute, mark)
        for attribute, info in spec.model_fields.items()
        for mark in info.metadata
        if isinstance(mark, FieldMapping)
    )


def attribute_of(spec: type[BaseModel], name: str) -> str | None:
    """Return the attribute of the spec field with a YAML name. None if the spec has no such field."""
    return next((attribute for attribute, info in spec.model_fields.items() if (info.alias or attribute) == name), None)


def key_part(value: Any, *, exact: bool = False) -> Any:
    """Return one component of a natural key in the form in which keys are compared.

    A link becomes its id. Text is trimmed, in Unicode NFC, with each line break as a space, because ConnectWise may
    store it like that. Case is ignored unless `exact`, which identifiers and solution names are.
    """
    if isinstance(value, str):
        text = one_line(value)
        return text if exact else one_line(text.casefold())
    return getattr(value, "id", value)
