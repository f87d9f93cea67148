"""Write YAML in one layout: each token and comment keeps its text, and only blanks and indentation change.

Mappings are indented by two spaces, also in lists. A list is indented by two spaces below its key, and its items by two
more. Lines are neither broken nor joined. A comment behind a value moves with its line. A comment on a line of its own
gets the indentation of what follows, or that of the block to which its column belongs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.manifests import pieces as p
from reconciler.manifests.layout_scalars import block_scalar, continued
from reconciler.manifests.pieces import Comment, Piece

_STEP: Final = 2
_NULLS: Final = frozenset({"~", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class _Level:
    """A mapping or list in block style."""

    old: int
    """The column of its keys or dashes in the text."""
    new: int
    is_list: bool
    flush: bool = False
    """True for a list whose dashes are in the column of the key above. Then no token marks its begin and end."""


@dataclass(slots=True)
class _Writer:
    """The lines that are written so far, and where in the structure they end."""

    out: list[str] = field(default_factory=list)
    line: str = ""
    shift: int = 0
    """By how many columns the line was moved."""
    levels: tuple[_Level, ...] = ()
    before: tuple[_Level, ...] = ()
    """The levels at the last token with text."""
    flow: int = 0
    """How many brackets are open."""
    last: Any = None
    """The last token, also one without text."""
    written: Any = None
    """The last token with text."""
    tagged: bool = False
    """True if the value that comes next has a tag."""

    @property
    def inside(self) -> int:
        """Return the column of a value on a line of its own."""
        return self.levels[-1].new + _STEP if self.levels else 0

    def add(self, piece: Piece) -> None:
        """Write one token with the comments before it."""
        self._add_null(piece)
        self._enter(piece)
        if piece.text or piece.comments or piece.breaks:
            column = self._column(piece)
            for comment in piece.comments:
                self._comment(comment, piece, column)
            if piece.breaks:
                self._break(piece.breaks, column if piece.text else 0)
                self.shift = column - piece.column
            elif piece.text and self.written is not None:
                self.line += " " * self._gap(piece)
            self._text(piece)
            self.written, self.before = piece.token, self.levels
        self._leave(piece)
        self.last = piece.token

    def _add_null(self, piece: Piece) -> None:
        """Write `null` for an empty value, because `null` clears a field and an empty value looks forgotten."""
        announced = isinstance(self.last, p.VALUE | p.ENTRY) or (isinstance(self.last, p.ANCHOR) and not self.tagged)
        begins_flush_list = isinstance(piece.token, p.ENTRY) and self.levels and not self.levels[-1].is_list
        if announced and isinstance(piece.token, p.ENDS) and not begins_flush_list:
            self.line += " null"

    def _enter(self, piece: Piece) -> None:
        """Follow the structure up to a token."""
        token, top = piece.token, self.levels[-1] if self.levels else None
        if self.flow:
            return
        if isinstance(token, p.BLOCK_STARTS):
            new = 0 if top is None else top.new + _STEP
            self.levels += (_Level(piece.column, new, isinstance(token, p.SEQUENCE)),)
        elif isinstance(token, p.ENTRY) and top is not None and not top.is_list:
            self.levels += (_Level(piece.column, top.new + _STEP, is_list=True, flush=True),)
        elif isinstance(token, p.KEY | p.BLOCK_END) and top is not None and top.flush:
            self.levels = self.levels[:-1]
        if isinstance(token, p.BLOCK_END):
            self.levels = self.levels[:-1]

    def _leave(self, piece: Piece) -> None:
        token = piece.token
        self.flow += isinstance(token, p.FLOW_STARTS) - isinstance(token, p.FLOW_ENDS)
        self.tagged = isinstance(token, p.TAG) or (self.tagged and isinstance(token, p.ANCHOR))

    def _column(self, piece: Piece) -> int:
        """Return the column of a token that is the first of its line."""
        token = piece.token
        if not piece.text or isinstance(token, p.AT_MARGIN):
            return 0
        if self.flow:
            return self.inside + _STEP * (self.flow - isinstance(token, p.FLOW_ENDS))
        is_key = isinstance(token, p.KEY | p.VALUE | p.ENTRY) or (isinstance(self.last, p.KEY) and not self._explicit())
        return self.levels[-1].new if is_key and self.levels else self.inside

    def _explicit(self) -> bool:
        """Return whether the last token is a question mark before a key."""
        return bool(self.last is self.written)

    def _gap(self, piece: Piece) -> int:
        """Return how many blanks are before a token that is not the first of its line."""
        token, before = piece.token, self.written
        if isinstance(before, p.TAG):
            return 1
        if isinstance(before, p.FLOW_STARTS) or isinstance(token, (p.VALUE, p.COMMA, *p.FLOW_ENDS)):
            return 0
        return 1

    def _text(self, piece: Piece) -> None:
        token, text = piece.token, piece.text
        if isinstance(token, p.SCALAR):
            if token.style in {"|", ">"}:
                lines = block_scalar(text, self._block_indent(), self.inside or _STEP)
            elif "\n" in text:
                lines = continued(text, (self.inside or _STEP) + _STEP * self.flow, plain=token.plain)
            else:
                is_null = token.plain and text in _NULLS and not self.tagged
                lines = ["null" if is_null else text]
            self.line += lines[0]
            for line in lines[1:]:
                self._break(1, 0)
                self.line, self.shift = line, 0
        else:
            self.line += text

    def _block_indent(self) -> int:
        """Return the indentation from which the digit of a block scalar counts in the text. -1 at the top."""
        return next((level.old for level in reversed(self.levels) if not level.flush), -1)

    def _comment(self, comment: Comment, piece: Piece, column: int) -> None:
        if comment.breaks:
            self._break(comment.breaks, self._comment_column(comment, piece, column))
        elif self.written is not None:
            self.line += " " * max(1, comment.column + self.shift - len(self.line))
        self.line += comment.text

    def _comment_column(self, comment: Comment, piece: Piece, column: int) -> int:
        """Return the column of a comment on a line of its own. `column` is that of the token after it."""
        if self.flow:
            return self.inside + _STEP * self.flow
        common = sum(1 for one, other in zip(self.before, self.levels, strict=False) if one is other)
        best_old, best_new = piece.column if piece.text else 0, column
        for level in self.before[common:]:
            if best_old < level.old <= comment.column:
                best_old, best_new = level.old, level.new
        return best_new

    def _break(self, count: int, column: int) -> None:
        """End the line, and begin another one in a column."""
        self.out += [self.line, *[""] * (count - 1)]
        self.line = " " * column


def laid_out(text: str) -> str:
    """Return a text in the layout. Its line ends are `\\n`. Raises `events.SCANNER_ERROR` if it is not YAML."""
    writer = _Writer()
    for piece in p.pieces(text):
        writer.add(piece)
    return "\n".join([*writer.out, writer.line])
