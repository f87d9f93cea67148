"""The YAML 1.2 core schema: what a plain scalar means.

`no`, `on`, `1:30` and `2026-11-01` are text here, as YAML 1.2 has it. Numbers with a point or an exponent
become `Decimal`, never `float`: prices come through untouched.
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
"""First characters of everything that is not text; all else needs no look at the patterns."""
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_MOST_CHARACTERS: Final = 60
_MOST_DIGITS: Final = 40
"""No price, quantity or id needs more; a billion digits would only fill the memory."""


class NotANumberError(ValueError):
    """A number that nothing can be billed by: infinite, undefined, or beyond all measure."""


def plain(text: str) -> Scalar:
    """The value of a plain (unquoted, untagged) scalar. Raises `NotANumberError`."""
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
        raise NotANumberError(f"{text} is not a number that can be used here")
    return text


def integer(text: str) -> int:
    _check_length(text)
    return int(text)


def decimal(text: str) -> Decimal:
    _check_length(text)
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise NotANumberError(f"{text} is beyond every number that is used here") from None
    if abs(value.adjusted()) > _MOST_DIGITS:
        raise NotANumberError(f"{text} is beyond every number that is used here")
    return value


def tagged(kind: str, text: str) -> Scalar:
    """The value of a scalar with a tag of the core schema: `str`, `int`, `float`, `bool`, `null`.

    Raises `NotANumberError`, and `ValueError` when the text is none of that type.
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
        raise NotANumberError(f"a number of {len(text)} characters is beyond every number that is used here")
