"""A messy estate that the tests of this folder read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.messy.estate import make
from reconciler.sandbox.messy.truth import Customer, Truth
from reconciler.sandbox.shared.clock import Clock

NOW = datetime(2026, 11, 10, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Estate:
    """What `make` returns."""

    tenant: Tenant
    world: World
    truth: Truth

    def of(self, case: str) -> list[Customer]:
        return [each for each in self.truth.customers if each.case == case]


def made(seed: int, customers: int, now: datetime = NOW) -> Estate:
    return Estate(*make(seed, customers, Clock(now)))


@pytest.fixture(scope="session")
def estate() -> Estate:
    """Return an estate with each case at least twice. Tests do not change it."""
    return made(1, 600)
