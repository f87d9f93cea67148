"""An answer that is not a yes, read into the error that says what to do about it."""

from __future__ import annotations

import re
from typing import Any

from reconciler.connectwise.codec import decode
from reconciler.connectwise.errors import (
    Conflict,
    ConnectWiseError,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    ServerFailed,
    TooLong,
    TooMany,
    Unauthorized,
)
from reconciler.http.scrubbing import Secrets

NO_SUCH_ENDPOINT = "The endpoint does not exist."
"""What an unknown route answers, under the code `ConnectWiseApi` [seen]."""

_KEYS = "Check company, publicKey, privateKey and site, and that the API member is active"
_BY_STATUS: dict[int, tuple[type[ConnectWiseError], str]] = {
    401: (Unauthorized, f"{_KEYS}."),
    403: (
        Forbidden,
        "Check that clientId is one registered at developer.connectwise.com, and that the security role of the "
        "API member allows this.",
    ),
    404: (NotFound, "It was deleted, or the id or path is wrong."),
    409: (Conflict, "Something still uses it, or another one stands in its way."),
    414: (TooLong, "Ask for fewer values at a time."),
    429: (TooMany, "Run again later, or lower maxConcurrency."),
}
_BY_CODE = {
    "MissingRequiredField": "Add the missing field.",
    "InvalidField": "Correct the value of the field that is named.",
    "ObjectExists": "There is one already; adopt it, or give this one another key.",
    "InvalidObject": "Correct what the server names.",
    "MaxLength": "Shorten the value.",
    "MaxLengthField": "Shorten the value: it is longer than the field takes.",
}
_SSL_REQUIRED = (
    "This cloud site wants the API's own host: set site to the one that begins with api-, "
    "as api-na.myconnectwise.net for na.myconnectwise.net."
)
_SECURITY = "Security"
"""The code of a refusal of the site itself, "SSL is required." [docs]."""
_CUSTOM = re.compile(r"custom\s*field|user\s*-?defined\s*field", re.IGNORECASE)
_FIRST_404 = f"The cloud can answer bad credentials with 404. {_KEYS}; the region in the site may also be a wrong one."
_EXCERPT = 200
"""Characters of a body that are shown."""
_LONGEST = 1000
"""Characters of one message of the server that are shown."""
_MOST_FIELDS = 20
_READ = 20_000
"""Bytes of a body, or characters of a message, that are looked through for secrets before they are cut down to what is
shown."""
_MOST_READ = 200
"""Entries of an error that are read at most."""
_NONE = Secrets()
_BAD_REQUEST = 400
_REQUEST_TIMEOUT = 408


def refusal(
    method: str,
    endpoint: str,
    status: int,
    body: bytes,
    *,
    secrets: Secrets = _NONE,
    retry_after: float | None = None,
) -> ConnectWiseError:
    """The error for an answer with a status of 400 or above. `secrets` are taken out of what the server says."""
    parsed = error_body(body)
    code, message = _text(parsed.get("code")), _text(parsed.get("message"))
    fields = tuple(_fields(parsed, secrets))
    code, message = plain(secrets.scrub(code[:_READ])), plain(secrets.scrub(message[:_READ]))
    kind, advice = _BY_STATUS.get(status, (None, ""))
    if kind is None:
        kind, advice = _otherwise(status)
    codes = [entry.code for entry in fields] + [code]
    advice = next((_BY_CODE[each] for each in codes if each in _BY_CODE), advice)
    if is_security(parsed):
        kind, advice = Forbidden, _SSL_REQUIRED
    said = message or (excerpt(body, secrets) if not parsed else "")
    what = f"ConnectWise answered {status}" + (f" {code}" if code else "")
    what += f": {said}" if said else ""
    what += "".join(f"; {entry}" for entry in fields[:_MOST_FIELDS])
    what += f"; and {len(fields) - _MOST_FIELDS} more" if len(fields) > _MOST_FIELDS else ""
    about: dict[str, Any] = {"retry_after": retry_after} if kind in {TooMany, ServerFailed} else {}
    return kind(what, method=method, endpoint=endpoint, status=status, code=code, fields=fields, advice=advice, **about)


def bad_credentials(error: ConnectWiseError) -> Unauthorized:
    """A 404 before anything was ever answered, read as what it most likely is [docs, seen]."""
    return Unauthorized(
        error.what,
        method=error.method,
        endpoint=error.endpoint,
        status=error.status,
        code=error.code,
        advice=_FIRST_404,
    )


def _text(value: Any) -> str:
    """A text of an error body; what is nested says nothing."""
    return "" if value is None or isinstance(value, dict | list) else str(value)


def is_security(body: Any) -> bool:
    """Whether a body refuses the site itself, whatever its status: a cloud site without its `api-` prefix [docs]."""
    return isinstance(body, dict) and body.get("code") == _SECURITY and "id" not in body


def wants_custom_fields(error: Invalid) -> bool:
    """Whether a 400 is about custom fields, which a PATCH that changes none can be refused for, too [seen]."""
    told = [error.what, *(f"{entry.field} {entry.message}" for entry in error.fields)]
    return error.status == _BAD_REQUEST and any(_CUSTOM.search(text) for text in told)


def is_missing_route(error: NotFound) -> bool:
    """Whether a 404 is about the endpoint rather than about an object: no JSON body, or the code for it."""
    return not error.code or error.code == "ConnectWiseApi"


def error_body(body: bytes) -> dict[str, Any]:
    """The error object of a body, empty when it holds none."""
    try:
        parsed = decode(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def excerpt(body: bytes, secrets: Secrets, length: int = _EXCERPT) -> str:
    """How a body begins, on one line and without the secrets."""
    text = secrets.scrub(body[:_READ].decode("utf-8", "replace"))
    return plain(text, length)


def plain(text: str, length: int = _LONGEST) -> str:
    """What a server says, on one line, without characters that a terminal would obey, and not without end."""
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return shown if len(shown) <= length else f"{shown[:length]}…"


def _otherwise(status: int) -> tuple[type[ConnectWiseError], str]:
    if status >= 500 or status == _REQUEST_TIMEOUT:
        return ServerFailed, "The fault is on the server's side; run again later. What was done stays done."
    return Invalid, "Correct what the server names; nothing was stored."


def _fields(parsed: dict[str, Any], secrets: Secrets) -> list[FieldError]:
    entries = parsed.get("errors")
    if not isinstance(entries, list):
        return []
    return [
        FieldError(*(plain(secrets.scrub(_text(entry.get(key))[:_READ])) for key in ("code", "field", "message")))
        for entry in entries[:_MOST_READ]
        if isinstance(entry, dict)
    ]
