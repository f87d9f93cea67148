"""What is asked of a kind's collection: fields, conditions, paths. Pure, and the only place that builds a read.

Where its objects live is said by the kind: `Kind.collection`, `Kind.bundle`, `Kind.lookup_path` and `Kind.conditions`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reconciler.connectwise.conditions import URL_LIMIT, Condition, all_of, any_of, encoded_length, equals, one_of
from reconciler.kinds.base import Kind, SpecField
from reconciler.kinds.field_mapping import Table

LAST_UPDATED = "_info/lastUpdated"
"""The token of change; `_info` is left out of an answer cut down by `fields` unless named [seen]. That a
sub-path of it may be named is a [guess], from `fields=a,b/c` [docs]."""

INACTIVE = "inactiveFlag"

Values = Mapping[str, frozenset[str | int]]
"""ConnectWise path → the values that are looked for there."""

ROOM = 300
"""Characters of a URL kept for host, path, codebase and paging, beside the conditions and the fields."""


@dataclass(frozen=True, slots=True)
class Query:
    """A reading of one top-level collection."""

    kind: Kind
    fields: tuple[str, ...] = ()
    """The `fields=` that are read. None: whole objects."""
    by: Values = field(default_factory=dict)
    """Objects that have one of these values in one of these paths. None: all."""

    @property
    def fixed(self) -> Condition | None:
        """What every list of this kind is held to."""
        conditions = self.kind.conditions
        return all_of(*(equals(path, value) for path, value in conditions)) if conditions else None

    @property
    def narrowed(self) -> Condition | None:
        """The condition for one list of exactly these objects; `None` asks for all there are."""
        if not self.by:
            return self.fixed
        return all_of(
            *(equals(path, value) for path, value in self.kind.conditions),
            any_of(*(one_of(path, sorted(values, key=str)) for path, values in sorted(self.by.items()))),
        )

    @property
    def fits(self) -> bool:
        """Whether the narrowed condition leaves room in one URL."""
        return encoded_length(str(self.narrowed)) <= URL_LIMIT - ROOM - encoded_length(",".join(self.fields))

    @property
    def is_part(self) -> bool:
        """Whether it is answered by a part of the collection, and not by all of it."""
        return bool(self.by) and self.fits


def needed_fields(of: Kind, declared: Collection[str]) -> tuple[str, ...]:
    """What must be read of a kind: its key, what its documents declare, what billing looks at. Nothing else."""
    paths = ["id"]
    for item in of.fields:
        if item.name in of.key or (item.name in declared and item.mapping.compared):
            paths += reads_of(of, item)
    return tuple(dict.fromkeys([*paths, *of.read_also, LAST_UPDATED]))


def reads_of(of: Kind, item: SpecField) -> tuple[str, ...]:
    """The paths of one field in a list of its kind. The parent is known, and what has a collection of its own is
    read there."""
    own_collection = item.mapping.subcollection is not None and item.mapping.subcollection.on_create
    return () if item.name == of.parent or own_collection else item.mapping.reads


def certain(of: Kind, fields: Collection[str]) -> tuple[str, ...]:
    """Those of the fields that every answer holds: natural keys and arrays.

    A text that is missing from an answer is an empty text [seen], and a flag that is missing is not set. Where one of
    these is missing from every object of an answer, the server has left it out, and nothing is known about it. The
    serial numbers of additions that are not ours can all be empty.
    """
    paths = [
        item.mapping.reads[0]
        for item in of.fields
        if reads_of(of, item)
        and (item.mapping.array or (item.name in of.key and (of.declarable or item.mapping.target is not None)))
    ]
    return tuple(path for path in dict.fromkeys(paths) if path in fields)


def identifying(of: Kind, fields: Collection[str]) -> tuple[str, ...]:
    """The properties without which no object of a kind can be recognised, as far as they are among the fields read.

    Arrays can be empty, and what `Kind.loose_match` judges can be missing.
    """
    elsewhere = frozenset() if of.loose_match is None else of.loose_match.wire
    arrays = {path for item in of.fields if item.mapping.array for path in item.mapping.reads}
    paths = certain(of, fields or [path for item in of.fields for path in item.mapping.reads])
    roots = dict.fromkeys(path.partition("/")[0] for path in paths if path not in arrays)
    return tuple(root for root in roots if root not in elsewhere)


def certain_in_table(table: Table) -> tuple[str, ...]:
    return tuple(path for path in table.fields if path != INACTIVE)


def collections_of(of: Kind, names: Collection[str]) -> list[tuple[str, str]]:
    """(wire field, path with `{id}`) of the fields that stand in a collection below their object: cross-references."""
    return [
        (item.mapping.reads[0], item.mapping.subcollection.path)
        for item in of.fields
        if item.name in names and item.mapping.subcollection is not None and item.mapping.subcollection.on_create
    ]
