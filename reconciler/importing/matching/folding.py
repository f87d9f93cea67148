"""Fold text, so that spellings of one name that differ in characters only become the same.

Müller&amp;Söhne  ─▶  muller&sohne        and in the German manner   mueller&soehne
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

_CYRILLIC = (
    "а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh"
)
_CYRILLIC += " щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=i є=e ґ=g ђ=dj ј=j љ=lj њ=nj ћ=c џ=dz"
_GREEK = "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o"
_LATIN = "ß=ss æ=ae œ=oe ø=o đ=d ð=d þ=th ł=l ı=i ħ=h ŋ=n ĸ=k ŧ=t ə=a"
_LETTERS = {ord(pair.partition("=")[0]): pair.partition("=")[2] for pair in f"{_CYRILLIC} {_GREEK} {_LATIN}".split()}
_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_QUOTES = str.maketrans(dict.fromkeys("'’‘`´ʼʹ′‛＇", "'"))
_MISREAD = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]+")
"""UTF-8 that was read as Latin-1 or as Windows-1252, such as `Ã¼`."""
_LOST = re.compile(r"(?<=\w)\?(?=\w)|\ufffd")
"""Characters that replace a letter that was lost."""
_ENTITY = re.compile(r"&#?\w{2,8};", re.ASCII)


def cleaned(text: str) -> str:
    """Return text without HTML escapes, invisible characters and runs of blanks, in lower case."""
    for _ in range(3):  # Some exports escape text twice. Names in capitals may have escapes in capitals.
        if not _ENTITY.search(text):
            break
        text = html.unescape(text)
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0].lower()), text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _MISREAD.sub(_read_again, text))
        text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    if "?" in text or "\ufffd" in text:
        text = _LOST.sub("", text)
    return " ".join(text.casefold().split()).translate(_QUOTES)


def _read_again(misread: re.Match[str]) -> str:
    """Return text that was decoded with the wrong encoding as it was meant. Other text stays unchanged."""
    for encoding in ("cp1252", "latin-1"):
        try:
            return misread[0].encode(encoding).decode()
        except UnicodeError:  # The text was not decoded with this wrong encoding.
            continue
    return misread[0]


def without_accents(text: str) -> str:
    """Return cleaned text in plain letters: `ü` is `u`, `ß` is `ss`, `д` is `d`."""
    if text.isascii():
        return text
    text = text.replace("ё", "е").translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).translate(_LETTERS)


def with_two_letters(text: str) -> str:
    """Return cleaned text in plain letters in the German and Nordic manner: `ü` is `ue`, `å` is `aa`."""
    return text if text.isascii() else without_accents(unicodedata.normalize("NFC", text).translate(_TWO_LETTERS))


@lru_cache(maxsize=1 << 16)
def plain(text: str) -> str:
    """Return any text cleaned and in plain letters."""
    return without_accents(cleaned(text))
