"""JSON with exact numbers: decoding gives int or Decimal and never float, and a Decimal is encoded as a number."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_TOO_DEEP = "JSON that is nested deeper than any response of ConnectWise"
_BOM = b"\xef\xbb\xbf"
"""A byte order mark. Servers on Windows may send one before the body."""
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def decode(body: bytes) -> Any:
    """Return parsed JSON: whole numbers are int, others Decimal. Raises `ValueError` for anything else than JSON."""
    try:
        return _DECODER.decode(body.removeprefix(_BOM))
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    except ArithmeticError as error:
        raise ValueError("a number whose exponent is too large") from error


def duplicate_key(body: bytes, value: Any) -> str | None:
    """Return a key that one object of `body` holds twice, or None. `value` is the parsed body.

    Raises `ValueError` for JSON that is nested too deep. To be fast, this first counts `":` in the body and in the
    encoded `value`, and searches the objects one by one only if the counts differ.
    """
    try:
        return _duplicate_key(body, value)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error


def _duplicate_key(body: bytes, value: Any) -> str | None:
    if body.count(b'":') == _ENCODER.encode(value).count(b'":'):
        return None
    found: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        names = Counter(name for name, _ in pairs)
        found.extend(name for name, count in names.items() if count > 1)

    json.loads(body.removeprefix(_BOM), object_pairs_hook=note, parse_float=str, parse_int=str)
    return found[0] if found else None


def encode(value: Any) -> bytes:
    """Return JSON with sorted keys, so that equal values give equal bytes.

    A date becomes midnight UTC, as ConnectWise writes dates. Raises `TypeError` for a float and for a number that JSON
    cannot hold: an amount of money that was a float is not exact.
    """
    return _ENCODER.encode(_plain(value))


def format_datetime(value: date) -> str:
    """Return a date or an aware datetime as the API writes it: `2026-11-01T00:00:00Z`."""
    if not isinstance(value, datetime):
        return f"{value.isoformat()}T00:00:00Z"
    if value.tzinfo is None:
        raise TypeError("a datetime needs a time zone")
    utc = value.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='seconds')}Z"


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal() if value.is_finite():
            return value
        case date():
            return format_datetime(value)
        case Mapping():
            return {str(key): _plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case _:
            raise TypeError(f"{value!r} cannot be exact in JSON; use int or a finite Decimal")
