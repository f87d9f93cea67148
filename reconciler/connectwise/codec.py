"""JSON with exact numbers: what is read has no float in it, and a Decimal leaves as the number it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_TOO_DEEP = "JSON nested deeper than anything that ConnectWise answers"
_MARK = b"\xef\xbb\xbf"
"""A byte order mark, which servers on Windows may put before what they send."""
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def decode(body: bytes) -> Any:
    """Parsed JSON; whole numbers are int, all others Decimal. Raises `ValueError` for anything else than JSON."""
    try:
        return _DECODER.decode(body.removeprefix(_MARK))
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    except ArithmeticError as error:
        raise ValueError("a number with an exponent beyond all bounds") from error


def doubled_key(body: bytes, value: Any) -> str | None:
    """A key that stands twice in one object of `body`, which was parsed as `value`; None where there is none.

    Raises `ValueError` for what is nested too deep to be looked through.

    Counted first: only where the text holds another number of `":` than it would if it were written again are the
    objects looked at one by one.
    """
    try:
        return _doubled_key(body, value)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error


def _doubled_key(body: bytes, value: Any) -> str | None:
    if body.count(b'":') == _ENCODER.encode(value).count(b'":'):
        return None
    found: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        names = Counter(name for name, _ in pairs)
        found.extend(name for name, count in names.items() if count > 1)

    json.loads(body.removeprefix(_MARK), object_pairs_hook=note, parse_float=str, parse_int=str)
    return found[0] if found else None


def encode(value: Any) -> bytes:
    """JSON with sorted keys, so that one intent has one body.

    Dates become midnight UTC, the way ConnectWise writes a date. Raises `TypeError` for a float or for a number
    that JSON cannot hold: money that went through a float is wrong before it is sent.
    """
    return _ENCODER.encode(_plain(value))


def moment(value: date) -> str:
    """A date or an aware datetime in the notation of the API: `2026-11-01T00:00:00Z`."""
    if not isinstance(value, datetime):
        return f"{value.isoformat()}T00:00:00Z"
    if value.tzinfo is None:
        raise TypeError("a datetime without a zone says nothing; give it one")
    utc = value.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='seconds')}Z"


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal() if value.is_finite():
            return value
        case date():
            return moment(value)
        case Mapping():
            return {str(key): _plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case _:
            raise TypeError(f"{value!r} has no exact place in JSON; numbers are int or finite Decimal")
