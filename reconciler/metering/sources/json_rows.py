"""Usage from JSON: an array of rows, or an object with `rows`, in a file or behind an https address."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.ledger.records import Pull
from reconciler.metering.sources.addresses import shown
from reconciler.metering.sources.cells import LONGEST_SHOWN, said
from reconciler.metering.sources.errors import GarbledError, SourceError
from reconciler.metering.sources.files import read_file
from reconciler.metering.sources.pulling import Clock, Found, Sleep, hidden, whole_or_failed
from reconciler.metering.sources.rows import COLUMNS, REQUIRED, Row, check_columns, read_rows

if TYPE_CHECKING:
    import httpx

    from reconciler.metering.sources.http import Limits


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
    limits: Limits | None = None,
) -> Pull:
    """Read the file or the endpoint as it stands."""

    async def read() -> Found:
        if settings.url is not None:
            from reconciler.metering.sources import http  # noqa: PLC0415 - files need no HTTP

            place = shown(settings.url)
            rows = await http.get(
                settings.url,
                settings.name,
                settings.token,
                lambda content: load(settings.name, place, content),
                transport=transport,
                sleep=sleep,
                limits=limits or http.LIMITS,
            )
            return await asyncio.to_thread(read_rows, settings.name, rows)
        if settings.path is None:
            raise SourceError(
                "neither path nor url is given", where=f"usage source {settings.name}", advice="give one of them"
            )
        content = await asyncio.to_thread(read_file, settings.path, settings.name)
        return await asyncio.to_thread(parse, settings.name, settings.path.name, content)

    return await whole_or_failed(settings.name, now, clock, read, hidden(settings.token))


def parse(source: str, file: str, content: bytes) -> Found:
    """The customers and samples of a JSON file."""
    return read_rows(source, load(source, file, content, lined=True))


def load(source: str, place: str, content: bytes, *, lined: bool = False) -> list[Row]:
    """The rows of a JSON text; fractions are read as Decimal. Raises GarbledError where a second try may help.

    With `lined` each row says on which line of the text it begins.
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
        raise GarbledError("the answer is null", where=where, advice="check the export that writes it")
    rows = value.get("rows") if isinstance(value, Mapping) else value
    if not isinstance(rows, list):
        raise SourceError(
            "the JSON is neither an array of rows nor an object with `rows`",
            where=where,
            advice="send [{customer_id, customer_name, device_id, used, unit, as_of}, …]",
        )
    if isinstance(value, _Object) and "rows" in value.twice:
        raise SourceError(
            "`rows` stands twice, and it is not known which one counts",
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
    return [_row(f"{at} ({path}/{number})", row) for number, (at, row) in enumerate(zip(places, rows, strict=True))]


_BLANKS = re.compile(r"[ \t\r\n,:]*")
_WALK = json.JSONDecoder(parse_float=str, parse_int=str)


def row_lines(text: str) -> list[int]:
    """The line on which each row begins, in a JSON text that was read: an array, or an object with `rows`."""
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
    """Where the value of `rows` begins, in an object whose members begin at a place; of several, the last."""
    found = place
    place = _after_blanks(text, place)
    while text[place] != "}":
        name, place = _WALK.raw_decode(text, place)
        place = _after_blanks(text, place)
        found = place if name == "rows" else found
        _, place = _WALK.raw_decode(text, place)
        place = _after_blanks(text, place)
    return found


def _after_blanks(text: str, place: int) -> int:
    """The place after blanks and the commas and colons between values."""
    found = _BLANKS.match(text, place)
    return place if found is None else found.end()


class _Object(dict[str, Any]):
    """An object of the JSON text, with the names that stand in it twice."""

    twice: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) < len(pairs):
        found.twice = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return found


def _row(where: str, row: Any) -> Row:
    if not isinstance(row, _Object):
        return Row(where, problem=f"this is no object: {said(row)}")
    twice = [name for name in row.twice if name in COLUMNS]
    if twice:
        return Row(where, problem=f"{', '.join(twice)} stands twice in this object")
    missing = [name for name in REQUIRED if name not in row]
    if missing:
        return Row(where, problem=f"{', '.join(missing)} is not there; write null where a figure is not known")
    return Row(where, row)


def _whole_number(digits: str) -> int | Decimal:
    """Python refuses to read a number of thousands of digits as an int, in words of its own."""
    return int(digits) if len(digits) <= LONGEST_SHOWN else Decimal(digits)


def _not_json(content: bytes, error: Exception, where: str) -> SourceError:
    if not content.strip():
        return GarbledError("the answer is empty", where=where, advice="check the export that writes it")
    if content.lstrip()[:1] == b"<":
        return GarbledError(
            "this is HTML or XML, not JSON",
            where=where,
            advice="a proxy or a sign-in page may stand in between: open the address in a browser",
        )
    if isinstance(error, RecursionError):
        return SourceError("the JSON is nested too deeply", where=where, advice="send an array of rows")
    if isinstance(error, UnicodeDecodeError):
        line = content.count(b"\n", 0, error.start) + 1
        return GarbledError(f"this is not JSON: line {line} is not UTF-8", where=where, advice="write it as UTF-8")
    return GarbledError(f"this is not JSON: {error}", where=where, advice="it may have been cut off: try again")
