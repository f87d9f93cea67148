"""Show moments for people."""

from __future__ import annotations

from datetime import UTC, datetime


def time_text(moment: str) -> str:
    """Return a time of a plan for people, such as `2026-11-10 12:00 UTC`."""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
