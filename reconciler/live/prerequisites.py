"""Reads the objects that ConnectWise needs before it accepts another object.

A management solution, for example, needs the managed devices integration that brings its solution name in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.registry import kind
from reconciler.live.query import LAST_UPDATED, Query, fields_to_read
from reconciler.live.reader import Reader


async def read_prerequisites(reader: Reader, of: Kind) -> list[Mapping[str, Any]]:
    """Return the live objects, as ConnectWise JSON, of all kinds in `Kind.created_after`.

    Their collections are short, so they are read whole.
    """
    found: list[Mapping[str, Any]] = []
    for name, field, _ours in of.created_after:
        fields = fields_to_read(kind(name), {field})
        query = Query(kind(name), tuple(path for path in fields if path != LAST_UPDATED))
        found += [obj.raw for obj in await reader.read(query)]
    return found
