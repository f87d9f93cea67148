"""Fixtures for the tests of several rooms."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from reconciler.sandbox.server.running import RunningSandbox
from tests import exit_codes
from tests.postgresql import empty_postgresql_url, postgresql, postgresql_url
from tests.shared_statements import shared_statements
from tests.shop import Shop, open_shop

__all__ = ["empty_postgresql_url", "postgresql", "postgresql_url", "shared_statements"]

exit_codes.watch()

# In CI, hypothesis tries the same examples in each run, so that a failure comes from the change. On a desk it looks
# for new ones. There is no deadline, because a slow machine must not fail a test.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


HERE = Path(__file__).parent


LONGEST_FIRST = ("crash", "pipelines")
"""The longest of the tests that are not measured. They come first, so that both lanes of `make test` end together."""

NOT_MEASURED = (
    "additions/test_any_months.py",
    "additions/test_any_moves.py",
    "additions/test_measured_oracle.py",
    "additions/test_money.py",
    "crash",
    "importing/matching/test_score.py",
    "importing/test_messy.py",
    "importing/test_odd_estates.py",
    "money_grid",
    "months",
    "pipelines",
    "rendering/test_hostile.py",
    "simulation",
    "test_adopting.py",
    "test_bad_days.py",
    "test_benchmarks.py",
    "test_doc_commands.py",
    "test_monthly_total.py",
    "test_readme.py",
    "test_tutorial.py",
    "test_wire_days.py",
    "undo",
)
"""Long tests of the whole program, whose branch coverage is not measured: measuring takes a third of a test's time.
Every branch is covered by a test of its own room, so the floors hold without these."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that `make test` leaves out or does not measure, and put the latter last."""
    last = []
    for item in items:
        file = item.path.relative_to(HERE)
        if file.parts[0] == "pipelines" and item.get_closest_marker("story") is None:
            item.add_marker("pipelines")
        if any(file.is_relative_to(each) for each in NOT_MEASURED):
            item.add_marker("no_cover")
            last.append(item)
    # A pause ends the measuring in the threads of the sandbox for good, so the tests that are not measured come last.
    chosen = set(last)
    measured = [item for item in items if item not in chosen]
    last.sort(key=lambda item: item.path.relative_to(HERE).parts[0] not in LONGEST_FIRST)
    items[:] = [*measured, *last]


@pytest.fixture(scope="session")
def served() -> Iterator[RunningSandbox]:
    """Return one sandbox server on loopback, which serves every `Shop` of the session."""
    with RunningSandbox() as running:
        yield running


@pytest.fixture
def shop(
    served: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    """Return the example estate before its first apply: an empty tenant, and six customers in the console."""
    yield from open_shop(served, tmp_path, monkeypatch, capsys)
