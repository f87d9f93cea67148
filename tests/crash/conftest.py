"""Fixtures of the crash matrix."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.sandbox.server.running import RunningSandbox
from tests.crash.launcher import Launcher
from tests.crash.place import Place


@pytest.fixture(scope="module")
def place(served: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Return a place to run scenarios in, one after the other."""
    with Launcher() as launcher:
        yield Place(served, launcher, tmp_path_factory.mktemp("crash"))
