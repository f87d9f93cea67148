"""Fixtures of the tests of closing."""

from __future__ import annotations

from tests.additions.conftest import empty_ledger, ledger, scene

__all__ = ["empty_ledger", "ledger", "scene"]
