"""`--since` takes how long ago, a date, or a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.cli.since import since_moment
from reconciler.errors import ReconcilerError

NOW = datetime(2026, 11, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7d", datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ("24h", datetime(2026, 11, 7, 12, tzinfo=UTC)),
        (" 90 M ", datetime(2026, 11, 8, 10, 30, tzinfo=UTC)),
        ("2w", datetime(2026, 10, 25, 12, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 11, 1, 4, tzinfo=UTC)),
        ("2026-11-02", datetime(2026, 11, 2, 5, tzinfo=UTC)),
        ("2026-11-01T06:00:00Z", datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("2026-11-02 06:00", datetime(2026, 11, 2, 11, tzinfo=UTC)),
        ("2026-11-02T06:00+02:00", datetime(2026, 11, 2, 4, tzinfo=UTC)),
    ],
)
def test_a_date_is_its_midnight_in_the_zone_of_the_workspace(text: str, expected: datetime) -> None:
    assert since_moment(text, NOW, "America/New_York") == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "7", "2026-13-01", "0001-01-01T00:00+14:00", "2026-11-01T25:00", "d"]
)
def test_any_other_text_is_an_error_with_the_forms(text: str) -> None:
    with pytest.raises(ReconcilerError, match="neither a time nor a duration") as caught:
        since_moment(text, NOW, "UTC")
    assert "7d" in caught.value.advice
