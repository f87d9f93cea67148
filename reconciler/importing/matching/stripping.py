"""Take the legal forms out of a name, also if one of them has a typing error or a blank inside."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

from reconciler.importing.matching.legal_forms import FORMS, LEADING, OFTEN_MISTYPED, PHRASES, STRONG_FORMS
from reconciler.importing.matching.vocabulary import DECORATION, SAME_WORD, STANDING

_LONG_FORMS = frozenset(form for form in STRONG_FORMS if len(form) > 2)
_CUT_FORM = 6
"""The smallest number of letters of a legal form that was cut off: `haftungsbes`."""
_SPLIT_FORM = 7
"""The smallest number of letters of a legal form with a blank inside: `limi ted`."""
_NOTES = DECORATION | STANDING
"""Words that people add after the legal form: `Acme PC (prod)`."""
_PHRASE = re.compile(r"(?<=\w )(?:" + "|".join(sorted(PHRASES, key=len, reverse=True)) + r")(?!\w)")
_COMPANY = ("company", "compagnie", "compania", "companhia")
_LONG = 6
_FIRST_WORDS = frozenset(PHRASES)


def with_whole_form(tokens: list[str], plains: list[str]) -> tuple[list[str], list[str]]:
    """Join the parts of a long legal form at the end of a name into one token: `cor poration`, `g mbh`."""
    last = "".join(plains[-2:])
    if len(plains) < 3 or last not in STRONG_FORMS or (len(last) < _SPLIT_FORM and len(plains[-2]) > 1):
        return tokens, plains
    return [*tokens[:-2], "".join(tokens[-2:])], [*plains[:-2], last]


def ends_with_dot(letters: str, clean: str) -> bool:
    """Return whether a word of a cleaned name is no connector but an abbreviation: `And.` of `Andersson`."""
    return len(letters) > 2 and f"{letters}." in clean


def without_forms(
    tokens: list[str], plains: list[str], clean: str
) -> tuple[list[str], list[str], list[str], frozenset[str]]:
    """Return tokens and plain tokens without legal forms, the forms, and the words after a form inside the name.

    At least one token is left.
    """
    text = " ".join(plains)
    forms: list[str] = []
    if any(phrase in text for phrase in _FIRST_WORDS) and (phrases := _PHRASE.findall(text)):
        forms += [PHRASES[phrase] for phrase in phrases]
        kept = _PHRASE.sub("", text).split()
        tokens, plains = _only(tokens, plains, kept)
    end = len(plains)
    while end > 1 and plains[end - 1] in _NOTES:
        end -= 1
    notes = (tokens[end:], plains[end:]) if end > 1 and plains[end - 1] in FORMS else ([], [])
    tokens, plains = tokens[: len(tokens) - len(notes[0])], plains[: len(plains) - len(notes[1])]
    while len(plains) > 1 and (
        plains[-1] in FORMS or (plains[-1] in {"and", "und", "et"} and not ends_with_dot(plains[-1], clean))
    ):
        forms += [FORMS[plains[-1]]] if plains[-1] in FORMS else []
        tokens, plains = tokens[:-1], plains[:-1]
    if len(plains) > 1 and not forms and (meant := _mistyped_form(plains[-1])):
        forms.append(meant)
        tokens, plains = tokens[:-1], plains[:-1]
    elif len(plains) > 2 and is_company(plains[-1]):
        tokens, plains = tokens[:-1], plains[:-1]
    if len(plains) > 1 and (plains[0] in LEADING or (len(plains) > 2 and plains[0] in _LONG_FORMS)):
        forms += [FORMS[plains[0]]] if plains[0] in FORMS else []
        tokens, plains = tokens[1:], plains[1:]
    tokens, plains = tokens + notes[0], plains + notes[1]
    inner = [place for place, letters in enumerate(plains) if place and letters in STRONG_FORMS]
    forms += [STRONG_FORMS[plains[place]] for place in inner]
    kept_places = [place for place in range(len(plains)) if place not in inner]
    after = frozenset(plains[inner[-1] + 1 :]) if inner else frozenset()
    return [tokens[place] for place in kept_places], [plains[place] for place in kept_places], forms, after


def _only(tokens: list[str], plains: list[str], kept: list[str]) -> tuple[list[str], list[str]]:
    """Return the tokens whose plain form is in `kept`, in order."""
    left = list(kept)
    places = []
    for place, letters in enumerate(plains):
        if left and letters == left[0]:
            places.append(place)
            left.pop(0)
    return [tokens[place] for place in places], [plains[place] for place in places]


@lru_cache(maxsize=1 << 15)
def _mistyped_form(letters: str) -> str | None:
    """Return the legal form that a word was meant to be, if it is one typing error away."""
    if len(letters) < 3 or letters in SAME_WORD:
        return None
    for form in FORMS:
        if len(letters) >= _CUT_FORM and form.startswith(letters):
            return FORMS[form]
    for form in OFTEN_MISTYPED:
        swapped = sorted(letters) == sorted(form)
        if (len(form) > 3 or swapped) and letters[0] == form[0] and OSA.distance(letters, form, score_cutoff=1) <= 1:
            return FORMS[form]
    return None


@lru_cache(maxsize=1 << 15)
def is_company(letters: str) -> bool:
    """Return whether a word is `company` with a typing error. People often leave that word out."""
    return len(letters) >= _LONG and any(
        letters[0] == whole[0] and OSA.distance(letters, whole, score_cutoff=1) <= 1 for whole in _COMPANY
    )
