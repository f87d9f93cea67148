"""Recognise the errors of the console, in all forms that have been seen.

The console sends an error with HTTP 200. The error number is in `data` [seen], in `code` or in the message, as a number
or as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from reconciler.metering.sources.errors import SourceError

Kind = Literal["visa", "credentials", "not-allowed", "other"]
"""`visa`: the visa has expired. `credentials`: the login is wrong. `not-allowed`: the role lacks a right."""

KINDS: Mapping[int, Kind] = {1701: "visa", 2100: "credentials", 13501: "not-allowed"}
"""The kind of each error number."""

LONGEST_MESSAGE = 500
"""The most characters of the console's own message that an error shows."""

_NUMBERS = re.compile(r"(?<![0-9.])(?:1701|2100|13501)(?![0-9.])", re.ASCII)
_VISA = re.compile(r"\bvisas?\b", re.IGNORECASE)
_ADVICE: Mapping[Kind, str] = {
    "visa": "the session ended again right after a new login; check this machine's clock and try again",
    "credentials": (
        "check partner (the display string exactly as the console shows it), username and token; "
        "do not repeat a failed login, because the account may be locked"
    ),
    "not-allowed": "give the API user a role that may call it",
    "other": "look the message up in the console's documentation, or try again later",
}


class RpcError(SourceError):
    """The console returned an error. `kind` says which one."""

    def __init__(self, what: str, kind: Kind, *, where: str) -> None:
        super().__init__(what, where=where, advice=_ADVICE[kind])
        self.kind = kind


def rpc_error(method: str, error: Any, where: str) -> RpcError:
    """Return an exception for the `error` member of a response."""
    members = error if isinstance(error, Mapping) else {"message": error}
    message = _short(members.get("message") or "no message")
    numbers = [f"{name} {_short(members[name])}" for name in ("code", "data") if members.get(name) is not None]
    code = f" ({', '.join(numbers)})" if numbers else ""
    return RpcError(f"the console refused {method}: {message}{code}", kind_of(error), where=where)


def kind_of(error: Any) -> Kind:
    """Return the kind of an error, from the number in `data`, in `code` or in any text, or from the word visa."""
    members = error if isinstance(error, Mapping) else {"message": error}
    for value in (*_values(members.get("data")), *_values(members.get("code"))):
        number = _number(value)
        if number is not None and number in KINDS:
            return KINDS[number]
    texts = [
        each for name in ("message", "data", "code") for each in _values(members.get(name)) if isinstance(each, str)
    ]
    for text in texts:
        if found := _NUMBERS.search(text):
            return KINDS[int(found[0])]
    return "visa" if any(_VISA.search(text) for text in texts) else "other"


def _values(value: Any) -> Iterator[Any]:
    """Yield a value, or the values of an object. `data` may also be `{"code": 1701}`."""
    if isinstance(value, Mapping):
        yield from value.values()
    else:
        yield value


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value.strip()[:9])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _short(value: Any) -> str:
    return " ".join(str(value).split())[:LONGEST_MESSAGE]
