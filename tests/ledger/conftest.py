from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.ledger.store import Ledger

NOON = datetime(2025, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger.open(url, now=NOON) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def any_ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """Yield a ledger on each kind of database."""
    address = request.getfixturevalue("url" if request.param == "sqlite" else "postgresql_url")
    with Ledger.open(address, now=NOON) as opened:
        yield opened
