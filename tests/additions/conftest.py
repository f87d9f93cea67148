"""Fixtures of the tests of additions."""

from __future__ import annotations

import pytest

from reconciler.ledger.store import Ledger
from tests.metering.conftest import empty_ledger, ledger

from .scene import Scene

__all__ = ["empty_ledger", "ledger", "scene"]


@pytest.fixture
def scene(ledger: Ledger) -> Scene:
    return Scene(ledger)
