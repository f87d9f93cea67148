"""Read usage from JSON in a file or from an https endpoint: an array of rows, or an object with `rows`."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.ledger.records import Pull
from reconciler.metering.sources.addresses import redacted
from reconciler.metering.sources.cells import LONGEST_QUOTE, quoted
from reconciler.metering.sources.columns import NO_COLUMNS, Columns
from reconciler.metering.sources.errors import GarbledError, SourceError
from reconciler.metering.sources.files import read_file
from reconciler.metering.sources.pulling import Clock, Sleep, SourceData, run_pull, secrets_of
from reconciler.metering.sources.rows import COLUMNS, REQUIRED, Row, check_columns, columns_in, read_rows

if TYPE_CHECKING:
    import httpx

    from reconciler.metering.sources.http import Limits


@dataclass(frozen=True, slots=True)
class JsonSettings:
    """The settings of a JSON source. Exactly one of `path` and `url` is set."""

    name: str
    path: Path | None = None
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    """The bearer token that is sent to the endpoint."""
    columns: Columns = NO_COLUMNS
    """The columns that meters use."""


async def pull(
    settings: JsonSettings,
    now: datetime,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
    clock: Clock = time.monotonic,
    limits: Limits | None = None,
) -> Pull:
    """Read the file or the endpoint and return it as a pull at `now`. An error makes it a failed pull."""

    async def read() -> SourceData:
        if settings.url is not None:
            from reconciler.metering.sources import http  # noqa: PLC0415 - files need no HTTP

            place = redacted(settings.url)
            rows = await http.get(
                settings.url,
                settings.name,
                settings.token,
                lambda content: load(settings.name, place, content, settings.columns),
                transport=transport,
                sleep=sleep,
                limits=limits or http.LIMITS,
            )
            return await asyncio.to_thread(_data, settings.name, place, rows, settings.columns)
        if settings.path is None:
            raise SourceError(
                "neither path nor url is set", where=f"usage source {settings.name}", advice="set one of them"
            )
        content = await asyncio.to_thread(read_file, settings.path, settings.name)
        return await asyncio.to_thread(parse, settings.name, settings.path.name, content, settings.columns)

    return await run_pull(settings.name, now, clock, read, secrets_of(settings.token))


def parse(source: str, file: str, content: bytes, columns: Columns = NO_COLUMNS) -> SourceData:
    """Return the data of a JSON file. `file` is its name for messages, and `columns` are those that meters use.

    Raises `SourceError` if it cannot be read.
    """
    return _data(source, file, load(source, file, content, columns, lined=True), columns)


def _data(source: str, place: str, rows: list[Row], columns: Columns) -> SourceData:
    """Return the data of rows. A column that no row has is left out, and a note names it."""
    found, notes = columns_in(dict.fromkeys(name for row in rows for name in row.values), place, columns)
    return read_rows(source, rows, found, notes)


def load(source: str, place: str, content: bytes, columns: Columns = NO_COLUMNS, *, lined: bool = False) -> list[Row]:
    """Return the rows of a JSON text. Fractions are read as `Decimal`. `columns` are those that meters use.

    `place` is the file or the URL for messages. With `lined`, the place of each row has the line on which it starts.
    Raises `GarbledError` if the text may be cut off, and `SourceError` if it has no rows.
    """
    where = f"usage source {source}, {place}"
    try:
        text = content.decode("utf-8-sig")
        value: Any = json.loads(
            text,
            parse_float=Decimal,
            parse_int=_whole_number,
            parse_constant=Decimal,
            object_pairs_hook=_object,
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _not_json(content, error, where) from None
    if value is None:
        raise GarbledError("the JSON is null", where=where, advice="check the export that writes it")
    rows = value.get("rows") if isinstance(value, Mapping) else value
    if not isinstance(rows, list):
        raise SourceError(
            "the JSON is neither an array of rows nor an object with `rows`",
            where=where,
            advice="send [{customer_id, customer_name, device_id, used, unit, as_of}, …]",
        )
    if isinstance(value, _Object) and "rows" in value.repeated:
        raise SourceError(
            "`rows` appears twice",
            where=where,
            advice="send one array of rows",
        )
    present = dict.fromkeys(name for row in rows if isinstance(row, _Object) for name in row)
    if present:
        check_columns(present, place, source)
    path = "/rows" if isinstance(value, Mapping) else ""
    lines = row_lines(text) if lined else ()
    places = (
        (f"{place}:{line}" for line in lines) if lined else (f"{place} row {each + 1}" for each in range(len(rows)))
    )
    once = {*COLUMNS, *columns.needed}
    return [
        _row(f"{at} ({path}/{number})", row, once) for number, (at, row) in enumerate(zip(places, rows, strict=True))
    ]


_BLANKS = re.compile(r"[ \t\r\n,:]*")
_WALK = json.JSONDecoder(parse_float=str, parse_int=str)


def row_lines(text: str) -> list[int]:
    """Return the line on which each row starts. The text must be valid JSON: an array, or an object with `rows`."""
    place = _after_blanks(text, 0)
    if text[place] == "{":
        place = _rows_of(text, place + 1)
    lines: list[int] = []
    line, counted = 1, 0
    place = _after_blanks(text, place + 1)
    while text[place] != "]":
        line += text.count("\n", counted, place)
        counted = place
        lines.append(line)
        _, place = _WALK.raw_decode(text, place)
        place = _after_blanks(text, place)
    return lines


def _rows_of(text: str, place: int) -> int:
    """Return where the value of `rows` starts, in an object whose members start at `place`."""
    start = place
    place = _after_blanks(text, place)
    while text[place] != "}":
        name, place = _WALK.raw_decode(text, place)
        place = _after_blanks(text, place)
        start = place if name == "rows" else start
        _, place = _WALK.raw_decode(text, place)
        place = _after_blanks(text, place)
    return start


def _after_blanks(text: str, place: int) -> int:
    """Return the place after blanks, commas and colons."""
    blanks = _BLANKS.match(text, place)
    return place if blanks is None else blanks.end()


class _Object(dict[str, Any]):
    """A JSON object, with the names that it contains more than once."""

    repeated: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    value = _Object(pairs)
    if len(value) < len(pairs):
        value.repeated = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return value


def _row(where: str, row: Any, once: Collection[str]) -> Row:
    """Return one row. The columns in `once` may appear only once in it."""
    if not isinstance(row, _Object):
        return Row(where, problem=f"this is not an object: {quoted(row)}")
    repeated = [name for name in row.repeated if name in once]
    if repeated:
        return Row(where, problem=f"{', '.join(repeated)} appears twice in this object")
    missing = [name for name in REQUIRED if name not in row]
    if missing:
        return Row(where, problem=f"{', '.join(missing)} is missing; write null if a figure is unknown")
    return Row(where, row)


def _whole_number(digits: str) -> int | Decimal:
    """Return the number. Python cannot read thousands of digits as an int, so a long number becomes a `Decimal`."""
    return int(digits) if len(digits) <= LONGEST_QUOTE else Decimal(digits)


def _not_json(content: bytes, error: Exception, where: str) -> SourceError:
    if not content.strip():
        return GarbledError("the content is empty", where=where, advice="check the export that writes it")
    if content.lstrip()[:1] == b"<":
        return GarbledError(
            "this is HTML or XML, not JSON",
            where=where,
            advice="a proxy or a sign-in page may have responded instead; open the address in a browser",
        )
    if isinstance(error, RecursionError):
        return SourceError("the JSON is nested too deeply", where=where, advice="send an array of rows")
    if isinstance(error, UnicodeDecodeError):
        line = content.count(b"\n", 0, error.start) + 1
        return GarbledError(f"this is not JSON: line {line} is not UTF-8", where=where, advice="write it as UTF-8")
    return GarbledError(f"this is not JSON: {error}", where=where, advice="the content may be cut off; try again")
