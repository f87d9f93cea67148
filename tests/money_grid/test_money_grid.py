"""Every customer of the grid is billed as the oracle says, on every surface. `make grid` runs more customers."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache

import pytest

from tests.money_grid import surfaces
from tests.money_grid.axes import Cell, axes
from tests.money_grid.covering import Covering, covering, more_cells
from tests.money_grid.estate import Estate
from tests.money_grid.manifests import problem
from tests.money_grid.surfaces import Billed, Seen
from tests.money_grid.terms import PHASES
from tests.shop import Shop

MORE = int(os.environ.get("GRID_MORE", "0"))
"""How many random customers are added to those that cover every pair."""


@cache
def covered() -> Covering:
    return covering(axes(), problem)


@cache
def groups() -> Mapping[tuple[str, bool], list[Cell]]:
    """Return the customers by phase, and by whether the zone of their workspace changes."""
    found: dict[tuple[str, bool], list[Cell]] = defaultdict(list)
    names = [axis.name for axis in axes()]
    cells = covered().cells
    for cell in (*cells, *more_cells(axes(), problem, MORE, frozenset(cells))):
        value = dict(zip(names, cell, strict=True))
        found[value["phase"], value["change"] == "zone"].append(cell)
    return found


def differences(estate: Estate, surface: str, found: Billed, wanted: Mapping[int, list[Seen]]) -> Iterator[str]:
    """Yield a text for each customer that a surface has otherwise than the oracle."""
    for terms in estate.terms:
        has, should = sorted(found.get(terms.number, [])), sorted(wanted[terms.number])
        if all(each.agreement is None for each in has):
            should = [each._replace(agreement=None) for each in should]
        if has != should:
            cell = ", ".join(f"{name} {value}" for name, value in terms.value.items())
            yield f"{surface} of {terms.number} ({cell}):\n    has    {has}\n    should {should}"


@pytest.mark.parametrize("zone", [False, True], ids=["one zone", "zone changes"])
@pytest.mark.parametrize("phase", PHASES)
def test_every_surface_agrees_with_the_oracle(shop: Shop, phase: str, zone: bool) -> None:
    estate = Estate(shop, groups()[phase, zone])
    estate.until_the_last_run()
    planned = estate.plan()
    wanted = surfaces.expected(estate)
    wrong = [*differences(estate, "plan", surfaces.plan(estate, planned), wanted)]
    money = surfaces.coverage(estate, planned)
    wrong += [
        f"coverage of {number}: {money[number]}, not {total}"
        for number, lines in wanted.items()
        if money[number] != (total := sum((each.amount for each in lines), Decimal(0)))
    ]
    estate.apply()
    wrong += differences(estate, "addition", surfaces.additions(estate), wanted)
    wrong += differences(estate, "report", surfaces.report(estate, rated=False), wanted)
    wrong += differences(estate, "report of usage", surfaces.report(estate, rated=True), wanted)
    wrong += differences(estate, "explain", surfaces.explanations(estate), wanted)
    wrong += differences(estate, "export", surfaces.export(estate), wanted)
    assert not wrong, f"{len(wrong)} differences\n" + "\n".join(wrong[:20])
