"""The errors of metering. `sources.errors` has the errors of reading a source."""

from __future__ import annotations

from reconciler.errors import ReconcilerError


class UsageError(ReconcilerError):
    """Usage cannot be read or charged in the way that the manifests or the options ask for."""
