"""Read single values of a row: numbers, times and texts. A value that is not clear is refused with advice.

No value is guessed. For example, `1,000` means one thousand to some programs and one to others, and only Python reads
`1_000` as a number.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from reconciler.kinds.billing_rules import BYTES_OF
from reconciler.manifests.suggestions import listed

LARGEST = 2**63 - 1
"""The largest number of bytes that the ledger can store: 9.2 exabytes."""

LONGEST_ID = 200
"""The longest id in characters."""

LONGEST_QUOTE = 60
"""The most characters of a value that a message shows."""

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
    """A value cannot be read. The message is shown after the place of its row."""


def quoted(value: Any) -> str:
    """Return a value for a message: on one line, at most `LONGEST_QUOTE` characters, in the terms of JSON."""
    if isinstance(value, str):
        text = "".join(each if each.isprintable() else "?" for each in value)
        return f"'{text[:LONGEST_QUOTE]}…'" if len(text) > LONGEST_QUOTE else f"'{text}'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= 10**LONGEST_QUOTE:
        return f"a number of more than {LONGEST_QUOTE} digits"
    if isinstance(value, int | float | Decimal):
        text = str(value)
        return text if len(text) <= LONGEST_QUOTE else f"a number of more than {LONGEST_QUOTE} digits"
    return "a list" if isinstance(value, list | tuple) else "an object"


def text_of(value: Any, name: str) -> str:
    """Return a text without blanks at its ends, or a whole number as text. Empty if the value is None."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadValueError(f"{name} is not text: {quoted(value)}")
    text = str(value).strip()
    if _HALF_CHARACTER.search(text):
        raise BadValueError(f"{name} is not UTF-8: {quoted(text)}; export the file as UTF-8 (in Excel: CSV UTF-8)")
    if "\0" in text:
        raise BadValueError(f"{name} contains a NUL byte: {quoted(text)}; export the file as UTF-8, not as UTF-16")
    return text


def id_of(value: Any, name: str) -> str:
    """Return an id: one line of at most `LONGEST_ID` characters. Empty if the value is None."""
    text = text_of(value, name)
    if _CONTROL.search(text):
        raise BadValueError(f"{name} contains a line break or another control character: {quoted(text)}")
    if len(text) > LONGEST_ID:
        raise BadValueError(f"{name} is longer than {LONGEST_ID} characters: {quoted(text)}; check the quotes")
    return text


def name_of(value: Any, name: str) -> str:
    """Return a name, with a blank for each control character."""
    return _CONTROL.sub(" ", text_of(value, name).replace("\r\n", " "))


def bytes_of(used: Any, unit: str) -> int | None:
    """Return used storage in bytes, rounded half up. None if `used` is empty: the figure is missing, not 0."""
    if unit not in BYTES_OF:
        raise BadValueError(f"unit is {quoted(unit)}; it must be {listed(BYTES_OF)}")
    amount = _number(used)
    if amount is None:
        return None
    if amount < 0:
        raise BadValueError(f"used is negative: {quoted(used)}")
    if amount > LARGEST:  # check this first: 1E+999999 as a whole number would fill the memory
        raise BadValueError(f"used is too large: {quoted(used)}")
    with localcontext(prec=80):
        size = int((amount * BYTES_OF[unit]).to_integral_value(ROUND_HALF_UP))
    if size > LARGEST:
        raise BadValueError(f"used is too large: {quoted(used)} {unit}")
    return size


def _number(used: Any) -> Decimal | None:
    if used is None:
        return None
    if isinstance(used, bool) or not isinstance(used, str | int | Decimal):
        raise BadValueError(f"used is not a number: {quoted(used)}")
    if isinstance(used, int):
        return Decimal(used)
    if isinstance(used, str):
        text = used.strip(_BLANKS)
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise BadValueError(f"used is not a number: {quoted(used)}{_number_advice(text)}")
        amount = Decimal(text)
    elif used.is_finite():
        amount = used
    else:
        raise BadValueError(f"used is not a number: {quoted(used)}; write null if the figure is unknown")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0 and amount:
        raise BadValueError(
            f"used is written with an exponent that hides its last {exponent} digits: {quoted(used)}; "
            "write all digits (in Excel: format the column as a number without decimals)"
        )
    return amount


def _number_advice(text: str) -> str:
    if text.isdecimal() and not text.isascii():
        return "; write it with the digits 0 to 9"
    if re.fullmatch(r"-?[0-9][0-9_]*[0-9](\.[0-9_]*)?", text):
        return f"; write {text.replace('_', '')} if you mean that"
    if re.fullmatch(r"-?[0-9][0-9.,' \u00a0\u202f]*", text):
        return "; write it without thousands separators, and with a point before decimals"
    if text.casefold().lstrip("+-") in {"nan", "inf", "infinity", "null", "none", "n/a", "na", "-", ""}:
        return "; leave it empty if the figure is unknown"
    return "; write digits, and a point before decimals"


def time_of(value: Any, name: str) -> datetime:
    """Return a moment in UTC. The text must have a date, a time and a time zone."""
    text = text_of(value, name)
    if not text:
        raise BadValueError(f"{name} is empty; write 2025-11-22T13:00:00Z")
    match = _TIME.fullmatch(text)
    if match is None and not _DAY.fullmatch(text):
        raise BadValueError(f"{name} is not a time: {quoted(text)}; write 2025-11-22T13:00:00Z")
    if match is None:
        raise BadValueError(f"{name} has no time zone and no hour: {quoted(text)}; write {text}T13:00:00Z")
    zone = match["zone"]
    if zone is None:
        raise BadValueError(f"{name} has no time zone: {quoted(text)}; write {text}Z or {text}+01:00")
    try:
        moment = datetime.fromisoformat(f"{match['date']}T{match['time']}{zone.upper()}")
    except ValueError:
        raise BadValueError(f"{name} is not a valid date and time: {quoted(text)}") from None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadValueError(f"{name} is out of range: {quoted(text)}") from None
