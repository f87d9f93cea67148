"""Read a sheet of an XLSX file as rows by the names in its header.

Whoever sends the file cannot use up memory: it is unpacked within a limit before the reader sees it, and the reader
never gets a sheet that spans more cells than a report has.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from reconciler.metering.sources.errors import GarbledError, SourceError

LARGEST = 256 * 2**20
"""The largest XLSX file after decompression, in bytes. A sheet of 200,000 devices is smaller."""

MOST_CELLS = 5_000_000
"""The most cells that the rows and columns of a sheet span. The report of 200,000 devices has 4.2 million."""

MOST_FILES = 1000
"""The most files in an XLSX file. A workbook with one sheet has about ten."""

_HEADER_ROWS = 20
"""The header is one of the first rows: a title may stand above it."""

_REFERENCE = re.compile(rb"\br=[\"']([A-Za-z]*)([0-9]+)[\"']")
"""The place of a row or of a cell in the XML of a sheet, such as `r="C7"`."""

_ERROR_CELL = re.compile(rb"<(?:\w+:)?c\b[^>]*\bt=[\"']e[\"']")
"""A cell with an error such as #N/A in place of its value. The reader would return an empty cell."""

_DAMAGED = (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
"""What the standard library raises for an archive that is damaged, encrypted, or packed in another way."""

Sheet = Sequence[Sequence[Any]]
"""The rows of a sheet, each with its cells."""


def rows_of(content: bytes, needed: Collection[str], where: str) -> list[Mapping[str, Any]]:
    """Return the rows of the sheet that has the needed columns, each with its cells by the names of the header.

    A number is a float, an empty cell the empty text. Rows without any cell are left out. Raises `GarbledError` if the
    content is no complete XLSX file, and `SourceError` if it is too large, or if not exactly one sheet has each needed
    column once.
    """
    sheets = _read(_unpacked(content, where), where)
    found = [(sheet, at) for sheet in sheets if (at := _header_of(sheet, needed)) is not None]
    if not found:
        raise _missing(sheets, needed, where)
    if len(found) > 1:
        raise _unknown_form(f"{len(found)} sheets of the report have its columns, and rows could be in each", where)
    sheet, at = found[0]
    header = _names(sheet[at])
    for name in needed:
        if header.count(name) > 1:
            raise _unknown_form(f"the report has column {name} {header.count(name)} times", where)
    return [dict(zip(header, line, strict=True)) for line in sheet[at + 1 :] if any(cell != "" for cell in line)]


def _names(row: Sequence[Any]) -> list[str]:
    return [str(cell).strip() for cell in row]


def _header_of(sheet: Sheet, needed: Collection[str]) -> int | None:
    """Return the index of the header: the first row with all needed names. None if there is none."""
    rows = enumerate(sheet[:_HEADER_ROWS])
    return next((index for index, row in rows if set(needed).issubset(_names(row))), None)


def _unpacked(content: bytes, where: str) -> bytes:
    """Return the same archive without compression, so that its size is known.

    Its sheets span few enough cells. An archive can say a wrong size: reading stops there.
    """
    unpacked = BytesIO()
    try:
        with ZipFile(BytesIO(content)) as packed, ZipFile(unpacked, "w", ZIP_STORED) as plain:
            files = packed.infolist()
            if len(files) > MOST_FILES:
                raise _too_large(f"{len(files)} files", where)
            if (size := sum(each.file_size for each in files)) > LARGEST:
                raise _too_large(f"{size / 2**20:,.0f} MiB", where)
            if len({each.filename for each in files}) < len(files):
                raise _garbled(where, "it has two files of one name")
            for each in files:
                data = packed.read(each)
                if each.filename.startswith("xl/worksheets/"):
                    _check_cells(data, where)
                plain.writestr(each.filename, data)
    except _DAMAGED as error:
        raise _garbled(where, str(error)) from None
    return unpacked.getvalue()


_LOOK = "look at the report in the console; every row counts"


def _check_cells(sheet: bytes, where: str) -> None:
    """Check how many cells a sheet spans: its reader makes a place for each one, also for empty ones.

    A cell with an error is refused too.
    """
    if _ERROR_CELL.search(sheet):
        raise SourceError("a cell of the report has an error in place of a value", where=where, advice=_LOOK)
    rows = columns = 1
    for found in _REFERENCE.finditer(sheet):
        letters, digits = found[1].upper(), found[2]
        rows = max(rows, int(digits[:9]))
        column = 0
        for letter in letters[:4]:
            column = column * 26 + letter - ord("A") + 1
        columns = max(columns, column)
        if rows * columns > MOST_CELLS:
            raise _too_large(f"{rows:,} rows and {columns:,} columns", where)


def _read(content: bytes, where: str) -> list[Sheet]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - only a report needs it

    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    except (CalamineError, ValueError, OverflowError) as error:
        raise _garbled(where, str(error)) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a fault of the reader, which is no Exception
            raise
        raise _garbled(where, "its reader failed") from None


def _missing(sheets: Sequence[Sheet], needed: Collection[str], where: str) -> SourceError:
    """Return the error for a report without some of the columns. The row with the most of them counts as its header."""
    headers = [set(_names(row)) for sheet in sheets for row in sheet[:_HEADER_ROWS]]
    nearest = max(headers, key=lambda each: len(each.intersection(needed)), default=set[str]())
    names = [name for name in needed if name not in nearest]
    return _unknown_form(f"the report has no column{'s' if len(names) > 1 else ''} {', '.join(names)}", where)


def _unknown_form(problem: str, where: str) -> SourceError:
    advice = "the console may have changed its report; please tell the authors of reconciler"
    return SourceError(problem, where=where, advice=advice)


def _too_large(what: str, where: str) -> SourceError:
    return SourceError(f"the report is too large: {what}", where=where, advice="check the address of the console")


def _garbled(where: str, problem: str) -> GarbledError:
    return GarbledError(
        f"the response is not a complete XLSX file: {problem}",
        where=where,
        advice="try again; a proxy or a sign-in page may have responded instead",
    )
