"""Factor out what most documents of a kind share, as `Defaults` for the folder of the import.

Only fields with a closed set of values are shared: flags, entries of setup tables, words of a list, and the end of an
agreement. A city is never shared: two customers in one city say nothing about the next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, Literal, get_args, get_origin

from reconciler.importing.drafts import Draft
from reconciler.importing.estate import LeftOut
from reconciler.importing.yaml_values import INACTIVE
from reconciler.kinds.base import Kind
from reconciler.manifests.annotations import members
from reconciler.manifests.documents import Manifests

_ALSO: Final[Mapping[str, frozenset[str]]] = {
    "ManagementSolution": frozenset({"solution", "setupName"}),
    "CustomerMapping": frozenset({"solution", "product"}),
}
"""Fields that are shared although their values are not a closed set."""
_FEWEST: Final = 3
"""The fewest documents of a kind from which something is factored out."""
_MOST_WITHOUT: Final = 10
"""The most documents, in percent, that get a `null` because they lack the field."""

Shared = Mapping[str, Mapping[str, Any]]


def factor_out(drafts: Iterable[Draft], left_out: Iterable[LeftOut], existing: Manifests, folder: str) -> Shared:
    """Return the fields, by kind, that most documents share. The documents are not changed.

    A field is not shared if an existing document in the folder would get the value, or if the field has a default.
    """
    by_kind: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_kind.setdefault(draft.kind.name, []).append(draft)
    undeclared = {(each.what, each.field) for each in left_out}
    found: dict[str, dict[str, Any]] = {}
    for name, group in sorted(by_kind.items()):
        if len(group) < _FEWEST or _has_defaults(existing, name, folder):
            continue
        closed = _fields(group[0].kind)
        for field in sorted(closed - _filled_in(existing, name, closed, folder)):
            if any((draft.address, field) in undeclared for draft in group):
                continue
            if (shared := _most_common(group, field)) is not None:
                found.setdefault(name, {})[field] = shared[0]
    return found


def _has_defaults(existing: Manifests, kind: str, folder: str) -> bool:
    """Return whether a `Defaults` document in the folder, above it or below it has values for a kind."""
    here = folder.rstrip("/")
    return any(
        of == kind and (f"{place}/".startswith(folder) or not place or f"{here}/".startswith(f"{place}/"))
        for place, of in existing.with_defaults
    )


def without_shared(draft: Draft, shared: Shared) -> dict[str, Any]:
    """Return the spec of a document without the shared values, and with null for each shared field that it lacks."""
    given = shared.get(draft.kind.name)
    if not given:
        return draft.spec
    spec = {name: value for name, value in draft.spec.items() if name not in given or not _equal(value, given[name])}
    missing = {name: None for name, value in given.items() if name not in draft.spec and value is not None}
    return spec | missing


def _filled_in(existing: Manifests, kind: str, fields: Iterable[str], folder: str) -> set[str]:
    """Return the fields that a default would fill into an existing document."""
    documents = [each for each in existing.of_kind(kind) if each.origin.file.startswith(folder)]
    return {field for field in fields if any(field not in each.declared for each in documents)}


def _most_common(group: list[Draft], field: str) -> tuple[Any] | None:
    """Return the value that more than half of the documents have. None if there is none."""
    values = {_hashable(draft.spec[field]): draft.spec[field] for draft in group if field in draft.spec}
    counted = Counter(_hashable(draft.spec[field]) for draft in group if field in draft.spec)
    if not counted:
        return None
    (first, count), *_ = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    without = len(group) - sum(counted.values())
    required = _is_required(group[0].kind, field)
    if count * 2 <= len(group) or (without and (required or without * 100 > len(group) * _MOST_WITHOUT)):
        return None
    return (values[first],)


def _hashable(value: Any) -> str:
    return f"{type(value).__name__} {value!r}"


def _equal(one: Any, other: Any) -> bool:
    return _hashable(one) == _hashable(other)


@cache
def _fields(of: Kind) -> frozenset[str]:
    """Return the fields of a kind with a closed set of values."""
    found = set(_ALSO.get(of.name, frozenset()))
    for item in of.fields:
        mapping = item.mapping
        info = of.spec.model_fields[item.attribute]
        words = any(get_origin(part) is Literal for part in (info.annotation, *members(info.annotation)))
        table = mapping.target is not None and mapping.target.table is not None
        end = mapping.sort == "date" and any(mapping.encode(None, {}).values())
        if item.name != INACTIVE and (words or table or end or mapping.sort == "flag"):
            found.add(item.name)
    return frozenset(found)


def _is_required(of: Kind, field: str) -> bool:
    for name, info in of.spec.model_fields.items():
        if (info.alias or name) == field:
            return info.is_required() or type(None) not in get_args(info.annotation)
    return True
