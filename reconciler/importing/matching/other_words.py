"""Decide on a company if only one of the two names has a certain word.

Companies of one group share owners, domains and addresses. So these do not say which of them a customer is.
"""

from __future__ import annotations

from reconciler.importing.matching.forms import looks_like_form
from reconciler.importing.matching.judge import Judged
from reconciler.importing.matching.names import Name, key_of
from reconciler.importing.matching.vocabulary import FILLERS, is_structural

CORROBORATED = 4.0
"""The weight of the clues that are needed if several companies have the name."""

_SOMETHING = 2.0
"""The weight of the clues that are needed if one name has one more word, without meaning."""

_NAMELESS_KINDS = 2
"""The kinds of clues that are needed if only the company's web site has the customer's name."""


def shown(judged: Judged) -> str:
    """Return the name of a company with its identifier."""
    return f"{judged.company.name!r} ({judged.company.identifier})"


def why_other_words(best: Judged, surplus: float) -> str | None:
    """Return why a company with other words in its name is not proposed. None if it is proposed.

    `surplus` is the information that both have and that speaks against chance, in bits.
    """
    words, name = {*best.name.only_left, *best.name.only_right}, shown(best)
    if not best.name.pairs:
        enough = bool(best.note) and len(best.kinds) >= _NAMELESS_KINDS
        return None if enough else f"the nearest company is {name}, but its name has nothing of the customer's"
    if any(map(is_structural, words)):
        return f"the nearest company is {name}, but it may be another one of the same group"
    if any(_is_telling(word, best.name.right) for word in words) and not best.has("code in name"):
        return f"the nearest company is {name}, but it has another word, and domain and address do not say which it is"
    if not best.kinds or best.weight < _SOMETHING:
        return f"the nearest company is {name}, but it has another word, and too little else speaks for it"
    if surplus < 0:
        return f"the nearest company is {name}, but what both names have in common says too little"
    return None


def _is_telling(word: str, company: Name) -> bool:
    return key_of(word) not in FILLERS and not looks_like_form(word, company)
