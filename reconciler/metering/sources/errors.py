"""The errors of reading a usage source."""

from __future__ import annotations

from reconciler.errors import ReconcilerError

HELD = "until a pull succeeds, billed quantities stay unchanged"
"""The part of an error's advice that says what a failed pull means for billing."""


class SourceError(ReconcilerError):
    """A usage source cannot be read, or its data is not usable."""


class UnauthorizedError(SourceError):
    """The server responded with 401: it does not accept the login, or no longer."""


class GarbledError(SourceError):
    """A response is not complete JSON. It may have been cut off, so another request may help."""
