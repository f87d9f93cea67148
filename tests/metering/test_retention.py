"""Tests of which months a ledger keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.billing_rules import BillingSettings
from reconciler.metering.period import period_of
from reconciler.metering.retention import limit_of, longest_look_back

from .test_period import MOMENTS, ZONES

BERLIN = BillingSettings("Europe/Berlin", grace=timedelta(hours=24), max_age=timedelta(hours=6))


@pytest.mark.parametrize(
    ("keep", "sealed", "first_kept"),
    [
        (13, "2024-09", datetime(2024, 9, 30, 22, tzinfo=UTC)),
        (1, "2025-09", datetime(2025, 9, 30, 22, tzinfo=UTC)),
        (11, "2024-11", datetime(2024, 11, 30, 23, tzinfo=UTC)),
        (10, "2024-12", datetime(2024, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_the_running_month_and_so_many_before_it_are_kept(keep: int, sealed: str, first_kept: datetime) -> None:
    limit = limit_of(datetime(2025, 11, 22, 12, tzinfo=UTC), keep, BERLIN)
    assert limit.period == sealed
    assert limit.samples_before == first_kept - timedelta(hours=25, minutes=5)


@given(MOMENTS, st.integers(1, 30), ZONES)
def test_what_the_oldest_kept_month_needs_is_never_deleted(now: datetime, keep: int, zone: str) -> None:
    settings = BillingSettings(zone)
    limit = limit_of(now, keep, settings)
    first_kept = period_of(now, zone)
    for _ in range(keep):
        first_kept = period_of(first_kept.start - timedelta(hours=1), zone)
    assert limit.samples_before == first_kept.start - longest_look_back(settings)
    assert limit.period == str(period_of(first_kept.start - timedelta(hours=1), zone))
