"""The errors of requests to a ConnectWise tenant.

    ConnectWiseError            ConnectWise refused a request, or there was no usable response
    ├── BadConnection           a setting cannot work; nothing was sent
    ├── Unreachable             no connection, no response in time, or the connection broke
    ├── Redirected              a redirect to another host; credentials are not sent there
    ├── UnknownCompany          the site has no such login company
    ├── Unauthorized            401, or a 404 before any request was successful
    ├── Forbidden               403: the clientId or the security role
    ├── NotFound                404
    ├── Invalid                 400 and similar, with the fields that were refused
    ├── Conflict                409: the object is in use, or exists already
    ├── TooLong                 414: the URL is too long
    ├── TooMany                 429 for longer than the client waits
    ├── ServerFailed            5xx after all tries
    ├── NotJson                 not JSON: a proxy's page, or a cut-off response
    │   └── Malformed           JSON that this endpoint cannot return, such as an id that is not a number
    ├── EndlessPaging           a list whose pages repeat, or whose next page is not understood
    ├── NotStored                a 2xx that did not store the sent values
    └── StateUnknown            no usable response to a write, and the lookup after it failed

Each error has the method, the endpoint (the path without its query), the status, the server's code and fields, and
advice. None holds a credential: secrets are removed from the server's text before it gets here.
"""

# ruff: noqa: N818  (a name says what happened; the tree above says that they are errors)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.errors import ReconcilerError

MALFORMED = (
    "ConnectWise does not send such a response. A proxy may have changed it, or the site is another service. "
    "The response was not used."
)
"""Advice for a malformed response."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One entry of the `errors` in an error response: what is wrong with one field [seen]."""

    code: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field or 'the object'}: {self.message or self.code} ({self.code})"


class ConnectWiseError(ReconcilerError):
    """ConnectWise refused a request, or there was no usable response."""

    def __init__(
        self,
        what: str,
        *,
        method: str = "",
        endpoint: str = "",
        status: int | None = None,
        code: str = "",
        fields: Sequence[FieldError] = (),
        advice: str = "",
    ) -> None:
        self.method = method
        self.endpoint = endpoint
        self.status = status
        self.code = code
        self.fields = tuple(fields)
        super().__init__(what, where=f"{method} {endpoint}".strip(), advice=advice)


class BadConnection(ConnectWiseError):
    """A setting of the connection cannot work; nothing was sent."""

    def __init__(self, what: str, *, setting: str, advice: str) -> None:
        super().__init__(what, advice=advice)
        self.where = f"connectwise.{setting}"


class Unreachable(ConnectWiseError):
    """No connection could be made, it broke, or there was no response in time.

    `retryable` is False after the time limit for a whole response: the next try would take as long.
    """

    def __init__(self, what: str, *, retryable: bool = True, **about: Any) -> None:
        self.retryable = retryable
        super().__init__(what, **about)


class Redirected(ConnectWiseError):
    """The response was a redirect. The client does not follow it: credentials must not go to another host."""


class UnknownCompany(ConnectWiseError):
    """`companyinfo` returned `null`: the site has no such login company [seen]."""


class Unauthorized(ConnectWiseError):
    """The credentials were not accepted: 401, or the 404 that the cloud can return instead [docs, seen]."""


class Forbidden(ConnectWiseError):
    """403: the clientId is missing or unknown, or the API member's role does not allow the request."""


class NotFound(ConnectWiseError):
    """404: the object or the endpoint does not exist."""


class Invalid(ConnectWiseError):
    """400, 405, 415 and similar: the request was refused. `fields` says what is wrong, if the server says it."""


class Conflict(ConnectWiseError):
    """409: the object is in use, or another object has the same key."""


class TooLong(ConnectWiseError):
    """414: the URL is longer than the server accepts (about 2,000 characters) [seen]."""


class TooMany(ConnectWiseError):
    """429 for longer than the client waits. `retry_after` is the last `Retry-After` in seconds."""

    def __init__(self, what: str, *, retry_after: float | None = None, **about: Any) -> None:
        self.retry_after = retry_after
        super().__init__(what, **about)

    def after(self, seconds: float) -> TooMany:
        """Return the same error, with the seconds of all pauses in its text."""
        return TooMany(
            f"{self.what}, and again after {seconds:.0f} s of pauses",
            retry_after=self.retry_after,
            method=self.method,
            endpoint=self.endpoint,
            status=self.status,
            code=self.code,
            fields=self.fields,
            advice=self.advice,
        )


class ServerFailed(ConnectWiseError):
    """5xx after all tries that are safe. `retry_after` is the last `Retry-After` in seconds."""

    def __init__(self, what: str, *, retry_after: float | None = None, **about: Any) -> None:
        self.retry_after = retry_after
        super().__init__(what, **about)


class NotJson(ConnectWiseError):
    """The response is not JSON, or has another form than this endpoint returns.

    `retryable` is True where another try may help: after a cut-off response, an empty one, or a proxy's page.
    """

    def __init__(self, what: str, *, retryable: bool = True, **about: Any) -> None:
        self.retryable = retryable
        super().__init__(what, **about)


class Malformed(NotJson):
    """The response is JSON that this endpoint cannot return. Another try would return the same."""

    def __init__(self, what: str, **about: Any) -> None:
        super().__init__(what, retryable=False, **about)


class EndlessPaging(ConnectWiseError):
    """A page had no new objects, its next page was read already, or its link to the next page is not understood."""


class NotStored(ConnectWiseError):
    """The server reported success but stored other values.

    `stored` is the object as stored, and `id` its id; each is None if it is not known.
    """

    def __init__(
        self, what: str, *, object_id: int | None = None, stored: Mapping[str, Any] | None = None, **about: Any
    ) -> None:
        self.id = object_id
        self.stored = stored
        super().__init__(what, **about)


class StateUnknown(ConnectWiseError):
    """There was no usable response to a write, and the lookup after it failed: the object may or may not exist."""
