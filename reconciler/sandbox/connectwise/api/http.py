"""Read the headers and the body of a request, and finish a response."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from reconciler.sandbox.connectwise.schema.errors import Refusal
from reconciler.sandbox.connectwise.schema.references import HREF_ROOT_JSON
from reconciler.sandbox.shared.messages import Request, Response, error_response, http_date

ELSEWHERE: Final = "http://inside.example.test"
"""Scheme and host of the tenant behind a proxy. Faults put them into links and redirects."""
_MEDIA: Final = "application/vnd.connectwise.com+json"
_BODY_MEDIA: Final = frozenset((b"application/json", _MEDIA.encode(), b"application/json-patch+json", b"text/json"))
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)


def root_of(request: Request) -> str:
    """Return scheme and host of the server, as the request's `Host` header names it."""
    host = request.headers.get(b"host", b"127.0.0.1").decode("latin-1")
    return f"http://{host}"


def response_media(request: Request) -> bytes:
    """Return the media type to answer in.

    Raises:
        Refusal: 406, the client accepts no JSON [guess].
    """
    accept = request.headers.get(b"accept", b"*/*").decode("latin-1")
    for part in accept.split(","):
        media, _, parameters = part.partition(";")
        name = media.strip().lower()
        if name == _MEDIA:
            version = next((p.strip() for p in parameters.split(";") if p.strip().startswith("version=")), "")
            return f"{_MEDIA}; {version or 'version=2026.4'}; charset=utf-8".encode()
        if name in {"*/*", "application/*", "application/json"}:
            return b"application/json; charset=utf-8"
    raise Refusal(406, "NotAcceptable", f"Cannot answer in {accept}")


def json_body(request: Request) -> Any:
    """Return the decoded body; its numbers with a fraction are Decimals.

    Raises:
        Refusal: 415 for another media type, 400 for a body that is not JSON.
    """
    media = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media not in _BODY_MEDIA:
        raise Refusal(415, "UnsupportedMediaType", "The body must be application/json")
    try:
        return _DECODER.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, "InvalidObject", f"The body is not JSON: {error}") from None


def object_body(request: Request, resource: str) -> dict[str, Any]:
    """Return the decoded body, which must be an object.

    Raises:
        Refusal: 400, it is not an object; 415 and 400 as in `json_body`.
    """
    body = json_body(request)
    if not isinstance(body, dict):
        raise Refusal(400, "InvalidObject", f"{resource} object is invalid: an object is required")
    return body


def finished(response: Response, media: bytes, root: str) -> Response:
    """Return a response in the negotiated media type, with absolute links below `root`."""
    body = response.body.replace(HREF_ROOT_JSON, root.encode()) if response.body else b""
    headers = tuple((name, media if name == b"content-type" else value) for name, value in response.headers)
    return Response(response.status, body, headers)


def too_many(seconds: int, now: datetime | None = None) -> Response:
    """Return a 429 whose `Retry-After` gives seconds or, with `now`, the date that is those seconds after it."""
    message = "API rate limit has been exceeded."
    when = str(seconds).encode() if now is None else http_date(now + timedelta(seconds=seconds))
    return error_response(429, "TooManyRequests", message, (b"retry-after", when))
