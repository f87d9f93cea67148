"""The grid covers every pair of values, and shows what it does not cover."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from tests.money_grid import surfaces
from tests.money_grid.axes import ELSEWHERE, IN_THE_GRID, axes, fields_of_a_mapping
from tests.money_grid.covering import covering
from tests.money_grid.manifests import problem
from tests.money_grid.page import PAGE, render
from tests.money_grid.test_money_grid import covered
from tools.reference.commands import all_commands


def test_every_pair_that_the_validation_accepts_is_covered() -> None:
    assert not covered().uncovered
    assert all(covered().refused.values())


def test_a_new_value_of_a_model_is_uncovered_until_the_oracle_has_it() -> None:
    with_new = {"measure": "p99", "tiering": "stairs", "lines": "perDay", "meter": "own median", "allowance": "site"}
    for name, value in with_new.items():
        place = next(number for number, axis in enumerate(axes()) if axis.name == name)
        changed = [replace(axis, values=axis.values[:1]) for axis in axes()]
        changed[place] = replace(changed[place], values=(*changed[place].values, value))
        found = covering(changed, problem)
        assert all((place, value) in pair for pair in found.uncovered)
        assert len(found.uncovered) == len(axes()) - 1, name


def test_the_oracle_loads_no_code_of_the_reconciler() -> None:
    listed = "import sys, tests.money_grid.oracle; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True).stdout.split()
    assert "tests" in loaded
    assert not {"reconciler", "pydantic", "sqlalchemy"} & {*loaded}


def test_every_field_of_a_mapping_is_an_axis_or_named_as_tested_elsewhere() -> None:
    assert fields_of_a_mapping() == IN_THE_GRID | ELSEWHERE.keys()


def test_every_command_of_usage_is_compared_or_says_nothing_of_money() -> None:
    commands = {name.removeprefix("usage ") for name in all_commands() if name.startswith("usage ")}
    assert commands <= {*surfaces.SURFACES, *surfaces.NO_MONEY}


def test_the_page_shows_what_the_grid_covers() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(covered()), "write it with: make grid"
