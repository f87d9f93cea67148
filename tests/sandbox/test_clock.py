"""The sandbox's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import httpx
import pytest

from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox

START = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_clock_with_a_start_is_frozen_until_it_is_moved() -> None:
    clock = Clock(START)
    assert (clock.now(), clock.frozen) == (START, True)
    clock.advance(timedelta(hours=1))
    assert clock.now() == START + timedelta(hours=1)
    clock.set(START)
    assert clock.now() == START


def test_a_clock_without_a_start_follows_the_machine() -> None:
    clock = Clock()
    before = datetime.now(UTC)
    assert not clock.frozen
    assert clock.now() >= before
    clock.advance(timedelta(days=1))
    assert clock.now() >= before + timedelta(days=1)
    clock.set(START)
    assert START <= clock.now() < START + timedelta(minutes=5)
    clock.freeze()
    assert clock.now() == clock.now()


def test_times_are_kept_in_utc() -> None:
    clock = Clock(datetime(2026, 11, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now().isoformat() == "2026-11-01T00:00:00+00:00"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time with a zone"):
        Clock(datetime(2026, 11, 1))  # noqa: DTZ001 - the time that is refused


def test_responses_have_the_sandboxs_time_as_their_date() -> None:
    with RunningSandbox(Sandbox(clock=Clock(START))) as running:
        for path in ("/login/companyinfo/sandbox", "/v4_6_release/apis/3.0/system/info", "/sandbox/state", "/"):
            answer = httpx.get(f"{running.url}{path}")
            assert answer.headers.get_list("date") == [format_datetime(START, usegmt=True)]
