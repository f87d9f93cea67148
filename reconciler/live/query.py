"""Builds the fields, conditions and paths of each read. Pure, and the only place that builds a read.

The kind says where its objects are: `Kind.collection`, `Kind.bundle`, `Kind.lookup_path` and `Kind.conditions`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reconciler.connectwise.conditions import URL_LIMIT, Condition, all_of, any_of, encoded_length, equals, one_of
from reconciler.kinds.base import Kind, SpecField
from reconciler.kinds.field_mapping import Table

ENTERED = "_info/dateEntered"
"""When an object was created [spec]. That `fields` may name it is a [guess]."""

LAST_UPDATED = "_info/lastUpdated"
"""The time of the last update. A response that is cut down by `fields` has no `_info` unless `fields` names it [seen].
That `fields` may name a part of it is a [guess], from `fields=a,b/c` [docs]."""

UPDATED_BY = "_info/updatedBy"
"""Who made the last update [spec]."""

INACTIVE = "inactiveFlag"

Filters = Mapping[str, frozenset[str | int]]
"""ConnectWise path → the values to look for in it."""

URL_RESERVE = 300
"""Characters of a URL that are kept for host, path, codebase and paging. Conditions and fields get the rest."""


@dataclass(frozen=True, slots=True)
class Query:
    """A read of one top-level collection."""

    kind: Kind
    fields: tuple[str, ...] = ()
    """The `fields=` to read. Empty: whole objects."""
    filters: Filters = field(default_factory=dict)
    """Objects with one of these values in one of these paths. Empty: all objects."""
    with_deleted: bool = False
    """Whether to read deleted objects too, and so to leave out `Kind.conditions`."""
    narrowing: Condition | None = None
    """A condition that holds for every object that the reader needs, and leaves out most others."""

    @property
    def kind_condition(self) -> Condition | None:
        """Return the condition for every list of this kind, or None."""
        conditions = self._kind_conditions()
        return all_of(*conditions) if conditions else None

    def _kind_conditions(self) -> list[Condition]:
        of_kind = [] if self.with_deleted else [equals(path, value) for path, value in self.kind.conditions]
        return of_kind if self.narrowing is None else [*of_kind, self.narrowing]

    @property
    def condition(self) -> Condition | None:
        """Return the condition for one list of exactly these objects. None asks for all objects."""
        if not self.filters:
            return self.kind_condition
        return all_of(
            *self._kind_conditions(),
            any_of(*(one_of(path, sorted(values, key=str)) for path, values in sorted(self.filters.items()))),
        )

    @property
    def fits_one_url(self) -> bool:
        """Return whether the whole condition fits into one URL."""
        return encoded_length(str(self.condition)) <= URL_LIMIT - URL_RESERVE - encoded_length(",".join(self.fields))

    @property
    def is_partial(self) -> bool:
        """Return whether the response holds only a part of the collection."""
        return bool(self.filters) and self.fits_one_url


def fields_to_read(of: Kind, declared: Collection[str]) -> tuple[str, ...]:
    """Return the `fields=` of a kind: its key, the declared fields, and those that billing needs."""
    paths = ["id"]
    for item in of.all_fields:
        if item.name in of.key or (item.name in declared and item.mapping.compared):
            paths += listed_paths(of, item)
    return tuple(dict.fromkeys([*paths, *of.read_also, LAST_UPDATED]))


def listed_paths(of: Kind, item: SpecField) -> tuple[str, ...]:
    """Return the paths of one field in a list of its kind.

    Empty for the parent, which is known, and for a field with a subcollection of its own, which is read there.
    """
    own_collection = item.mapping.subcollection is not None and item.mapping.subcollection.on_create
    return () if item.name == of.parent or own_collection else item.mapping.reads


def always_returned(of: Kind, fields: Collection[str]) -> tuple[str, ...]:
    """Return those of the fields that every response holds: natural keys and arrays.

    ConnectWise can leave out a text that is empty [seen], and a flag that is not set. But if a natural key or an array
    is missing from all objects of a response, the server left the field out, and its value is unknown.
    Serial numbers do not count: those of additions that are not ours can all be empty.
    """
    paths = [
        item.mapping.reads[0]
        for item in of.fields
        if listed_paths(of, item)
        and (item.mapping.array or (item.name in of.key and (of.declarable or item.mapping.target is not None)))
    ]
    return tuple(path for path in dict.fromkeys(paths) if path in fields)


def key_properties(of: Kind, fields: Collection[str]) -> tuple[str, ...]:
    """Return the properties, among the fields read, without which no object of a kind can be recognised.

    Arrays can be empty, and the properties that `Kind.loose_match` judges can be missing, so neither is among them.
    """
    elsewhere = frozenset() if of.loose_match is None else of.loose_match.wire
    arrays = {path for item in of.fields if item.mapping.array for path in item.mapping.reads}
    paths = always_returned(of, fields or [path for item in of.fields for path in item.mapping.reads])
    roots = dict.fromkeys(path.partition("/")[0] for path in paths if path not in arrays)
    return tuple(root for root in roots if root not in elsewhere)


def always_returned_in_table(table: Table) -> tuple[str, ...]:
    """Return the fields of a setup table that every response holds: all but the inactive flag."""
    return tuple(path for path in table.fields if path != INACTIVE)


def subcollections_of(of: Kind, names: Collection[str]) -> list[tuple[str, str]]:
    """Return (ConnectWise field, path with `{id}`) of the named fields that are read in a subcollection.

    Cross-references of an integration are an example.
    """
    return [
        (item.mapping.reads[0], item.mapping.subcollection.path)
        for item in of.fields
        if item.name in names and item.mapping.subcollection is not None and item.mapping.subcollection.on_create
    ]
