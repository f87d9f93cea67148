"""End a run at each of its points, run again, and compare with an undisturbed run.

This is the form for every day: one customer, and of points that have the same tenant and ledger only the first one.
Each second one of these is tried.
`make crash` runs every scenario in every mode at every point, and random estates.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from random import Random

import pytest

from tests.crash import random_estates
from tests.crash.matrix import MODES, case, check, undisturbed
from tests.crash.place import Place
from tests.crash.scenarios import SCENARIOS, Scenario

KILL, LOSE_ANSWER = MODES[0], MODES[2]
HELD = """
    INSERT INTO locks (workspace, token, host, pid, acquired_at, renewed_at, boot, namespaces, process_start, renewals,
        lease_seconds)
    VALUES ('crash', 'token', 'elsewhere', 1, datetime(), datetime(), '', '', '', 0, 60)
"""
"""A lock that a run on another machine holds."""
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.mark.parametrize("scenario", [each for each in SCENARIOS if each.daily], ids=lambda scenario: scenario.name)
def test_a_run_that_is_killed_or_loses_an_answer_is_finished_by_the_next_one(place: Place, scenario: Scenario) -> None:
    whole = undisturbed(place, scenario)
    check(place, whole, KILL, step=2)
    check(place, whole, LOSE_ANSWER, step=2)


def test_an_import_that_is_killed_is_finished_by_the_next_one(place: Place) -> None:
    check(place, undisturbed(place, BY_NAME["import"]), KILL)


@pytest.mark.parametrize("seed", [1, 2])
def test_an_estate_that_is_disturbed_several_times_in_a_row_ends_like_an_undisturbed_one(
    place: Place, seed: int
) -> None:
    whole, chance = undisturbed(place, random_estates.scenario(seed, customers=3)), Random(seed)
    for _ in range(3):
        found = random_estates.disturbed_in_a_row(place, whole, chance)
        assert not found.faults, str(found)


def faults_after(place: Place, monkeypatch: pytest.MonkeyPatch, harm: Callable[[], None]) -> str:
    """Return the faults that the matrix finds when something else does harm after the kill."""
    whole = undisturbed(place, BY_NAME["usage"])
    with monkeypatch.context() as patch:
        patch.setattr(place, "settle", harm)
        return "\n".join(case(place, whole, KILL, whole.points(KILL)[-1]).faults)


def test_the_matrix_finds_no_fault_without_harm(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults_after(place, monkeypatch, lambda: None) == ""


def test_the_matrix_sees_a_line_that_is_billed_twice(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def double() -> None:
        line = next(iter(place.tenant.tables["addition"].rows.values()))
        names = ("product", "quantity", "unitPrice", "billCustomer", "effectiveDate")
        place.tenant.create("addition", {name: line.data[name] for name in names}, line.parent)

    assert "the tenant differs" in faults_after(place, monkeypatch, double)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM objects WHERE address LIKE 'Company/%'", "the ledger differs"),
        ("UPDATE writes SET state = 'failed' WHERE address LIKE 'Company/%'", "the ledger differs"),
        (HELD, "ended with 3"),
    ],
)
def test_the_matrix_sees_what_a_ledger_lost_or_holds(
    place: Place, monkeypatch: pytest.MonkeyPatch, statement: str, fault: str
) -> None:
    def harm() -> None:
        with closing(sqlite3.connect(place.ledger)) as ledger, ledger:
            ledger.execute(statement)

    assert fault in faults_after(place, monkeypatch, harm)
