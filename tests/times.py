"""Times that several tests use."""

from __future__ import annotations

from datetime import UTC, datetime

START = datetime(2026, 11, 1, 6, tzinfo=UTC)
"""The time in a new sandbox: a Sunday morning, and the first of the month in every time zone."""
