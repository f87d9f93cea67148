"""Lose the ledger, fill the disk, or start a second process at each second point of the hourly run."""

from __future__ import annotations

import pytest

from tests.crash.matrix import MODES, Mode, check, undisturbed
from tests.crash.place import Place
from tests.crash.scenarios import SCENARIOS

OTHERS = [mode for mode in MODES if mode.name not in ("kill", "lose an answer")]
"""The modes that `test_crash` does not run."""
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.mark.parametrize("mode", OTHERS, ids=lambda mode: mode.name)
def test_any_other_disturbance_of_the_hourly_run_changes_no_result(place: Place, mode: Mode) -> None:
    check(place, undisturbed(place, BY_NAME["usage"]), mode, step=2)
