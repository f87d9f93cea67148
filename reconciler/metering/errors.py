"""Errors of metering. `sources.errors` has those of reading a source."""

from __future__ import annotations

from reconciler.errors import ReconcilerError


class UsageError(ReconcilerError):
    """Usage cannot be measured or charged as the manifests ask."""
