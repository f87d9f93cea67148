"""Usage from a CSV file."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reconciler.ledger.records import Pull
from reconciler.usage.errors import SourceError
from reconciler.usage.sources.pulling import Clock, Found, whole_or_failed
from reconciler.usage.sources.rows import Row, check_columns, read_rows


@dataclass(frozen=True, slots=True)
class CsvSettings:
    name: str
    path: Path


async def pull(settings: CsvSettings, now: datetime, *, clock: Clock = time.monotonic) -> Pull:
    """Read the file as it stands."""

    async def read() -> Found:
        content = await asyncio.to_thread(read_file, settings.path, settings.name)
        return parse(settings.name, settings.path.name, content)

    return await whole_or_failed(settings.name, now, clock, read)


def read_file(path: Path, source: str) -> bytes:
    """A file's bytes, or a SourceError that says why not."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"the file cannot be read: {error.strerror or error}",
            where=f"usage source {source}, {path}",
            advice="check the path, which is relative to the manifest folder, and its permissions",
        ) from None


def parse(source: str, file: str, content: bytes) -> Found:
    """The rows of a CSV text, UTF-8 with or without a byte order mark, comma-separated, with a header."""
    where = f"usage source {source}, {file}"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"line {line} is not UTF-8", where=where, advice="export the file as UTF-8 (in Excel: CSV UTF-8)"
        ) from None
    if not text.strip():
        raise SourceError("the file is empty", where=where, advice="check the export that writes it")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        header = [name.strip() for name in next(reader)]
        if len(header) == 1 and ";" in header[0]:
            raise SourceError("the columns are separated by ;", where=where, advice="export with commas")
        check_columns(header, file, source)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise SourceError(
                    f"line {reader.line_num} has {len(cells)} cells, and the header {len(header)}",
                    where=where,
                    advice="quote cells that hold a comma; a file that ends early was not written to its end",
                )
            rows.append(Row(f"{file}:{reader.line_num}", dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        raise SourceError(
            f"line {reader.line_num} is not CSV: {error}", where=where, advice="check the quotes of that line"
        ) from None
    return read_rows(source, file, rows)
