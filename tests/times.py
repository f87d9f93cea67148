"""Moments that tests share."""

from __future__ import annotations

from datetime import UTC, datetime

START = datetime(2026, 11, 1, 6, tzinfo=UTC)
"""When the sandbox's world begins, unless a test says otherwise: a Sunday morning, the first of a month everywhere."""
