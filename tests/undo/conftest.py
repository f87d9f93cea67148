"""Fixtures of the histories."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that keeps the shop at which histories begin."""
    return tmp_path_factory.mktemp("kept")
