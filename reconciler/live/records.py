"""The records that bring in what other objects only name: managed devices integrations, for management solutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.registry import kind
from reconciler.live.query import LAST_UPDATED, Query, needed_fields
from reconciler.live.reader import Reader


async def records_of(reader: Reader, of: Kind) -> list[Mapping[str, Any]]:
    """All live objects of the kinds that `of` follows. These collections are short, and read whole."""
    found: list[Mapping[str, Any]] = []
    for name, field, _ours in of.created_after:
        fields = needed_fields(kind(name), {field})
        query = Query(kind(name), tuple(path for path in fields if path != LAST_UPDATED))
        found += [obj.raw for obj in await reader.read(query)]
    return found
