"""What can be wrong with usage."""

from __future__ import annotations

from reconciler.errors import ReconcilerError


class UsageError(ReconcilerError):
    """Usage cannot be rated as the manifests ask."""


class SourceError(UsageError):
    """A usage source refused, could not be reached, or said something that cannot be trusted."""
