"""Indent a scalar of several lines, without changing its value."""

from __future__ import annotations

import re
from typing import Final

_DIGIT: Final = re.compile("[1-9]")
_BLANKS: Final = " \t"


def continued(text: str, column: int, *, plain: bool) -> list[str]:
    """Return the lines of a plain or quoted scalar. All lines but the first begin in a column.

    YAML ignores the blanks at the begin of these lines. At the end of a line in quotes, a blank can be text: `\\ `.
    """
    first, *others = text.split("\n")
    lines = [line.lstrip(_BLANKS) for line in others]
    if plain:
        first, lines = first.rstrip(_BLANKS), [line.rstrip(_BLANKS) for line in lines]
    return [first, *(" " * column + line if line else "" for line in lines)]


def block_scalar(text: str, parent: int, column: int) -> list[str]:
    """Return the lines of a block scalar. Its text begins in a column, and its first line is the header: `|2- # why`.

    `parent` is the indentation around it in the text, from which the digit counts; -1 at the top of a document.
    """
    header, *lines = text.removesuffix("\n").split("\n")
    signs, mark, comment = header.partition("#")
    digit = _DIGIT.search(signs)
    old = max(parent, 0) + int(digit[0]) if digit else _detected(lines, parent)
    header = _DIGIT.sub("2", signs) + mark + comment
    return [header.rstrip(_BLANKS), *(" " * column + line[old:] if line[old:] else "" for line in lines)]


def _detected(lines: list[str], parent: int) -> int:
    """Return the indentation of a block scalar without a digit: that of its first line with text."""
    indent = 0
    for line in lines:
        spaces = len(line) - len(line.lstrip(" "))
        indent = max(indent, spaces)
        if line.strip(" "):
            break
    return max(indent, parent + 1, 1)
