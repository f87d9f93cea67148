"""Break lines that are wider than a terminal between words. Colour codes take no room, and follow the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len

_PIECES = re.compile(r"\x1b\[\d+m|[^\x1b ]+| +")
_RESET = "\x1b[0m"
_HANGING = 4
"""By how many more blanks the second and later lines are indented."""


def fitted(lines: Iterable[str], width: int | None) -> Iterator[str]:
    """Yield lines of at most `width` cells. None leaves them as they are. A longer word has a line of its own."""
    for line in lines:
        if width is None or (line.isascii() and len(line) <= width):
            yield line
        else:
            yield from _broken(line, width)


def _broken(line: str, width: int) -> Iterator[str]:
    start = len(line) - len(line.lstrip(" "))
    indent = " " * min(start + _HANGING, width // 2)
    text, used, style = "", 0, ""
    for piece in _PIECES.findall(line):
        if piece.startswith("\x1b"):
            style = "" if piece == _RESET else piece
            text += piece
            continue
        cells = cell_len(piece)
        if used + cells > width and not piece.isspace() and text.strip(" "):
            yield text.rstrip(" ") + (_RESET if style else "")
            text, used = indent + style, len(indent)
        text += piece
        used += cells
    yield text
