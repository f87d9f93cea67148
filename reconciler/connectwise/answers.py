"""Did it take? What a POST or PATCH asked for, held against the object that came back.

ConnectWise can answer 200 and store nothing [seen], trims strings, writes dates as midnight UTC, and fills references
in. Equal here means: a person would say that the asked value was stored.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reconciler.connectwise.codec import moment

_REFERENCE_KEYS = frozenset({"id", "identifier", "name", "_info"})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
_MIDNIGHT = re.compile(r"T00:00(:00(\.0+)?)?(Z|\+00:?00)?")


@dataclass(frozen=True, slots=True)
class Untaken:
    """A field that holds something else than was asked for."""

    field: str
    asked: Any
    answered: Any


def untaken(asked: Mapping[str, Any], answered: Mapping[str, Any], *, unread: Collection[str] = ()) -> list[Untaken]:
    """The asked fields that did not take, in order. `unread` fields are write-only and never compared or shown."""
    return [
        Untaken(field, value, answered.get(field))
        for field, value in asked.items()
        if field not in unread and not same(value, answered.get(field))
    ]


def same(asked: Any, answered: Any) -> bool:
    """Whether an answered value is what was asked for."""
    if _is_nothing(asked) or _is_nothing(answered):
        equal = _is_nothing(asked) and _is_nothing(answered)
    elif isinstance(asked, bool) or isinstance(answered, bool):
        equal = asked is answered
    elif isinstance(asked, int | Decimal) and isinstance(answered, int | Decimal):
        equal = Decimal(asked) == Decimal(answered)
    elif isinstance(asked, str | date) and isinstance(answered, str):
        equal = _same_text(asked if isinstance(asked, str) else moment(asked), answered)
    elif isinstance(asked, Mapping) and isinstance(answered, Mapping):
        equal = _same_object(asked, answered)
    elif isinstance(asked, list | tuple) and isinstance(answered, list | tuple):
        equal = _same_list(asked, answered)
    else:
        equal = False
    return equal


def is_reference(value: Any) -> bool:
    """Whether a value is nothing but a pointer to another object: `{id}`, `{identifier}` or `{name}`."""
    return isinstance(value, Mapping) and bool(value) and value.keys() <= _REFERENCE_KEYS


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple | Mapping) and not _trimmed(value))


def _trimmed(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _same_text(asked: str, answered: str) -> bool:
    one, other = (text.strip().replace("\r\n", "\n") for text in (asked, answered))
    if one == other:
        return True
    if not (_DATE.fullmatch(one) and _DATE.fullmatch(other)):
        return False
    if _is_date(one) or _is_date(other):
        return one[:10] == other[:10]
    return _moment(one) is not None and _moment(one) == _moment(other)


def _is_date(text: str) -> bool:
    return len(text) == 10 or _MIDNIGHT.fullmatch(text[10:]) is not None


def _moment(text: str) -> datetime | None:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def _same_object(asked: Mapping[str, Any], answered: Mapping[str, Any]) -> bool:
    if is_reference(asked):
        key = next((key for key in ("id", "identifier", "name") if asked.get(key) is not None), None)
        return key is not None and _same_key(asked[key], answered.get(key))
    return all(same(value, answered.get(key)) for key, value in asked.items())


def _same_key(asked: Any, answered: Any) -> bool:
    if isinstance(asked, str) and isinstance(answered, str):
        return asked.strip().casefold() == answered.strip().casefold()
    return same(asked, answered)


def _same_list(asked: Sequence[Any], answered: Sequence[Any]) -> bool:
    """References and plain values are a set. Objects (custom fields, communication items) must be held, each by one
    of its own: the server adds entries that nobody asked for."""
    if all(is_reference(entry) or not isinstance(entry, Mapping) for entry in asked):
        return _held(asked, answered) and all(any(same(entry, other) for entry in asked) for other in answered)
    return len(answered) >= len(asked) and _held(asked, answered)


def _held(asked: Sequence[Any], answered: Sequence[Any]) -> bool:
    return all(any(same(entry, other) for other in answered) for entry in asked)
