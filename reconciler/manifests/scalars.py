"""Convert plain YAML scalars into values, by the core schema of YAML 1.2.

`no`, `on`, `1:30` and `2026-11-01` are text. Numbers with a point or an exponent become `Decimal` and never `float`, so
that prices stay exact.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

Scalar = str | int | Decimal | bool | None

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
STARTS: Final = frozenset("~nNtTfF+-.0123456789")
"""The first characters of all scalars that are not text. Others need no further check."""
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_MOST_CHARACTERS: Final = 60
_MOST_DIGITS: Final = 40
"""Limits on the length of a number. Without them, a file could fill the memory with digits."""


class NotANumberError(ValueError):
    """A number is infinite, undefined or too large."""


def plain(text: str) -> Scalar:
    """Return the value of a scalar without quotes and tag. Raises `NotANumberError`."""
    if text and text[0] not in STARTS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return integer(text)
    if _OCTAL.match(text) or _HEXADECIMAL.match(text):
        _check_length(text)
        return int(text, 0)
    if _DECIMAL.match(text):
        return decimal(text)
    if _NOT_FINITE.match(text):
        raise NotANumberError(f"{text} is not a finite number")
    return text


def integer(text: str) -> int:
    """Return the whole number in a text of digits. Raises `NotANumberError` if it is too long."""
    _check_length(text)
    return int(text)


def decimal(text: str) -> Decimal:
    """Return the decimal number in a text. Raises `NotANumberError` if it is too long or too large."""
    _check_length(text)
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise NotANumberError(f"the number {text} is too large or too small") from None
    if abs(value.adjusted()) > _MOST_DIGITS:
        raise NotANumberError(f"the number {text} is too large or too small")
    return value


def tagged(kind: str, text: str) -> Scalar:
    """Return the value of a scalar with a tag of the core schema: `str`, `int`, `float`, `bool` or `null`.

    Raises `ValueError` if the text has another type, and `NotANumberError` as `plain` does.
    """
    if kind == "str":
        return text
    value = plain(text)
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    expected: dict[str, type] = {"int": int, "float": Decimal, "bool": bool, "null": type(None)}
    if type(value) is not expected[kind]:
        raise ValueError(f"'{text}' is not of the type !!{kind}")
    return value


def _check_length(text: str) -> None:
    if len(text) > _MOST_CHARACTERS:
        raise NotANumberError(f"a number with {len(text)} characters is too long: at most {_MOST_CHARACTERS}")
