"""Read usage from a CSV file."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reconciler.ledger.records import Pull
from reconciler.metering.sources.cells import quoted
from reconciler.metering.sources.columns import NO_COLUMNS, Columns
from reconciler.metering.sources.errors import SourceError
from reconciler.metering.sources.files import read_file
from reconciler.metering.sources.pulling import Clock, SourceData, run_pull
from reconciler.metering.sources.rows import Row, check_columns, columns_in, read_rows


@dataclass(frozen=True, slots=True)
class CsvSettings:
    """The source's name and the path of its file."""

    name: str
    path: Path
    columns: Columns = NO_COLUMNS
    """The columns that meters use."""


async def pull(settings: CsvSettings, now: datetime, *, clock: Clock = time.monotonic) -> Pull:
    """Read the whole file and return it as a pull at `now`. An error makes it a failed pull."""

    async def read() -> SourceData:
        content = await asyncio.to_thread(read_file, settings.path, settings.name)
        return await asyncio.to_thread(parse, settings.name, settings.path.name, content, settings.columns)

    return await run_pull(settings.name, now, clock, read)


def parse(source: str, file: str, content: bytes, columns: Columns = NO_COLUMNS) -> SourceData:
    """Return the data of a CSV file: UTF-8, with or without a byte order mark, with commas and a header.

    `file` is the file's name for messages, and `columns` are those that meters use. Raises `SourceError` if the file or
    a row cannot be read.
    """
    where = f"usage source {source}, {file}"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content.partition(b"\n")[0]:
        raise SourceError(
            "the file is UTF-16", where=where, advice="export the file as UTF-8 (in Excel: CSV UTF-8), not as Unicode"
        )
    # surrogateescape keeps bytes that are not UTF-8, so that the error can name each row that contains one.
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="surrogateescape")
    if not text.strip():
        raise SourceError("the file is empty", where=where, advice="check the export that writes it")
    lines = _lines(text)
    header: list[str] = []
    for number, cells in lines:
        if isinstance(cells, str):
            raise SourceError(
                f"line {number}, the header: {cells}", where=where, advice="check the quotes of that line"
            )
        header = [name.strip() for name in cells]
        break
    if len(header) == 1 and any(separator in header[0] for separator in ";\t"):
        separator = ";" if ";" in header[0] else "tabs"
        raise SourceError(f"the columns are separated by {separator}", where=where, advice="export with commas")
    check_columns(header, file, source, columns)
    found, notes = columns_in(header, file, columns)
    return read_rows(source, [_row(f"{file}:{number}", header, cells) for number, cells in lines], found, notes)


def _lines(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the line number and the cells of each row that is not blank, or the error in the row instead of cells.

    After a row whose quote is not closed, reading continues at the next line. So one run finds all bad rows.
    """
    lines = list(io.StringIO(text, newline=""))
    begin = 0
    while begin < len(lines):
        reader = csv.reader(map(lines.__getitem__, range(begin, len(lines))), strict=True)
        done = begin
        try:
            for cells in reader:
                number, done = done + 1, begin + reader.line_num
                if any(cell.strip() for cell in cells):
                    yield number, cells
            return
        except csv.Error as error:
            yield done + 1, f"this is not CSV: {error}; check its quotes"
            begin = done + 1


def _row(where: str, header: list[str], cells: list[str] | str) -> Row:
    if isinstance(cells, str):
        return Row(where, problem=cells)
    if len(cells) != len(header):
        return Row(
            where,
            problem=f"it has {len(cells)} cells, but the header has {len(header)}: {quoted(','.join(cells))}; put "
            "quotes around cells that contain a comma; if this is the last row, the file may be incomplete",
        )
    return Row(where, dict(zip(header, cells, strict=True)))
