"""Turns an error response into the error that says what happened and what to do."""

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
from reconciler.connectwise.permissions import missing_permission
from reconciler.http.scrubbing import Secrets

_KEYS = "Check company, publicKey, privateKey and site, and that the API member is active"
_BY_STATUS: dict[int, tuple[type[ConnectWiseError], str]] = {
    401: (Unauthorized, f"{_KEYS}."),
    403: (Forbidden, ""),
    404: (NotFound, "The object was deleted, or the id or path is wrong."),
    409: (Conflict, "Another object uses this one, or has the same key."),
    414: (TooLong, "Ask for fewer values at a time."),
    429: (TooMany, "Run again later, or lower maxConcurrency."),
}
_BY_CODE = {
    "MissingRequiredField": "Add the missing field.",
    "InvalidField": "Correct the value of that field.",
    "ObjectExists": "An object with this key exists already. Adopt it, or give this one another key.",
    "InvalidObject": "Correct what the message names.",
    "MaxLength": "Shorten the value.",
    "MaxLengthField": "Shorten the value to the length of the field.",
}
_SSL_REQUIRED = (
    "This cloud site does not serve the API. Set site to the host that begins with api-, "
    "such as api-na.myconnectwise.net for na.myconnectwise.net."
)
_SECURITY = "Security"
"""The code of the error "SSL is required.", which a cloud site without its `api-` prefix returns [docs]."""
_CUSTOM = re.compile(r"custom\s*field|user\s*-?defined\s*field", re.IGNORECASE)
_FIRST_404 = f"The cloud can respond to bad credentials with 404. {_KEYS}. The region in the site may also be wrong."
_EXCERPT = 200
"""The most characters of a body that a message shows."""
_MAX_MESSAGE = 1000
"""The most characters of one message of the server that are shown."""
_MAX_FIELDS = 20
_READ = 20_000
"""The most bytes of a body, or characters of a message, that are searched for secrets before the text is shortened."""
_MAX_ENTRIES = 200
"""The most entries of an error that are read."""
_NONE = Secrets()
_BAD_REQUEST = 400
_REQUEST_TIMEOUT = 408


def error_of(
    method: str,
    endpoint: str,
    status: int,
    body: bytes,
    *,
    secrets: Secrets = _NONE,
    retry_after: float | None = None,
) -> ConnectWiseError:
    """Return the error for a response with status 400 or above. `secrets` are removed from the server's message."""
    parsed = error_body(body)
    code, message = _text(parsed.get("code")), _text(parsed.get("message"))
    fields = tuple(_fields(parsed, secrets))
    code, message = printable(secrets.scrub(code[:_READ])), printable(secrets.scrub(message[:_READ]))
    kind, advice = _BY_STATUS.get(status, (None, ""))
    if kind is None:
        kind, advice = _otherwise(status)
    if kind is Forbidden:
        advice = missing_permission(method, endpoint)
    codes = [entry.code for entry in fields] + [code]
    advice = next((_BY_CODE[each] for each in codes if each in _BY_CODE), advice)
    if is_site_refusal(parsed):
        kind, advice = Forbidden, _SSL_REQUIRED
    detail = message or (excerpt(body, secrets) if not parsed else "")
    what = f"ConnectWise responded with {status}" + (f" {code}" if code else "")
    what += f": {detail}" if detail else ""
    what += "".join(f"; {entry}" for entry in fields[:_MAX_FIELDS])
    what += f"; and {len(fields) - _MAX_FIELDS} more" if len(fields) > _MAX_FIELDS else ""
    about: dict[str, Any] = {"retry_after": retry_after} if kind in {TooMany, ServerFailed} else {}
    return kind(what, method=method, endpoint=endpoint, status=status, code=code, fields=fields, advice=advice, **about)


def bad_credentials(error: ConnectWiseError) -> Unauthorized:
    """Return the error for a 404 before any request was successful: most likely bad credentials [docs, seen]."""
    return Unauthorized(
        error.what,
        method=error.method,
        endpoint=error.endpoint,
        status=error.status,
        code=error.code,
        advice=_FIRST_404,
    )


def _text(value: Any) -> str:
    """Return a value of an error body as text; nested values are ignored."""
    return "" if value is None or isinstance(value, dict | list) else str(value)


def is_site_refusal(body: Any) -> bool:
    """Return whether a body, with any status, says that this host does not serve the API [docs].

    A cloud site without its `api-` prefix responds like this.
    """
    return isinstance(body, dict) and body.get("code") == _SECURITY and "id" not in body


def requires_custom_fields(error: Invalid) -> bool:
    """Return whether a 400 is about custom fields. A PATCH can get it even though it changes none [seen]."""
    texts = [error.what, *(f"{entry.field} {entry.message}" for entry in error.fields)]
    return error.status == _BAD_REQUEST and any(_CUSTOM.search(text) for text in texts)


def is_missing_route(error: NotFound) -> bool:
    """Return whether a 404 is about the endpoint, not the object: it has no JSON body, or the code for that."""
    return not error.code or error.code == "ConnectWiseApi"


def error_body(body: bytes) -> dict[str, Any]:
    """Return the error object in a body; an empty dict without one."""
    try:
        parsed = decode(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def excerpt(body: bytes, secrets: Secrets, length: int = _EXCERPT) -> str:
    """Return the start of a body, on one line and without the secrets."""
    text = secrets.scrub(body[:_READ].decode("utf-8", "replace"))
    return printable(text, length)


def printable(text: str, length: int = _MAX_MESSAGE) -> str:
    """Return a server's text on one line, shortened to `length`, without control characters for a terminal."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= length else f"{line[:length]}…"


def _otherwise(status: int) -> tuple[type[ConnectWiseError], str]:
    if status >= 500 or status == _REQUEST_TIMEOUT:
        return ServerFailed, "The server failed. Run again later; completed changes are not repeated."
    return Invalid, "Correct what the message names. Nothing was stored."


def _fields(parsed: dict[str, Any], secrets: Secrets) -> list[FieldError]:
    entries = parsed.get("errors")
    if not isinstance(entries, list):
        return []
    return [
        FieldError(*(printable(secrets.scrub(_text(entry.get(key))[:_READ])) for key in ("code", "field", "message")))
        for entry in entries[:_MAX_ENTRIES]
        if isinstance(entry, dict)
    ]
