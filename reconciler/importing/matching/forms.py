"""Compare the legal forms of two names, also if one of them has a typing error."""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz.distance import OSA

from reconciler.importing.matching.legal_forms import FORMS, PHRASES, SPELLINGS, WITHOUT_WEIGHT
from reconciler.importing.matching.names import Name, Word, is_dotted
from reconciler.importing.matching.stripping import is_company
from reconciler.importing.matching.words import Words

_FEW = 4
"""The largest number of letters of a short form."""

_LONG = 5
"""The smallest number of letters of a word in a form that is written out: `public limited company`."""


def is_form(word: Word, own: Name, other: Name) -> bool:
    """Return whether a word of the first name is a legal form of the second, also with a typing error."""
    plain = word.plain
    if (form := FORMS.get(plain)) is not None and (form in other.forms or form in WITHOUT_WEIGHT):
        return True
    if len(plain) < 3 or (word.key != plain and is_dotted(word, own)):
        return False  # It is an abbreviation of a word: `Ins.` is no `Inc.`
    return is_company(plain) or any(_is_misspelled(plain, form) for form in other.forms)


def may_be_form(word: Word, other: Name, words: Words) -> bool:
    """Return whether a short word may be a legal form of the other name, with a typing error: `LL`, `AGG`."""
    return (
        2 <= len(word.plain) <= 3
        and not words.is_known(word.key)
        and not word.is_code
        and any(OSA.distance(word.plain, spelling) <= 1 for form in other.forms for spelling in SPELLINGS[form])
    )


def looks_like_form(plain: str, other: Name) -> bool:
    """Return whether a word of a few letters may be a legal form of the other name, with a typing error: `A`, `AG`."""
    return len(plain) <= _FEW and any(
        OSA.distance(plain, spelling, score_cutoff=1) <= 1 for form in other.forms for spelling in SPELLINGS[form]
    )


def difference_of_forms(left: Name, right: Name) -> tuple[bool, float]:
    """Return whether the legal forms contradict each other, and what their difference costs."""
    mine, theirs = left.forms, right.forms
    if mine == theirs:
        return False, 0.0
    if not mine or not theirs:
        return False, 0.3
    return True, 1.0 if mine < theirs or theirs < mine else 3.0


@lru_cache(maxsize=1 << 16)
def _is_misspelled(plain: str, form: str) -> bool:
    spellings = [each for each in SPELLINGS[form] if len(each) >= 3]
    return any(OSA.distance(plain, each, score_cutoff=1) <= 1 for each in (*spellings, *_WRITTEN_OUT.get(form, ())))


def _written_out() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for phrase, form in PHRASES.items():
        found[form] = (*found.get(form, ()), *(each for each in phrase.split() if len(each) >= _LONG))
    return found


_WRITTEN_OUT = _written_out()
"""The long words of each form: `public`, `limited` and `company` of a plc."""
