"""Compare additions with an independent oracle over random hours. `make simulate` runs more of them."""

from __future__ import annotations

import os

import pytest

from tests.shop import Shop
from tests.simulation.month import simulate

FIRST = int(os.environ.get("SIMULATE_SEED", "1"))
RUNS = int(os.environ.get("SIMULATE_RUNS", "1"))
HOURS = int(os.environ.get("SIMULATE_HOURS", "10"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + RUNS))
def test_every_addition_equals_the_oracle(shop: Shop, seed: int) -> None:
    simulate(shop, seed, HOURS)
