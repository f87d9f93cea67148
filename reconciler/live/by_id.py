"""Reads objects by their ids, with the nested objects that bill with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.parallel import in_parallel
from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import all_kinds, kind
from reconciler.kinds.values import Link
from reconciler.live.query import Query, fields_to_read
from reconciler.live.reader import WORKERS, Reader

Nested = dict[str, Mapping[int, list[LiveObject]]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object to read."""

    of: Kind
    id: int
    parent_id: int | None = None
    """The id of the object in whose list it is. An object of a nested kind is not found without it."""


async def read_by_id(client: ConnectWise, wanted: Iterable[Wanted]) -> tuple[dict[tuple[str, int], LiveObject], Nested]:
    """Return the objects by kind and id, and the nested objects that bill with them.

    Deleted objects are left out. Sends no request if nothing is wanted.
    """
    groups: dict[str, list[Wanted]] = defaultdict(list)
    for each in wanted:
        groups[each.of.name].append(each)
    reader = Reader(client)

    async def read(name: str) -> list[LiveObject]:
        return await _read(reader, kind(name), groups[name])

    found = await in_parallel(read, sorted(groups), workers=WORKERS)
    objects = {(obj.kind, obj.id): obj for each in found for obj in each}
    return objects, await _nested(reader, objects)


async def read_below(
    client: ConnectWise, owners: Mapping[str, Collection[int]]
) -> tuple[dict[tuple[str, int], list[LiveObject]], Nested]:
    """Return the objects that belong to these owners and can bill, by kind and id of the owner.

    `owners` has the ids by kind. The nested objects that bill with them are returned, too.
    """
    reader = Reader(client)
    found: dict[tuple[str, int], list[LiveObject]] = defaultdict(list)
    objects: dict[tuple[str, int], LiveObject] = {}
    for of in all_kinds().values():
        owner = None if of.bills is None or of.owner is None else of.by_name[of.owner]
        ids = () if owner is None or owner.mapping.target is None else owners.get(str(owner.mapping.target.kind), ())
        if owner is None or not ids:
            continue
        query = Query(of, fields_to_read(of, of.fields_of_retirement), {f"{of.owner}/id": frozenset(ids)})
        for obj in await reader.read(query, whole_collection=False):
            link = owner.mapping.decode(obj.raw)
            if isinstance(link, Link) and link.id is not None and link.id in ids:
                found[str(owner.mapping.target and owner.mapping.target.kind), link.id].append(obj)
                objects[of.name, obj.id] = obj
    return found, await _nested(reader, objects)


async def _read(reader: Reader, of: Kind, wanted: list[Wanted]) -> list[LiveObject]:
    fields = fields_to_read(of, of.by_name)
    ids = {each.id for each in wanted}
    if of.parent is None:
        query = Query(of, fields, {"id": frozenset(ids)})
        return await reader.read(query, whole_collection=False)
    parents = {each.parent_id for each in wanted if each.parent_id is not None}
    children = await reader.read_children(of, parents, fields)
    return [obj for objects in children.values() for obj in objects if obj.id in ids]


async def _nested(reader: Reader, objects: Mapping[tuple[str, int], LiveObject]) -> Nested:
    """Return the nested objects of those that bill, by kind and by the id of their parent."""
    found: Nested = {}
    for name in sorted({name for name, _ in objects}):
        if kind(name).bills is not None:
            below = kind(kind(name).nested_reads[0].kind)
            parents = [number for of, number in objects if of == name]
            found[below.name] = await reader.read_children(below, parents, fields_to_read(below, below.by_name))
    return found
