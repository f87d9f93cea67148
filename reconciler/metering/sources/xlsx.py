"""Read the first sheet of an XLSX file as rows by the names in its header."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from reconciler.metering.sources.errors import GarbledError, SourceError

LARGEST = 256 * 2**20
"""The largest XLSX file after decompression, in bytes. A sheet of half a million devices is smaller."""


def rows_of(content: bytes, needed: Collection[str], where: str) -> list[Mapping[str, Any]]:
    """Return the rows of the first sheet, each with its cells by the names of the header.

    A number is a float, an empty cell the empty text. Raises `GarbledError` if the content is no complete XLSX file,
    and `SourceError` if it is too large, or if a needed column is missing.
    """
    _check_size(content, where)
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - only a report needs it

    try:
        lines = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    except CalamineError as error:
        raise _garbled(where, str(error)) from None
    header = [str(cell).strip() for cell in lines[0]] if lines else []
    if missing := [name for name in needed if name not in header]:
        raise SourceError(
            f"the report has no column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
            where=where,
            advice="the console may have changed its report; please tell the authors of reconciler",
        )
    return [dict(zip(header, line, strict=True)) for line in lines[1:]]


def _check_size(content: bytes, where: str) -> None:
    """Check the size that the file has after decompression, before anything decompresses it."""
    try:
        with ZipFile(BytesIO(content)) as packed:
            size = sum(each.file_size for each in packed.infolist())
    except BadZipFile as error:
        raise _garbled(where, str(error)) from None
    if size > LARGEST:
        raise SourceError(
            f"the report is larger than {LARGEST / 2**20:g} MiB", where=where, advice="check the address of the console"
        )


def _garbled(where: str, problem: str) -> GarbledError:
    return GarbledError(
        f"the response is not a complete XLSX file: {problem}",
        where=where,
        advice="try again; a proxy or a sign-in page may have responded instead",
    )
