"""What tests of several rooms share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from reconciler.sandbox.server.running import RunningSandbox
from tests.postgresql import postgresql, postgresql_url
from tests.shop import Shop, open_shop

__all__ = ["postgresql", "postgresql_url"]

# CI tries the same examples each time, so that a change is judged by itself; at a desk new ones are looked for. A
# machine that is busy with something else is no reason to fail either.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


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
