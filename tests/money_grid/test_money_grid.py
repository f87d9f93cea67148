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
from tests.money_grid.estate import SINK, Estate
from tests.money_grid.manifests import problem
from tests.money_grid.surfaces import Billed, Seen, Views
from tests.money_grid.terms import PHASES, months_after
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


def of_reconcile(
    estate: Estate, found: surfaces.Json, used: Mapping[int, list[Seen]], dated: Mapping[int, list[Seen]]
) -> Iterator[str]:
    """Yield what a check of the month has otherwise than the oracle: a sum of an agreement, or a difference.

    The lines of the additions are those that are dated in the month.
    """
    for agreement in found["agreements"]:
        for what, of in (("usage", used), ("ours", dated), ("expected", dated)):
            has = agreement[what]["amount"] if what != "expected" else agreement[what]
            should = sum(
                (each.amount for lines in of.values() for each in lines if each.agreement == agreement["name"]),
                Decimal(0),
            )
            if Decimal(has) != should:
                yield f"reconcile of {agreement['name']}: {what} {has}, not {should}"
    mapped = {f"{each.source}/{each.number}" for each in estate.terms}
    for each in found["findings"]:
        customer = str(each["customer"])
        left_out = customer.endswith(f"/{SINK}") or " is uncounted" in each["text"]
        of_other_source = " is unmapped" in each["text"] and customer not in mapped  # two sources list all customers
        if not (left_out or of_other_source):
            yield f"reconcile: {each['kind']}: {each['text']}"


@pytest.mark.parametrize("zone", [False, True], ids=["one zone", "zone changes"])
@pytest.mark.parametrize("phase", PHASES)
def test_every_surface_agrees_with_the_oracle(shop: Shop, phase: str, zone: bool) -> None:
    estate = Estate(shop, groups()[phase, zone])
    estate.until_the_last_run()
    wanted = surfaces.expected(estate)
    waits = {each.number for each in estate.terms if each.waits}
    rolling = {each.number for each in estate.terms if each.rolls}
    running = {number: [] if number in waits else lines for number, lines in wanted.items()}
    wrong: list[str] = []

    def compare(surface: str, found: Billed, should: Mapping[int, list[Seen]]) -> None:
        wrong.extend(differences(estate, surface, found, should))

    planned = estate.plan()
    compare("plan", surfaces.plan(estate, planned), running)
    money = surfaces.coverage(estate, planned)
    wrong += [
        f"coverage of {number}: {money[number]}, not {total}"
        for number, lines in wanted.items()
        if money[number] != (total := sum((each.amount for each in lines), Decimal(0)))
    ]
    estate.apply()
    compare("addition", surfaces.additions(estate), running)
    before = months_after(estate.phase.month, -1)
    estate.invoice("arrears", before)
    estate.invoice("advance", before)

    async def in_the_month(views: Views) -> None:
        compare("preview", await views.preview(), running)
        async for surface, found in views.reported():
            compare(surface, found, wanted if surface == "report of usage" else running)

    surfaces.views(estate, in_the_month)
    estate.invoice("advance", estate.phase.month)
    estate.end_the_month()
    found = {number: lines for number, lines in surfaces.additions(estate).items() if number not in rolling}
    compare("addition of the ended month", found, {n: [] if n in rolling else wanted[n] for n in wanted})
    estate.invoice("arrears", estate.phase.month)

    async def when_it_is_over(views: Views) -> None:
        async for surface, found in views.reported():
            compare(f"{surface} of the ended month", found, wanted)
        compare("explain", await views.explain(), wanted)
        compare("replay", views.replay(), wanted)
        if waits:
            only = {number: [*lines] for number, lines in (await views.preview()).items() if number in waits}
            compare("preview of the next month", only, {n: wanted[n] if n in waits else [] for n in wanted})
        wrong.extend(of_reconcile(estate, await views.reconcile(), wanted, running))

    surfaces.views(estate, when_it_is_over)
    frozen, left_open = surfaces.closed(estate)
    compare("close", frozen, {number: [] if number in left_open else wanted[number] for number in wanted})
    estate.invoice("advance", months_after(estate.phase.month, 1))
    compare("invoice", surfaces.invoice_lines(estate), wanted)
    assert not wrong, f"{len(wrong)} differences\n" + "\n".join(wrong[:20])
