"""Usage from JSON: an array of rows, or an object with `rows`, in a file or behind an https address."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.ledger.records import Pull
from reconciler.usage.errors import SourceError
from reconciler.usage.sources.csv_file import read_file
from reconciler.usage.sources.pulling import Clock, Found, Sleep, shown, whole_or_failed
from reconciler.usage.sources.rows import Row, check_columns, read_rows

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class JsonSettings:
    """Exactly one of `path` and `url`."""

    name: str
    path: Path | None = None
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    """Sent as a bearer token."""


async def pull(
    settings: JsonSettings,
    now: datetime,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
    clock: Clock = time.monotonic,
) -> Pull:
    """Read the file or the endpoint as it stands."""

    async def read() -> Found:
        if settings.url is not None:
            from reconciler.usage.sources.http import get  # noqa: PLC0415 - files need no HTTP

            content = await get(settings.url, settings.name, settings.token, transport=transport, sleep=sleep)
            return parse(settings.name, shown(settings.url), content)
        if settings.path is None:
            raise SourceError(
                "neither path nor url is given", where=f"usage source {settings.name}", advice="give one of them"
            )
        content = await asyncio.to_thread(read_file, settings.path, settings.name)
        return parse(settings.name, settings.path.name, content)

    return await whole_or_failed(settings.name, now, clock, read)


def parse(source: str, place: str, content: bytes) -> Found:
    """The rows of a JSON text; fractions are read as Decimal."""
    where = f"usage source {source}, {place}"
    try:
        value: Any = json.loads(content.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _not_json(content, error, where) from None
    rows = value.get("rows") if isinstance(value, Mapping) else value
    if not isinstance(rows, list):
        raise SourceError(
            "the JSON is neither an array of rows nor an object with `rows`",
            where=where,
            advice="send [{customer_id, customer_name, device_id, used, unit, as_of}, …]",
        )
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise SourceError(f"row {number} is not an object", where=where, advice="each row is an object")
    if rows:
        check_columns(rows[0], place, source)
    return read_rows(source, place, [Row(f"{place} row {number}", row) for number, row in enumerate(rows, start=1)])


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _not_json(content: bytes, error: Exception, where: str) -> SourceError:
    if not content.strip():
        return SourceError("the answer is empty", where=where, advice="check the export that writes it")
    if content.lstrip()[:1] == b"<":
        return SourceError(
            "this is HTML or XML, not JSON",
            where=where,
            advice="a proxy or a sign-in page may stand in between: open the address in a browser",
        )
    return SourceError(f"this is not JSON: {error}", where=where, advice="it may have been cut off: try again")
