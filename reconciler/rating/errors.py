"""Errors of rating."""

from __future__ import annotations

from reconciler.errors import ReconcilerError


class RatingError(ReconcilerError):
    """A rule cannot be applied to the measured usage."""
