"""Fixtures for the tests of several rooms."""

from __future__ import annotations

import os
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import settings

from tests import measuring

measuring.start()  # before the first import of the package

# ruff: noqa: E402 - the imports below are measured
from reconciler.ledger import store
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


LONGEST_FIRST = (
    "crash",
    "pipelines",
    "months",
    "money_grid",
    "undo",
    "rendering/html/test_in_browser.py",
    "test_doc_commands.py",
    "test_readme.py",
    "test_site.py",
    "test_tutorial.py",
    "test_wire_days.py",
)
"""The longest files come first, so that all workers of `make test` end together."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that `make test` leaves out, and put the longest first."""
    late = []
    for item in items:
        file = item.path.relative_to(HERE)
        if file.parts[0] == "pipelines" and item.get_closest_marker("story") is None:
            item.add_marker("pipelines")
        late.append(not any(file.is_relative_to(each) for each in LONGEST_FIRST))
    items[:] = [item for _, item in sorted(zip(late, items, strict=True), key=itemgetter(0))]


def pytest_sessionfinish() -> None:
    """Write what was measured."""
    measuring.finish()


@pytest.fixture(scope="session", autouse=True)
def waits_for_no_disk() -> Iterator[None]:
    """Let SQLite leave its writes to the system, as `tests.postgresql` does: no test cuts the power of the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "SYNCHRONOUS", "OFF")
        yield


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
