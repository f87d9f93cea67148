"""Natural keys: how they are made from documents, look-ups and values, and how they are compared. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from reconciler.kinds.base import Kind, key_part
from reconciler.kinds.fields import LookUp
from reconciler.kinds.live_state import Key
from reconciler.kinds.values import Link, Value


@dataclass(frozen=True, slots=True)
class KeyField:
    """One field of a natural key."""

    name: str
    attribute: str
    target: str
    """The kind that the field refers to, or "" if it is no reference."""
    exact: bool
    """Whether upper and lower case count."""


@cache
def key_fields(of: Kind) -> tuple[KeyField, ...]:
    """Return the fields of a natural key, in its order."""
    items = (of.by_name[name] for name in of.key)
    return tuple(
        KeyField(
            item.name,
            item.attribute,
            (item.mapping.target and item.mapping.target.kind) or "",
            item.mapping.exact,
        )
        for item in items
    )


def natural_key(of: Kind, values: Mapping[str, Value]) -> Key:
    """Return the key of an object with these values, comparable with the keys of live objects."""
    return tuple(key_part(values.get(item.name), exact=item.exact) for item in key_fields(of))


def spellings(value: str | int) -> tuple[str | int, ...]:
    """Return the values to ask ConnectWise for, so that it returns the objects with this value in a natural key.

    Keys are compared in Unicode NFC, and ConnectWise may hold a text in NFD, as an import from a Mac writes it. Its
    conditions may compare character by character [guess].
    """
    if isinstance(value, int) or value.isascii():
        return (value,)
    return tuple(dict.fromkeys([value, *(unicodedata.normalize(form, value) for form in ("NFC", "NFD"))]))


def lookup_text(value: LookUp) -> str:
    """Return the text of a look-up, such as `ACME` of `{identifier: ACME}`."""
    return str(next(iter(value.model_dump().values())))


def lookup_key(of: Kind, value: LookUp, owner: Link | None) -> Key:
    """Return the natural key of the object that a look-up names, below its owner."""
    text = lookup_text(value)
    return tuple(
        link_key(owner) if owner is not None and item.name == of.owner else key_part(text, exact=item.exact)
        for item in key_fields(of)
    )


def link_key(link: Link) -> int | str | None:
    """Return how a link counts in a key: its id, or the address of a document whose object does not exist yet."""
    return link.address if link.id is None else link.id


def old_key(of: Kind, key: Key, old: str) -> Key:
    """Return a key with an old value of `metadata.previously` in the field that was renamed."""
    return tuple(
        key_part(old, exact=item.exact) if item.name == of.rename_key else part
        for item, part in zip(key_fields(of), key, strict=True)
    )


def ignoring_case(key: Key) -> Key:
    """Return a key in lower case."""
    return tuple(key_part(part) for part in key)
