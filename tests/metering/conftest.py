"""Fixtures for the tests of metering."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.ledger.store import Ledger

from .builders import NOON


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a migrated ledger. A test copies it, which is faster than a migration."""
    path = tmp_path_factory.mktemp("ledger") / "empty.sqlite"
    with Ledger.open(str(path), now=NOON):
        pass
    return path


@pytest.fixture
def ledger(tmp_path: Path, empty_ledger: Path) -> Iterator[Ledger]:
    """Return an open, empty ledger."""
    path = shutil.copy(empty_ledger, tmp_path / "ledger.sqlite")
    with Ledger.open(str(path), now=NOON) as opened:
        yield opened
