"""Everything that can go wrong between us and a ConnectWise tenant.

    ConnectWiseError            the PSA refused, or could not be reached
    ├── BadConnection           the settings cannot work: plain http to another machine, a broken header value
    ├── Unreachable             no connection, no answer in time, or the connection broke
    ├── Redirected              the site sends us to another host; credentials do not follow
    ├── UnknownCompany          the site answers, but knows no such login company
    ├── Unauthorized            401, or a 404 before anything was ever answered
    ├── Forbidden               403: clientId or security role
    ├── NotFound                404
    ├── Invalid                 400 and its kin, with the fields that were refused
    ├── Conflict                409: in use, or already there
    ├── TooLong                 414
    ├── TooMany                 429 for longer than we wait
    ├── ServerFailed            5xx for longer than we try
    ├── NotJson                 something else than JSON: a proxy's page, or a cut-off answer
    │   └── Malformed           JSON with a value that this endpoint cannot have: an id that is no number
    ├── EndlessPaging           a list that repeats itself, or leads on in a form that is not understood
    ├── NotStored                a 200 that did not store what was asked
    └── StateUnknown            an answer was lost, and so was the look-up after it

Each carries the method, the endpoint (the path alone), the status, the server's code and fields, and advice. No
credential is ever in one: what the server says is scrubbed before it comes here.
"""

# ruff: noqa: N818  (a name says what happened, as the contract names them; the tree above says that they are errors)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.errors import ReconcilerError

MALFORMED = (
    "ConnectWise does not answer like this: a proxy may have changed the answer, or the site is another service. "
    "Nothing was concluded from it."
)
"""Advice for an answer of the wrong shape."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One entry of an error body's `errors`: what the server says of one field [seen]."""

    code: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field or 'the object'}: {self.message or self.code} ({self.code})"


class ConnectWiseError(ReconcilerError):
    """ConnectWise refused something, or could not be reached."""

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
    """The connection's settings cannot work; nothing was sent."""

    def __init__(self, what: str, *, setting: str, advice: str) -> None:
        super().__init__(what, advice=advice)
        self.where = f"connectwise.{setting}"


class Unreachable(ConnectWiseError):
    """No connection could be made, it broke, or no answer came in time.

    `again` is False where the server took all the time that an answer may take: it would again.
    """

    def __init__(self, what: str, *, again: bool = True, **about: Any) -> None:
        self.again = again
        super().__init__(what, **about)


class Redirected(ConnectWiseError):
    """The answer was a redirect to another host, which we do not follow with credentials."""


class UnknownCompany(ConnectWiseError):
    """`companyinfo` answered `null`: the site knows no such login company [seen]."""


class Unauthorized(ConnectWiseError):
    """The credentials were not accepted: 401, or the 404 that the cloud can answer instead [docs, seen]."""


class Forbidden(ConnectWiseError):
    """403: the clientId is missing or unknown, or the member's role does not allow it."""


class NotFound(ConnectWiseError):
    """404: the object or the endpoint does not exist."""


class Invalid(ConnectWiseError):
    """400, 405, 415 and other refusals of what was sent; `fields` names what is wrong, where the server said."""


class Conflict(ConnectWiseError):
    """409: the object is in use, or another one stands in the way."""


class TooLong(ConnectWiseError):
    """414: the URL is longer than the server takes (about 2,000 characters) [seen]."""


class TooMany(ConnectWiseError):
    """429 went on for longer than we wait. `retry_after` is what the server asked for last, in seconds."""

    def __init__(self, what: str, *, retry_after: float | None = None, **about: Any) -> None:
        self.retry_after = retry_after
        super().__init__(what, **about)

    def after(self, seconds: float) -> TooMany:
        """The same, saying how long was waited in vain."""
        return TooMany(
            f"{self.what}, and still so after {seconds:.0f} s of pauses",
            retry_after=self.retry_after,
            method=self.method,
            endpoint=self.endpoint,
            status=self.status,
            code=self.code,
            fields=self.fields,
            advice=self.advice,
        )


class ServerFailed(ConnectWiseError):
    """5xx, still there after the tries that are safe. `retry_after` is what the server asked for, in seconds."""

    def __init__(self, what: str, *, retry_after: float | None = None, **about: Any) -> None:
        self.retry_after = retry_after
        super().__init__(what, **about)


class NotJson(ConnectWiseError):
    """The answer is not JSON, or not of the shape that this endpoint answers with.

    `again` says that a second try may be answered better: after a cut-off answer, nothing at all, or a proxy's page.
    """

    def __init__(self, what: str, *, again: bool = True, **about: Any) -> None:
        self.again = again
        super().__init__(what, **about)


class Malformed(NotJson):
    """The answer is JSON that holds a value which this endpoint cannot have: it is answered the same way again."""

    def __init__(self, what: str, **about: Any) -> None:
        super().__init__(what, again=False, **about)


class EndlessPaging(ConnectWiseError):
    """A page brought nothing new, led back, or led on in a form that is not understood."""


class NotStored(ConnectWiseError):
    """The server reported success but stored other values.

    `stored` is the object as stored, and `id` its id; each is None where it is not known.
    """

    def __init__(
        self, what: str, *, object_id: int | None = None, stored: Mapping[str, Any] | None = None, **about: Any
    ) -> None:
        self.id = object_id
        self.stored = stored
        super().__init__(what, **about)


class StateUnknown(ConnectWiseError):
    """The answer to a write was lost and the object could not be looked up; it may or may not exist."""
