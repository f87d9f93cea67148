from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.ledger.store import Ledger

NOON = datetime(2025, 11, 22, 12, tzinfo=UTC)


def address_of(ledger: Ledger) -> str:
    """Return the URL of an open ledger, for another process."""
    return ledger.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


@pytest.fixture
def sqlite_ledger(url: str) -> Iterator[Ledger]:
    with Ledger.open(url, now=NOON) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """Yield a ledger on each kind of database."""
    address = request.getfixturevalue("url" if request.param == "sqlite" else "postgresql_url")
    with Ledger.open(address, now=NOON) as opened:
        yield opened
