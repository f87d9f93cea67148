"""Split a line of bash into words, as far as it is typed, and write a word so that bash reads it back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SPECIAL: Final = re.compile(r"[^\w./:=@%+,~-]", re.ASCII)
_IN_DOUBLE_QUOTES: Final = re.compile(r'[$`"\\!]')


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line."""

    text: str
    """Without quotes."""
    quote: str = ""
    """The quote that is still open at its end: `"`, `'` or none."""
    start: int = 0
    """The offset in `text` at which its last part begins: behind an open quote, or a character that breaks words."""
    redirected: bool = False
    """True for the file of a redirection, as in `> report.html`."""


def words_of(line: str, breaks: str) -> list[Word]:
    """Return the words of a line up to the cursor. The last one may be empty.

    `breaks` are the characters at which bash breaks words for a completion, as in `COMP_WORDBREAKS`.
    """
    found: list[Word] = []
    text, quote, start, begun, escaped, redirected = "", "", 0, False, False, False
    for letter in line:
        if escaped:
            text += letter if not quote or letter in '$`"\\\n' else f"\\{letter}"
            escaped = False
        elif letter == "\\" and quote != "'":
            escaped = begun = True
        elif quote:
            if letter == quote:
                quote = ""
            else:
                text += letter
        elif letter in "'\"":
            quote, start, begun = letter, len(text), True
        elif letter.isspace() or letter in "<>":
            operator = letter in "<>" and (text.isdigit() or text == "&")  # `2>` and `&>` are one operator
            if begun and not operator:
                found.append(Word(text, redirected=redirected))
                redirected = False
            text, start, begun, redirected = "", 0, False, redirected or letter in "<>"
        else:
            text, begun = text + letter, True
            if letter in breaks:
                start = len(text)
    return [*found, Word(text, quote, start, redirected)]


def quoted(text: str, quote: str) -> str | None:
    """Return a text as bash reads it inside an open quote, or without one. None if that is not possible."""
    if quote == "'":
        return None if "'" in text else text
    special = _IN_DOUBLE_QUOTES if quote else _SPECIAL
    return special.sub(lambda found: f"\\{found[0]}", text)
