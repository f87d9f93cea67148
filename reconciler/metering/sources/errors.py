"""Errors of reading a usage source."""

from __future__ import annotations

from reconciler.errors import ReconcilerError


class SourceError(ReconcilerError):
    """A usage source cannot be read, or its data cannot be trusted."""


class GarbledError(SourceError):
    """A text is not a whole JSON document. It may be cut off, so a second request may help."""
