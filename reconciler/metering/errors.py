"""Errors of reading and measuring usage."""

from __future__ import annotations

from reconciler.errors import ReconcilerError


class UsageError(ReconcilerError):
    """Usage cannot be measured or charged as the manifests ask."""


class SourceError(UsageError):
    """A usage source cannot be read, or its data cannot be trusted."""
