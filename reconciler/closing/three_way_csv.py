"""Split the text of a CSV file into rows, each with its place. A quoted cell may have line breaks."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.errors import ReconcilerError

SEPARATORS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file."""

    cells: Sequence[str]
    """Without blanks at their ends."""
    line: int
    """The number of its first line."""
    raw: str
    separator: str

    def place(self, index: int) -> str:
        """Return the line and the column of a cell, such as `7:12`, counted from 1."""
        mark = re.escape(self.separator)
        cell = rf'(?:"(?:[^"]|"")*"|[^{mark}"\n][^{mark}\n]*|)'
        found = re.match(rf"(?:{cell}{mark}){{{index}}} *", self.raw)
        *before, last = (found[0] if found else "").split("\n")
        return f"{self.line + len(before)}:{len(last) + 1}"


def lines_of(text: str) -> Sequence[str]:
    """Return the lines of a text, each with its end. A byte order mark at its start is left out."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return [f"{line}\n" for line in text.split("\n")]


def rows_of(lines: Sequence[str], separator: str, file: str) -> Iterator[Row]:
    """Yield the rows of a file that are not blank.

    Raises `ReconcilerError` if the text is not CSV.
    """
    reader = csv.reader(lines, delimiter=separator, strict=True)
    before = 0
    try:
        for cells in reader:
            first, before = before, reader.line_num
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield Row(stripped, first + 1, "".join(lines[first:before]), separator)
    except csv.Error as error:
        raise ReconcilerError(
            f"this is not CSV: {error}",
            where=f"{file}:{before + 1}",
            advice="Look at the quotes in this row, or export the file again. Nothing was compared.",
        ) from None
