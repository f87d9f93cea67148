"""Read a tenant in bulk: each collection and setup table once, and the nested objects of the live agreements.

Companies, contacts and agreements are always read whole, although a run may write only some of them. The others show
whether two companies are equally near, and whether a name is used twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.connectwise import ConnectWise
from reconciler.connectwise.errors import Forbidden, NotFound
from reconciler.connectwise.parallel import in_parallel
from reconciler.importing.estate import Estate, LeftOut
from reconciler.importing.kinds_in_files import COMPANY, PRODUCT, imported_kinds, of_a_company
from reconciler.kinds.agreement import ENDED
from reconciler.kinds.base import Kind
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind
from reconciler.live.query import Query, fields_to_read, subcollections_of
from reconciler.live.read import read_additions
from reconciler.live.reader import WORKERS, Reader, without_deleted
from reconciler.live.what_to_read import queries_for, tables_of
from reconciler.manifests.documents import Manifests

AGREEMENT, ADDITION = "Agreement", "Addition"
_OF_ADDITIONS = ("description", "unitCost", "uom")
"""Fields of additions by which an import recognises what they bill."""


async def read_estate(client: ConnectWise, manifests: Manifests) -> Estate:
    """Return every object of the tenant that manifests can declare, with the additions of its live agreements."""
    reader = Reader(client)
    kinds = imported_kinds()
    top_level = [of for of in kinds if of.parent is None and of.name != PRODUCT]
    tables = await reader.read_tables(tables_of({of.name: {item.name for item in of.fields} for of in kinds}))
    read = await in_parallel(lambda of: _read_kind(reader, of), top_level, workers=WORKERS)
    objects: dict[str, Sequence[LiveObject]] = {
        of.name: without_deleted(of, found)
        for of, found in zip(top_level, read, strict=True)
        if not isinstance(found, LeftOut)
    }
    deleted = tuple(each for found in read if not isinstance(found, LeftOut) for each in found if _is_deleted(each))
    unread = tuple(found for found in read if isinstance(found, LeftOut))
    live = [each for each in objects.get(AGREEMENT, ()) if is_live(each)]
    additions = await read_additions(client, [each.id for each in live], extra=_OF_ADDITIONS)
    nested = await _read_nested(reader, kinds, objects, {ADDITION: additions}, live)
    objects[PRODUCT] = await _read_products(reader, manifests, additions)
    objects = await _with_subcollections(reader, kinds, objects)
    return Estate(objects, {**nested, ADDITION: additions}, tables, deleted, unread)


def is_live(agreement: LiveObject) -> bool:
    """Return whether an agreement bills now, or will bill after it starts."""
    return agreement.raw.get("agreementStatus") not in ENDED and not agreement.raw.get("cancelledFlag")


def company_of(obj: LiveObject) -> int | None:
    """Return the id of the company that an object names."""
    number = (obj.raw.get("company") or {}).get("id")
    return None if number is None else int(number)


def _is_deleted(obj: LiveObject) -> bool:
    return obj.kind == COMPANY and kind(COMPANY).ignore(obj.raw)


async def _read_kind(reader: Reader, of: Kind) -> list[LiveObject] | LeftOut:
    """Return the objects of a top-level collection. Of the shared setup, the API member may lack a collection."""
    try:
        return await reader.read(Query(of, fields_to_read(of, of.by_name), with_deleted=of.name == COMPANY))
    except (Forbidden, NotFound) as error:
        if of.name == COMPANY or of_a_company(of.name):
            raise
        return LeftOut(f"Every {of.name}", f"/{of.collection} cannot be read: {error.what}", kind=of.name)


async def _read_nested(
    reader: Reader,
    kinds: Iterable[Kind],
    objects: Mapping[str, Sequence[LiveObject]],
    below: Mapping[str, Mapping[int, Sequence[LiveObject]]],
    live: Iterable[LiveObject],
) -> dict[str, Mapping[int, Sequence[LiveObject]]]:
    """Return the nested objects of the companies and agreements that can be billed, by kind and parent."""
    existing = {each.id for each in objects.get(COMPANY, ())}
    parents = {COMPANY: {number for each in live if (number := company_of(each)) in existing and number is not None}}
    parents[AGREEMENT] = {*below[ADDITION]}
    found: dict[str, Mapping[int, Sequence[LiveObject]]] = {}
    for of in kinds:
        if of.parent is None:
            continue
        target = of.by_name[of.parent].mapping.target
        ids = parents.get(str(target and target.kind), set())
        found[of.name] = await reader.read_children(of, ids, fields_to_read(of, of.by_name))
    return found


async def _read_products(
    reader: Reader,
    manifests: Manifests,
    additions: Mapping[int, Sequence[LiveObject]],
) -> list[LiveObject]:
    """Return the products that an addition of a live agreement bills, and those that a manifest names.

    The catalog itself can have a hundred thousand items that no manifest needs.
    """
    of = kind(PRODUCT)
    filters: dict[str, set[str | int]] = defaultdict(set)
    for query in queries_for(manifests.documents, manifests, {PRODUCT}, compare=True):
        for path, values in query.filters.items():
            filters[path] |= values
    filters["id"] |= product_ids(each for rows in additions.values() for each in rows)
    filled = {path: frozenset(values) for path, values in filters.items() if values}
    if not filled:
        return []
    query = Query(of, fields_to_read(of, of.by_name), filled)
    return await reader.read(query, whole_collection=False)


def product_ids(additions: Iterable[LiveObject]) -> set[int]:
    """Return the ids of the products that additions bill."""
    return {int(number) for each in additions if (number := (each.raw.get("product") or {}).get("id"))}


async def _with_subcollections(
    reader: Reader, kinds: Collection[Kind], objects: Mapping[str, Sequence[LiveObject]]
) -> dict[str, Sequence[LiveObject]]:
    """Return the objects with the fields that ConnectWise lists below each of them, such as cross-references."""
    found = dict(objects)
    for of in kinds:
        below = subcollections_of(of, [item.name for item in of.fields])
        if below and of.name in found:

            async def read(obj: LiveObject, below: Sequence[tuple[str, str]] = below) -> LiveObject:
                return await reader.with_subcollections(obj, below)

            found[of.name] = await in_parallel(read, found[of.name], workers=WORKERS)
    return found
