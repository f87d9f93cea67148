"""Tests of the bounds of a month in a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.metering.period import day_start, local_date, period_of

ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "Africa/Cairo", "UTC"]
)
MOMENTS = st.integers(946_684_800, 2_208_988_800).map(lambda second: datetime.fromtimestamp(second, UTC))


def test_a_month_begins_at_midnight_in_the_billing_zone_and_not_in_utc() -> None:
    period = period_of(datetime(2025, 11, 30, 23, 30, tzinfo=UTC), "Europe/Berlin")
    assert (period.first_day, period.last_day) == (date(2025, 12, 1), date(2025, 12, 31))
    assert period.start == datetime(2025, 11, 30, 23, tzinfo=UTC)
    assert period.end == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert str(period) == "2025-12"


def test_a_month_with_a_change_of_clocks_is_an_hour_longer_or_shorter() -> None:
    march = period_of(datetime(2025, 3, 15, tzinfo=UTC), "Europe/Berlin")
    october = period_of(datetime(2025, 10, 15, tzinfo=UTC), "Europe/Berlin")
    assert march.end - march.start == timedelta(days=31, hours=-1)
    assert october.end - october.start == timedelta(days=31, hours=1)


def test_a_day_whose_midnight_is_skipped_begins_after_the_skip() -> None:
    assert day_start(date(2024, 4, 26), "Africa/Cairo") == datetime(2024, 4, 25, 22, tzinfo=UTC)
    assert local_date(datetime(2024, 4, 25, 22, tzinfo=UTC), "Africa/Cairo") == date(2024, 4, 26)
    assert local_date(datetime(2024, 4, 25, 21, 59, tzinfo=UTC), "Africa/Cairo") == date(2024, 4, 25)


@given(MOMENTS, ZONES)
def test_every_moment_is_in_exactly_one_period(moment: datetime, zone: str) -> None:
    period = period_of(moment, zone)
    assert moment in period
    following = period_of(period.end, zone)
    assert following.start == period.end
    assert moment not in following
    assert period.end not in period


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_date(datetime(2025, 11, 22), "UTC")  # noqa: DTZ001 - the time that is refused
