"""Tests that an error becomes a failed pull with a reason, and that no secret is in it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from reconciler.metering.sources.errors import SourceError
from reconciler.metering.sources.pulling import SourceData, run_pull, secrets_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PASSWORD = 'p&w/"ord+1'


async def error_of(failure: Exception) -> str:
    """Return the error of a pull whose reading raises `failure`."""

    async def read() -> SourceData:
        raise failure

    found = await run_pull("cove", NOW, lambda: 0.0, read, secrets_of(PASSWORD))
    assert (found.state, found.samples) == ("failed", ())
    return str(found.error)


async def test_a_bug_in_this_program_is_a_failed_pull_with_its_place_in_the_code() -> None:
    text = await error_of(KeyError("customer"))
    assert "usage source cove: the pull failed at test_pulling.py:" in text
    assert "KeyError: 'customer'" in text
    assert "please report it" in text


async def test_a_pull_that_takes_too_long_is_stopped() -> None:
    async def read() -> SourceData:
        await asyncio.sleep(60)
        raise AssertionError

    found = await run_pull("cove", NOW, lambda: 0.0, read, longest=0.01)
    assert "took longer than" in str(found.error)
    assert found.state == "failed"


@pytest.mark.parametrize("form", [PASSWORD, quote(PASSWORD, safe=""), "p&amp;w/&quot;ord+1", 'p&w/\\"ord+1'])
async def test_no_secret_is_kept_in_the_error_in_any_form(form: str) -> None:
    text = await error_of(SourceError(f"refused: {form}!", where="usage source cove"))
    assert form not in text
    assert "refused: (secret)!" in text


async def test_no_secret_is_kept_in_a_note() -> None:
    async def read() -> SourceData:
        return SourceData((), (), (f"seen {PASSWORD}",))

    found = await run_pull("cove", NOW, lambda: 0.0, read, secrets_of(PASSWORD))
    assert found.notes == ("seen (secret)",)


def test_a_blank_secret_hides_nothing() -> None:
    assert secrets_of(None, "", " ", "\udcff").scrub("a b") == "a b"


async def test_a_very_long_error_is_cut() -> None:
    assert len(await error_of(SourceError("x" * 100_000))) == 20_000
