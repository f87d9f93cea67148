"""Fixtures of the tests of closing."""

from __future__ import annotations

from tests.metering.conftest import empty_ledger, ledger

__all__ = ["empty_ledger", "ledger"]
