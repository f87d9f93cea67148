"""Builds the condition that finds every near miss of some names, and few other objects. Pure.

No condition can say "looks the same". But a near miss of `Acme1` has no other letters and digits than a, c, e, m and 1,
except in an HTML entity such as `&amp;`. So the condition leaves out the objects with another letter or digit and
without `&`. The objects that it finds are compared exactly afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from reconciler.connectwise.conditions import Condition, any_of, contains, negate
from reconciler.kinds.base import Kind
from reconciler.kinds.near import near_part
from reconciler.live.query import Query

_LETTERS: Final = "0123456789etaoinshrdlucmfwygpbvkqxjz"
"""In the order in which they leave out most objects: a condition that is too long loses the last ones."""
_ENTITY: Final = "&"


def narrowed(query: Query, names: Iterable[str]) -> Query:
    """Return the query without objects that are certainly no near miss of any of the names.

    Returns the same query if no condition can say so: the key of the kind has several fields, a name has a letter that
    is not ASCII (a tenant may take `æ` for `ae`), or the names have all letters.
    """
    path = _path_of_key(query.kind)
    seen = "".join(near_part(name) for name in names)
    if path is None or not seen.isascii():
        return query
    others = [letter for letter in _LETTERS if letter not in seen]
    while others:
        shorter = replace(query, narrowing=_without(path, others))
        if shorter.fits_one_url:
            return shorter
        others.pop()
    return query


def _without(path: str, letters: Iterable[str]) -> Condition:
    """Return the condition that a field has none of these letters, or an HTML entity."""
    return any_of(negate(any_of(*(contains(path, letter) for letter in letters))), contains(path, _ENTITY))


def _path_of_key(of: Kind) -> str | None:
    """Return the ConnectWise path of the one text that is the whole natural key of a kind, or None."""
    if of.lookup_path is None or of.keys_of is not None or len(of.key) != 1:
        return None
    return of.lookup_path if of.by_name[of.key[0]].mapping.reads == (of.lookup_path,) else None
