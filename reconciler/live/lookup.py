"""Reads single objects again: before a plan file is applied, and after the response to a write was lost.

An object is found by its id, or by its natural key if it may have been created since the plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.errors import NotFound
from reconciler.connectwise.parallel import in_parallel
from reconciler.errors import ReconcilerError
from reconciler.kinds.base import Kind
from reconciler.kinds.field_mapping import Object
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.values import Value
from reconciler.live.index import Index
from reconciler.live.keys import natural_key, spellings
from reconciler.live.prerequisites import read_prerequisites
from reconciler.live.query import Query, fields_to_read, subcollections_of
from reconciler.live.reader import WORKERS, Reader


class DuplicateKeyError(ReconcilerError):
    """Two live objects have the natural key of an object that was to be created."""


@dataclass(frozen=True, slots=True)
class LookupTarget:
    """One object to look up."""

    id: int | None
    """None: look it up by the natural key in `values`."""
    values: Mapping[str, Value]
    parent_id: int | None = None


async def lookup(
    client: ConnectWise,
    of: Kind,
    targets: Sequence[LookupTarget],
    names: Collection[str],
    also: tuple[str, ...] = (),
) -> list[LiveObject | None]:
    """Return the object of each target, or None, with the named fields and the `fields=` in `also`.

    If several objects have the same key, an active one is returned.
    """
    reader = Reader(client)
    index = Index(of, await _read_objects(reader, of, targets, (*fields_to_read(of, names), *also)))
    found: list[LiveObject | None] = []
    for target in targets:
        if target.id is not None:
            found.append(index.by_id.get(target.id))
        else:
            objects = await _with_key(reader, index, target)
            in_the_way = [obj for obj in objects if not of.ended_before(obj.raw, target.values)]
            found.append(min(in_the_way, key=lambda obj: of.inactive(obj.raw), default=None))
    subcollections = subcollections_of(of, names)
    if not subcollections:
        return found

    async def whole(obj: LiveObject | None) -> LiveObject | None:
        return None if obj is None else await reader.with_subcollections(obj, subcollections)

    return await in_parallel(whole, found, workers=WORKERS)


async def lookup_by_key(
    client: ConnectWise, of: Kind, values: Mapping[str, Value], sent: Object | None = None
) -> dict[str, Any] | None:
    """Return the whole active object with the natural key of these values, or None.

    `sent` is the body of the request that may have created it. An addition of one month is created with its last day,
    so it is inactive from the start. Then an inactive object counts too, unless it ended before the sent one begins.

    Raises `DuplicateKeyError` if two active objects have it.
    """
    reader = Reader(client)
    target = LookupTarget(None, values, None if of.parent is None else values[of.parent].id)
    objects = await _read_objects(reader, of, [target], ())
    active = [obj for obj in objects if not of.inactive(obj.raw) or _may_be_created(of, obj.raw, sent)]
    found = await _with_key(reader, Index(of, active), target)
    if len(found) > 1:
        ids = " and ".join(str(obj.id) for obj in found)
        raise DuplicateKeyError(
            f"two objects have the natural key of the object to create: ids {ids}",
            where=f"{of.name} in /{of.collection}",
            advice="Remove one in ConnectWise, or pin the right one with metadata.id.",
        )
    return dict(found[0].raw) if found else None


def _may_be_created(of: Kind, obj: Object, sent: Object | None) -> bool:
    """Return whether an inactive object can be the one that a request created as inactive."""
    return sent is not None and of.inactive(sent) and not of.ended_before(obj, sent)


async def lookup_by_path(client: ConnectWise, path: str) -> Object | None:
    """Return the whole object at this path, or None if it does not exist."""
    try:
        return await Reader(client).read_object(path)
    except NotFound:
        return None


async def lookup_in_subcollection(client: ConnectWise, path: str) -> list[dict[str, Any]]:
    """Return all rows of a collection below one object. Raises `NotFound` if that object does not exist."""
    return await Reader(client).read_subcollection(path)


async def stores_other_name(client: ConnectWise, of: Kind, values: Mapping[str, Value], raw: Object) -> bool:
    """Return whether a response shows the sent object under a name that ConnectWise chose (`Kind.loose_match`)."""
    if of.loose_match is None:
        return False
    key = dict(zip(of.key, natural_key(of, values), strict=True))
    if not any(raw.get(name) for name in of.loose_match.wire):
        return False
    return of.loose_match.verdict(raw, key, await read_prerequisites(Reader(client), of)) == "same"


async def _read_objects(
    reader: Reader, of: Kind, targets: Sequence[LookupTarget], fields: tuple[str, ...]
) -> list[LiveObject]:
    if of.parent is not None:
        parents = {target.parent_id for target in targets if target.parent_id is not None}
        children = await reader.read_children(of, parents, fields)
        return [obj for objects in children.values() for obj in objects]
    return await reader.read(Query(of, fields, _filters(of, targets)), whole_collection=False)


def _filters(of: Kind, targets: Iterable[LookupTarget]) -> dict[str, frozenset[str | int]]:
    """Return the filters that find the targets.

    Empty if the kind has no `lookup_path`, so that the whole collection is read.
    """
    found: dict[str, set[str | int]] = defaultdict(set)
    for target in targets:
        if target.id is not None:
            found["id"].add(target.id)
        elif of.owner is not None:
            found[f"{of.owner}/id"].add(target.values[of.owner].id)
        elif of.lookup_path is not None:
            found[of.lookup_path].update(spellings(str(target.values[of.key[0]])))
        else:
            return {}
    return {path: frozenset(values) for path, values in found.items()}


async def _with_key(reader: Reader, index: Index, target: LookupTarget) -> list[LiveObject]:
    """Return the objects with the natural key of a target.

    If there are none: those with a key that looks the same, because a server may store another spelling. If the kind
    has `loose_match`: those with a part of the key that are the same object under another name.
    """
    of, loose_match = index.of, index.of.loose_match
    key = natural_key(of, target.values)
    if exact := index.with_key(key):
        return [*exact.values()]
    if loose_match is None:
        return index.similar(key)
    values = dict(zip(of.key, key, strict=True))
    objects = index.with_key_part(key)
    verdicts = [loose_match.verdict(obj.raw, values, None) for obj in objects]
    if "unsure" in verdicts:
        prerequisites = await read_prerequisites(reader, of)
        verdicts = [loose_match.verdict(obj.raw, values, prerequisites) for obj in objects]
    return [obj for obj, verdict in zip(objects, verdicts, strict=True) if verdict == "same"]
