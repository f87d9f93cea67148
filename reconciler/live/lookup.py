"""Reads again what a plan is about: before a plan file is trusted, and after an answer was lost.

Each object is found by its id, or by its natural key where it may have been made since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.parallel import in_parallel
from reconciler.errors import ReconcilerError
from reconciler.kinds.base import Kind, key_part
from reconciler.kinds.live_state import Key, LiveObject
from reconciler.kinds.values import Value
from reconciler.live.index import Index
from reconciler.live.query import Query, collections_of, needed_fields
from reconciler.live.reader import WORKERS, Reader
from reconciler.live.records import records_of


class TwoFoundError(ReconcilerError):
    """More than one live object has the natural key of what was to be made."""


@dataclass(frozen=True, slots=True)
class Sought:
    """One object to find again."""

    id: int | None
    """`None`: by the natural key in `values`."""
    values: Mapping[str, Value]
    parent_id: int | None = None


def natural_key(of: Kind, values: Mapping[str, Value]) -> Key:
    """The key of what a create makes, comparable with those of live objects."""
    return tuple(key_part(values.get(name), exact=of.by_name[name].mapping.exact) for name in of.key)


async def lookup(
    client: ConnectWise, of: Kind, sought: Sequence[Sought], names: Collection[str]
) -> list[LiveObject | None]:
    """The objects sought, in their order, with the named fields. Of several under one key, the one in use."""
    reader = Reader(client)
    rows = Index(of, await _rows(reader, of, sought, needed_fields(of, names)))
    found: list[LiveObject | None] = []
    for one in sought:
        if one.id is not None:
            found.append(rows.by_id.get(one.id))
        else:
            at_key = [row for row in await _at_key(reader, rows, one) if not of.ended_before(row.raw, one.values)]
            found.append(min(at_key, key=lambda row: of.inactive(row.raw), default=None))
    collections = collections_of(of, names)
    if not collections:
        return found
    return await in_parallel(lambda row: _with_collections(reader, row, collections), found, workers=WORKERS)


async def lookup_by_key(client: ConnectWise, of: Kind, values: Mapping[str, Value]) -> dict[str, Any] | None:
    """The whole object in use under the natural key that these values have, or None. Two raise `TwoFoundError`."""
    reader = Reader(client)
    sought = Sought(None, values, None if of.parent is None else values[of.parent].id)
    in_use = [row for row in await _rows(reader, of, [sought], ()) if not of.inactive(row.raw)]
    found = await _at_key(reader, Index(of, in_use), sought)
    if len(found) > 1:
        ids = " and ".join(str(row.id) for row in found)
        raise TwoFoundError(
            f"two objects have the natural key of what was to be made: ids {ids}",
            where=f"{of.name} in /{of.collection}",
            advice="Remove one in ConnectWise, or pin the one that is meant with metadata.id.",
        )
    return dict(found[0].raw) if found else None


async def is_meant(client: ConnectWise, of: Kind, values: Mapping[str, Value], raw: Mapping[str, Any]) -> bool:
    """Whether an object that was made holds what was asked, in a field that ConnectWise may name otherwise."""
    if of.loose_match is None:
        return False
    wanted = dict(zip(of.key, natural_key(of, values), strict=True))
    if not any(raw.get(name) for name in of.loose_match.wire):
        return False
    return of.loose_match.verdict(raw, wanted, await records_of(Reader(client), of)) == "same"


async def _rows(reader: Reader, of: Kind, sought: Sequence[Sought], fields: tuple[str, ...]) -> list[LiveObject]:
    if of.parent is not None:
        parents = {one.parent_id for one in sought if one.parent_id is not None}
        below = await reader.below(of, parents, fields)
        return [row for rows in below.values() for row in rows]
    return await reader.read(Query(of, fields, _by(of, sought)), whole_table=False)


def _by(of: Kind, sought: Iterable[Sought]) -> dict[str, frozenset[str | int]]:
    """Paths and values to look for; nothing, and so the whole collection, for a kind that has no such path."""
    found: dict[str, set[str | int]] = defaultdict(set)
    for one in sought:
        if one.id is not None:
            found["id"].add(one.id)
        elif of.owner is not None:
            found[f"{of.owner}/id"].add(one.values[of.owner].id)
        elif of.lookup_path is not None:
            found[of.lookup_path].add(str(one.values[of.key[0]]))
        else:
            return {}
    return {path: frozenset(values) for path, values in found.items()}


async def _at_key(reader: Reader, rows: Index, sought: Sought) -> list[LiveObject]:
    """Those under the natural key. Else those that look the same: a server may have stored it in another spelling.
    Or, where the kind says how, those that hold a part of the key and are the same under another name."""
    of, loose_match = rows.of, rows.of.loose_match
    key = natural_key(of, sought.values)
    if exact := rows.at(key):
        return [*exact.values()]
    if loose_match is None:
        return rows.near(key)
    wanted = dict(zip(of.key, key, strict=True))
    near = rows.sharing(key)
    verdicts = [loose_match.verdict(row.raw, wanted, None) for row in near]
    if "unsure" in verdicts:
        records = await records_of(reader, of)
        verdicts = [loose_match.verdict(row.raw, wanted, records) for row in near]
    return [row for row, verdict in zip(near, verdicts, strict=True) if verdict == "same"]


async def _with_collections(
    reader: Reader, row: LiveObject | None, collections: Sequence[tuple[str, str]]
) -> LiveObject | None:
    if row is None:
        return None
    own = {name: await reader.subcollection(path.format(id=row.id)) for name, path in collections}
    return LiveObject(row.kind, row.id, {**row.raw, **own}, row.parent_id)
