"""Take a company's name apart: its words, its legal forms, and its other names.

"Müller & Söhne G.m.b.H. (Berlin)"  ─▶  words müller, söhne, berlin        forms gmbh
"Blue Harbor LLC dba Joe's Diner"   ─▶  two names: blue harbor (llc), and joes diner
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from reconciler.importing.matching.folding import cleaned, plain, with_two_letters, without_accents
from reconciler.importing.matching.legal_forms import WITHOUT_WEIGHT
from reconciler.importing.matching.stripping import ends_with_dot, with_whole_form, without_forms
from reconciler.importing.matching.vocabulary import ALIAS_MARKS, CONNECTORS, NUMERALS, SAME_WORD

_APOSTROPHES = re.compile(r"'")
_DOTTED = re.compile(r"(?<!\w)(?:\w\.){2,}\w?(?!\w)")
_SLASHED = re.compile(r"(?<!\w)(?:a/s|i/s|k/s|s/a)(?!\w)")
_CARE_OF = re.compile(r"(?<!\w)c/o(?!\w).*")
_SEPARATORS = re.compile(r"[^\w]+|_+")
_ALIAS = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(mark) for mark in ALIAS_MARKS) + r")(?!\w)[:\s]*")
_SPA = re.compile(r"(?<!\w)(?:SpA|(?<=[a-z] )SPA(?!\w)|[Ss]\.\s?[Pp]\.\s?[Aa](?:\.|(?!\w)))")
_TAIL = re.compile(r"\w.*(?:\s[-–—|]|(,))\s(.+)$|\w.*?\s?[(\[*]([^()\[\]*]+)[)\]*]")
_RECORD = re.compile(
    r"(?<![a-z0-9])(?:kd|kdnr|kd-nr|kunde|kundennr|cust|customer|client|acct|account|id|nr|no|k|c|d)[.\s\-_:#]*(?=\d{4,}(?![a-z0-9]))"
)
"""What is written before the number of a customer: `KD-10009`."""
_AFTER_COMMA = 2
"""The largest number of words that were added after a comma: `Acme, Bad Homburg`."""
_BRACKETS = re.compile(r"(?<=\S)\s?[(\[*]([^()\[\]*]+)[)\]*]")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
_GLUED_FORM = re.compile(
    r"(?<=[^\W\d_A-Z]{2})(?=(?:Ltd|Limited|Inc|Incorporated|Corp|Corporation|Company|LLC|L\.L\.C|LLP|PLLC|PLC|Pty|GmbH|AG|KG"
    r"|OHG|GbR|UG|SARL|SAS|S\.A|S\.L|S\.r\.l|BV|B\.V|AB|AS|A/S|ApS)(?![^\W_]))"
)
"""A legal form without a blank before it: `Roofing` and `Inc` in `RoofingInc`."""
_GLUED_WORDS = re.compile(r"(?<=[^\W\d_A-Z]{3})(?=[A-Z][^\W\d_A-Z]{2})|(?<=\w{3}[a-z])(?=[A-Z]['’])")
"""Two words without a blank between them: `VeterinaryCampbell`. Before and after it are three small letters."""
_E_TECHNIK = re.compile(r"(?<!\w)e[-. ]?technik(?!\w)")


class Word(NamedTuple):
    """One word of a name."""

    plain: str
    """In plain letters: `muller`."""
    other: str
    """In the German and Nordic manner: `mueller`. Mostly the same as `plain`."""
    key: str
    """The word that stands for all its abbreviations and plurals, or the number in digits."""

    is_code: bool = False
    """True if it has digits: then each character counts."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name, taken apart."""

    text: str
    words: tuple[Word, ...]
    forms: frozenset[str] = frozenset()
    """Its legal forms, without those that people often leave out."""
    joined: str = ""
    """The words without blanks."""
    tail: frozenset[str] = frozenset()
    """Words that were added at the end: `Acme (Berlin)`, `Acme - NEW`, `Acme, Berlin`, `Acme *managed*`."""
    note: frozenset[str] = frozenset()
    """The words of `tail` that may be a note: `Acme (paid monthly)`."""
    after: frozenset[str] = frozenset()
    """Words after the legal form: `Acme Ltd Berlin`."""
    written: str = ""
    """The whole name in plain letters and digits only, with its legal forms."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the key of each word."""
        return tuple(word.key for word in self.words)


