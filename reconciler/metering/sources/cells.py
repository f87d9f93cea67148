"""Single values of a row: numbers, times and texts, read strictly or refused with a reason and advice.

What two programs would read differently is refused, never guessed: `1,000` is one thousand to one person and one to
another, `1_000` is a number to Python alone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from reconciler.kinds.billing_rules import BYTES_OF

LARGEST = 2**63 - 1
"""The largest number of bytes that the ledger holds: 9.2 exabytes."""

LONGEST_ID = 200
"""Characters."""

LONGEST_SHOWN = 60
"""Characters of a value that a message shows."""

_BLANKS = " \t\r\n"
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?", re.ASCII)
_TIME = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)"
    r" ?(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")


class BadValueError(ValueError):
    """A value that cannot be read, in words that follow the place of its row."""


def said(value: Any) -> str:
    """A value for a message: on one line, cut short, without the language of this program."""
    if isinstance(value, str):
        text = "".join(each if each.isprintable() else "?" for each in value)
        return f"'{text[:LONGEST_SHOWN]}…'" if len(text) > LONGEST_SHOWN else f"'{text}'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= 10**LONGEST_SHOWN:
        return f"a number of more than {LONGEST_SHOWN} digits"
    if isinstance(value, int | float | Decimal):
        text = str(value)
        return text if len(text) <= LONGEST_SHOWN else f"a number of more than {LONGEST_SHOWN} digits"
    return "a list" if isinstance(value, list | tuple) else "an object"


def text_of(value: Any, name: str) -> str:
    """Text without the blanks around it, or a whole number as JSON writes ids; "" where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadValueError(f"{name} is not text: {said(value)}")
    text = str(value).strip()
    if _HALF_CHARACTER.search(text):
        raise BadValueError(f"{name} is not UTF-8: {said(text)}; export the file as UTF-8 (in Excel: CSV UTF-8)")
    if "\0" in text:
        raise BadValueError(f"{name} holds a NUL byte: {said(text)}; export the file as UTF-8, not as UTF-16")
    return text


def id_of(value: Any, name: str) -> str:
    """An id: text on one line."""
    text = text_of(value, name)
    if _CONTROL.search(text):
        raise BadValueError(f"{name} holds a line break or another control character: {said(text)}")
    if len(text) > LONGEST_ID:
        raise BadValueError(f"{name} is longer than {LONGEST_ID} characters: {said(text)}; check the quotes")
    return text


def name_of(value: Any, name: str) -> str:
    """A name: control characters in it become blanks."""
    return _CONTROL.sub(" ", text_of(value, name).replace("\r\n", " "))


def bytes_of(used: Any, unit: str) -> int | None:
    """Used storage in bytes, halves up; an empty `used` is missing, not 0."""
    if unit not in BYTES_OF:
        raise BadValueError(f"unit is {said(unit)}, and must be one of {', '.join(BYTES_OF)}")
    amount = _number(used)
    if amount is None:
        return None
    if amount < 0:
        raise BadValueError(f"used is negative: {said(used)}")
    if amount > LARGEST:  # before the arithmetic: 1E+999999 as a whole number would fill the memory
        raise BadValueError(f"used is too large: {said(used)}")
    with localcontext(prec=80):
        size = int((amount * BYTES_OF[unit]).to_integral_value(ROUND_HALF_UP))
    if size > LARGEST:
        raise BadValueError(f"used is too large: {said(used)} {unit}")
    return size


def _number(used: Any) -> Decimal | None:
    if used is None:
        return None
    if isinstance(used, bool) or not isinstance(used, str | int | Decimal):
        raise BadValueError(f"used is not a number: {said(used)}")
    if isinstance(used, int):
        return Decimal(used)
    if isinstance(used, str):
        text = used.strip(_BLANKS)
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise BadValueError(f"used is not a number: {said(used)}{_advice(text)}")
        amount = Decimal(text)
    elif used.is_finite():
        amount = used
    else:
        raise BadValueError(f"used is not a number: {said(used)}; write null where the figure is not known")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0 and amount:
        raise BadValueError(
            f"used is written with an exponent, and its last {exponent} digits are not there: {said(used)}; "
            "write all digits (in Excel: format the column as a number without decimals)"
        )
    return amount


def _advice(text: str) -> str:
    if text.isdecimal() and not text.isascii():
        return "; write it with the digits 0 to 9"
    if re.fullmatch(r"-?[0-9][0-9_]*[0-9](\.[0-9_]*)?", text):
        return f"; write {text.replace('_', '')} if that is meant"
    if re.fullmatch(r"-?[0-9][0-9.,' \u00a0\u202f]*", text):
        return "; write it without separators of thousands and with a point before decimals"
    if text.casefold().lstrip("+-") in {"nan", "inf", "infinity", "null", "none", "n/a", "na", "-", ""}:
        return "; leave it empty where the figure is not known"
    return "; write digits, and a point before decimals"


def time_of(value: Any, name: str) -> datetime:
    """A moment with its zone, in UTC."""
    text = text_of(value, name)
    if not text:
        raise BadValueError(f"{name} is empty; write 2025-11-22T13:00:00Z")
    found = _TIME.fullmatch(text)
    if found is None and not _DAY.fullmatch(text):
        raise BadValueError(f"{name} is not a time: {said(text)}; write 2025-11-22T13:00:00Z")
    if found is None:
        raise BadValueError(f"{name} has no time zone and no hour: {said(text)}; write {text}T13:00:00Z")
    zone = found["zone"]
    if zone is None:
        raise BadValueError(f"{name} has no time zone: {said(text)}; write {text}Z or {text}+01:00")
    try:
        moment = datetime.fromisoformat(f"{found['date']}T{found['time']}{zone.upper()}")
    except ValueError:
        raise BadValueError(f"{name} is no moment of the calendar: {said(text)}") from None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadValueError(f"{name} is out of range: {said(text)}") from None
