"""The samples of old periods are deleted, and the chain says so."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from reconciler.ledger import retention, schema
from reconciler.ledger.integrity import check_ledger
from reconciler.ledger.pulls import samples_of_pull, whole_pulls_between
from reconciler.ledger.records import Sample
from reconciler.ledger.retention import Seal, last_seal, seal
from reconciler.ledger.store import Ledger

from .conftest import NOON
from .test_chain import problems, record

LIMIT = NOON + timedelta(hours=2)
"""Two of the four pulls are older."""
NOW = NOON + timedelta(days=400)


@pytest.fixture
def old(ledger: Ledger) -> Ledger:
    for hour in range(4):
        record(ledger, hour, size=hour)
    return ledger


def sealed(ledger: Ledger, before: datetime = LIMIT, period: str = "2025-11") -> Seal | None:
    return seal(ledger, "main", period, ["cove", "files"], samples_before=before, keep_months=13, now=NOW)


def test_a_sealed_period_has_its_pulls_and_no_samples(old: Ledger) -> None:
    made = sealed(old)
    assert made is not None
    assert (made.period, made.pulls, made.samples, made.emptied_at) == ("2025-11", 2, 6, NOW)
    assert last_seal(old, "main") == made
    assert [samples_of_pull(old, number) for number in (1, 2)] == [[], []]
    assert Sample("cove", "1", "a", LIMIT, 2) in samples_of_pull(old, 3)
    assert len(whole_pulls_between(old, "cove", NOON, LIMIT)) == 2


def test_the_check_still_passes_after_a_period_was_sealed(old: Ledger) -> None:
    sealed(old)
    found = check_ledger(old)
    assert (found.problems, found.sealed_pulls) == ((), 2)


def test_a_period_is_sealed_once(old: Ledger) -> None:
    sealed(old)
    entries = check_ledger(old).entries
    assert sealed(old) is None
    assert check_ledger(old).entries == entries


def test_the_next_period_counts_only_what_is_newly_deleted(old: Ledger) -> None:
    sealed(old)
    made = sealed(old, LIMIT + timedelta(hours=1), "2025-12")
    assert made is not None
    assert (made.period, made.pulls, made.samples) == ("2025-12", 1, 3)
    assert problems(old) == []


def test_a_period_without_pulls_needs_no_seal(old: Ledger) -> None:
    assert sealed(old, NOON) is None
    assert last_seal(old, "main") is None


def test_a_source_of_another_workspace_keeps_its_samples(old: Ledger) -> None:
    assert seal(old, "main", "2025-11", ["files"], samples_before=LIMIT, keep_months=13, now=NOW) is None
    assert samples_of_pull(old, 1) != []


def test_a_run_that_died_while_it_deleted_is_continued_by_the_next(
    old: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(retention, "_empty", lambda _ledger, found, _now: found)
        sealed(old)
    assert problems(old) == []
    assert samples_of_pull(old, 1) != []
    sealed(old)
    assert samples_of_pull(old, 1) == []
    assert check_ledger(old).problems == ()


def test_samples_that_are_added_to_a_sealed_period_are_named(old: Ledger) -> None:
    sealed(old)
    with old.write() as connection:
        connection.execute(sa.insert(schema.samples).values(pull_id=2, device_key=1, bytes=9))
    assert problems(old) == ["pulls 2: the pull is of a sealed period, and samples were added to it"]


def test_samples_that_are_deleted_without_a_seal_are_named(old: Ledger) -> None:
    sealed(old)
    with old.write() as connection:
        connection.execute(sa.update(schema.seals).values(samples_before=LIMIT + timedelta(hours=1)))
        for part in (schema.samples, schema.earlier_samples):
            connection.execute(sa.delete(part).where(part.c.pull_id == 3))
    assert problems(old) == ["seals 1: the row was changed after it was recorded"]
