"""Fixtures for the tests of several rooms."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import measuring

measuring.start()  # before the first import of the package

# ruff: noqa: E402 - the imports below are measured
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
"""Tests that wait for other programs most of the time. They come first, so that the others run beside them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that `make test` leaves out, and put those that wait first."""
    for item in items:
        if item.path.relative_to(HERE).parts[0] == "pipelines" and item.get_closest_marker("story") is None:
            item.add_marker("pipelines")
    items.sort(key=lambda item: item.path.relative_to(HERE).parts[0] not in LONGEST_FIRST)


def pytest_sessionfinish() -> None:
    """Write what was measured."""
    measuring.finish()


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
