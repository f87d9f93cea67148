"""Fixtures of the tests of additions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from reconciler.ledger.store import Ledger
from tests.metering.conftest import empty_ledger, ledger

from .scene import Scene

__all__ = ["empty_ledger", "ledger", "scene"]


@pytest.fixture
def scene(ledger: Ledger) -> Scene:
    return Scene(ledger)


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Return a second ledger, as a run has after the first one was lost."""
    path = str(tmp_path_factory.mktemp("lost") / "ledger.sqlite")
    with Ledger.open(path, now=datetime(2026, 11, 1, 12, tzinfo=UTC)) as ledger:
        yield ledger