def names_of(text: str) -> tuple[Name, ...]:
    """Return the names in a text, the whole first. There are more if it says `dba`, or has words without a blank."""
    clean = cleaned(text)
    found = [name_of(text)]
    if (apart := _GLUED_WORDS.sub(" ", text)) != text:
        found.append(name_of(apart))
    parts = [part.strip(" ()[]-,;:") for part in _ALIAS.split(clean)]
    if len(parts) > 1:
        found += [name for part in parts if part and (name := name_of(part)).words]
    return tuple(dict.fromkeys(found))


def name_of(text: str) -> Name:
    """Return one name, taken apart. If nothing but legal forms is in it, they are its words."""
    clean = cleaned(_GLUED_FORM.sub(" ", _SPA.sub("societaperazioni", text)))
    clean = _E_TECHNIK.sub("elektrotechnik", clean)
    clean = _RECORD.sub("", _CARE_OF.sub("", clean) or clean)
    clean = _SLASHED.sub(lambda found: found[0].replace("/", ""), _APOSTROPHES.sub("", clean))
    clean = _DOTTED.sub(lambda found: found[0].replace(".", ""), clean).replace("+", " and ").replace("&", " and ")
    tokens = _joined_letters(_SEPARATORS.sub(" ", clean).split())
    plains = [without_accents(token) for token in tokens]
    tokens, plains, forms, after = without_forms(*with_whole_form(tokens, plains), clean)
    words = tuple(
        _word(letters, token)
        for token, letters in zip(tokens, plains, strict=True)
        if len(plains) == 1 or not _is_connector(letters, plains, clean)
    )
    if not words:
        words = tuple(_word(letters, token) for token, letters in zip(tokens, plains, strict=True))
    written = "".join(char for char in plain(text) if char.isalnum())
    return Name(text, words, frozenset(forms) - WITHOUT_WEIGHT, _joined(words), *_tail_of(clean), after, written)


def _joined(words: tuple[Word, ...]) -> str:
    return "".join(word.plain for word in words)


def _tail_of(clean: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words that were added at the end, and those of them that are a note.

    After a comma there is no note, and if there are more words, there is one more name: `Baker, Holt and Pierce`.
    """
    found = _TAIL.search(clean)
    if found is None:
        return frozenset(), frozenset()
    text = without_accents(_SEPARATORS.sub(" ", found[2] or " ".join(_BRACKETS.findall(clean))))
    words = frozenset(text.split())
    if found[1]:
        return words if len(words) <= _AFTER_COMMA else frozenset(), frozenset()
    return words, words


def _is_connector(letters: str, plains: list[str], clean: str) -> bool:
    """A single letter connects only between two words: `Gómez y López`, but not `Acme E`. Nor does `Fur.` connect."""
    if letters not in CONNECTORS or ends_with_dot(letters, clean):
        return False
    return len(letters) > 1 or letters not in {plains[0], plains[-1]}


def _joined_letters(tokens: list[str]) -> list[str]:
    """Return the tokens with `j b smith` as `jb smith`, and `g m b h` as `gmbh`."""
    found: list[str] = []
    run = ""
    for token in [*tokens, ""]:
        if len(token) == 1 and token.isalpha():
            run += token
            continue
        if run:
            found.append(run)
        run = ""
        if token:
            found.append(token)
    return found


def _word(letters: str, token: str) -> Word:
    key = key_of(letters)
    return Word(letters, with_two_letters(token), key, any(char.isdigit() for char in key))


@lru_cache(maxsize=1 << 16)
def key_of(letters: str) -> str:
    """Return the word that stands for a word in plain letters, for all its spellings."""
    if ordinal := _ORDINAL.fullmatch(letters):
        letters = {"1st": "first", "2nd": "second", "3rd": "third"}.get(letters, ordinal[1])
    if letters in NUMERALS:
        return NUMERALS[letters]
    if letters.isdigit():
        return letters.lstrip("0") or "0"
    return SAME_WORD.get(letters, letters)


def is_dotted(word: Word, name: Name) -> bool:
    """Return whether a word has a dot after it, so that it is an abbreviation."""
    return "." in name.text and f"{word.plain}." in plain(name.text)
