"""The tokens and comments of a YAML text, with the text of each. They are what a formatter may move but not change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML, tokens

KEY: Final = tokens.KeyToken
VALUE: Final = tokens.ValueToken
ENTRY: Final = tokens.BlockEntryToken
COMMA: Final = tokens.FlowEntryToken
ANCHOR: Final = tokens.AnchorToken
TAG: Final = tokens.TagToken
SCALAR: Final = tokens.ScalarToken
BLOCK_STARTS: Final = (tokens.BlockMappingStartToken, tokens.BlockSequenceStartToken)
BLOCK_END: Final = tokens.BlockEndToken
FLOW_STARTS: Final = (tokens.FlowMappingStartToken, tokens.FlowSequenceStartToken)
FLOW_ENDS: Final = (tokens.FlowMappingEndToken, tokens.FlowSequenceEndToken)
AT_MARGIN: Final = (tokens.DirectiveToken, tokens.DocumentStartToken, tokens.DocumentEndToken)
"""What is always written in the first column."""
ENDS: Final = (KEY, BLOCK_END, ENTRY, COMMA, *FLOW_ENDS, *AT_MARGIN, tokens.StreamEndToken)
"""The tokens after which a value that was announced is empty."""
SEQUENCE: Final = tokens.BlockSequenceStartToken
_COMMENT: Final = re.compile("#[^\n]*")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, from its number sign to the end of its line, without blanks at its end."""

    text: str
    column: int
    breaks: int
    """The line breaks before it, since the last token or comment. 0 if it is behind a token."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A token with what is before it. Columns count from 0."""

    token: Any
    text: str
    """Empty for a token that only marks the structure, such as the begin of a mapping."""
    column: int
    comments: tuple[Comment, ...]
    """The comments between the token with text before it and this one. None before a token without text."""
    breaks: int
    """The line breaks between the last comment or token before it and this token. 0 if it is on the same line."""


def pieces(text: str) -> Iterator[Piece]:
    """Yield the tokens of a text, whose line ends are `\\n`.

    Raises ruamel.yaml's `YAMLError` if it cannot read the text. The tokens have no comments: a number sign between
    two tokens begins one.
    """
    end = 0
    for token in YAML(typ="safe", pure=True).scan(text):
        start, stop = token.start_mark.index, token.end_mark.index
        last = isinstance(token, tokens.StreamEndToken)
        if start == stop and not last:
            yield Piece(token, "", token.start_mark.column, (), 0)
            continue
        if last:
            start = stop = len(text)
        ended = int(end > 0 and text[end - 1] == "\n")  # a block scalar ends with its last line break
        comments, breaks = _between(text, end, start, ended)
        yield Piece(token, text[start:stop], token.start_mark.column, comments, breaks)
        end = stop


def _between(text: str, start: int, stop: int, breaks: int) -> tuple[tuple[Comment, ...], int]:
    """Return the comments between two tokens, and the line breaks after the last one."""
    found = []
    for match in _COMMENT.finditer(text, start, stop):
        breaks += text.count("\n", start, match.start())
        column = match.start() - text.rfind("\n", 0, match.start()) - 1
        found.append(Comment(match[0].rstrip(" \t"), column, breaks))
        start, breaks = match.end(), 0
    return tuple(found), breaks + text.count("\n", start, stop)
