"""What tests of several rooms share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.server import RunningSandbox
from tests.shop import Shop, open_shop


@pytest.fixture(scope="session")
def served() -> Iterator[RunningSandbox]:
    """One server on loopback for all shops."""
    with RunningSandbox() as running:
        yield running


@pytest.fixture
def shop(
    served: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    """The example estate before its first apply: an empty tenant, six customers in the console."""
    yield from open_shop(served, tmp_path, monkeypatch, capsys)
