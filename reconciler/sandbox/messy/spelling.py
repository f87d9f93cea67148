"""Damages of letters: typing errors, accents, case, blanks and HTML. Each returns None if it changes nothing."""

from __future__ import annotations

import html
import html.entities
import unicodedata
from itertools import pairwise
from random import Random
from typing import Final

from reconciler.sandbox.messy.chances import chance

_OUT: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ø": "oe", "Ø": "Oe", "å": "aa"}
    | {"Å": "Aa", "æ": "ae", "Æ": "Ae"}
)
_PLAIN: Final = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae"})
_KEYS: Final = {
    key: beside
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for pair in pairwise(row)
    for key, beside in (pair, pair[::-1])
}
"""A key and one key next to it."""
_SHORTEST_WORD: Final = 5
"""People notice an error in a shorter word."""


def written_out(text: str) -> str | None:
    """Write umlauts and similar letters in ASCII: `Müller` becomes `Mueller`."""
    return _changed(text, text.translate(_OUT))


def plain(text: str) -> str | None:
    """Leave accents out: `Müller` becomes `Muller`, `Weiß` becomes `Weiss`."""
    return _changed(text, _without_accents(text))


def decomposed(text: str) -> str | None:
    """Write each accent as a character of its own, as some systems store file names."""
    return _changed(text, unicodedata.normalize("NFD", text))


def ascii_letters(text: str) -> str:
    """Return the letters and digits of a text in lower case and ASCII, for domains and identifiers."""
    flat = _without_accents(text.translate(_OUT)).lower()
    return "".join(each for each in flat if each.isascii() and each.isalnum())


def swapped(text: str, dice: Random) -> str | None:
    """Swap two letters of a word."""
    at = _place(text, dice)
    if at is None or text[at] == text[at + 1] or text[at + 1] == " ":
        return None
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def dropped(text: str, dice: Random) -> str | None:
    """Leave out a letter."""
    at = _place(text, dice)
    return None if at is None else text[:at] + text[at + 1 :]


def doubled(text: str, dice: Random) -> str | None:
    """Type a letter twice."""
    at = _place(text, dice)
    return None if at is None else text[:at] + text[at] + text[at:]


def neighbour(text: str, dice: Random) -> str | None:
    """Replace a letter by the one on the next key."""
    at = _place(text, dice)
    if at is None or text[at] not in _KEYS:
        return None
    return text[:at] + _KEYS[text[at]] + text[at + 1 :]


def double_blank(text: str, dice: Random) -> str | None:
    """Double one blank."""
    return _blank(text, dice, "  ")


def hard_blank(text: str, dice: Random) -> str | None:
    """Replace a blank by a no-break space."""
    return _blank(text, dice, "\u00a0")


def escaped(text: str, dice: Random) -> str | None:
    """Write special characters as HTML, as a web form that escapes twice does."""
    result = html.escape(text)
    if chance(dice, 500):
        result = "".join(
            f"&{html.entities.codepoint2name[ord(each)]};" if ord(each) in _NAMED else each for each in result
        )
    return _changed(text, result)


_NAMED: Final = {code for code in html.entities.codepoint2name if not chr(code).isascii()}


def _blank(text: str, dice: Random, by: str) -> str | None:
    places = [at for at, each in enumerate(text) if each == " "]
    if not places:
        return None
    at = dice.choice(places)
    return text[:at] + by + text[at + 1 :]


def _place(text: str, dice: Random) -> int | None:
    """Return the place of a letter inside a word, not its first or last one, or None if no word is long enough."""
    places: list[int] = []
    start = 0
    for word in text.split(" "):
        if len(word) >= _SHORTEST_WORD and word.isalpha():
            places += range(start + 1, start + len(word) - 1)
        start += len(word) + 1
    return dice.choice(places) if places else None


def _without_accents(text: str) -> str:
    split = unicodedata.normalize("NFD", text.translate(_PLAIN))
    return unicodedata.normalize("NFC", "".join(each for each in split if not unicodedata.combining(each)))


def _changed(before: str, after: str) -> str | None:
    return None if after == before else after
