"""`docs/reference/money-grid.md`: what the grid covers. `python -m tests.money_grid.page` writes the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from tests.money_grid.axes import ELSEWHERE, axes
from tests.money_grid.covering import Covering, all_pairs, covering
from tests.money_grid.manifests import problem
from tests.money_grid.surfaces import SURFACES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "money-grid.md"
_HEAD = """\
# What the grid of money covers

`make grid` writes this page. Use it to see which combinations of rules, months and changes are tested, and on which
surfaces.

The grid is a set of test customers. Each has one value of every axis below. The values of the rules come from the
models that validate the manifests. So a new measure appears here by itself, and the tests fail until it is covered. An
independent calculation, written from the rules in [How a quantity and an amount are
calculated](../explanation/billing.md), gives what each customer is billed. Every surface must give the same product,
quantity, price and amount.
"""


def render(found: Covering) -> str:
    """Return the text of the page."""
    return "\n".join([*_lines(found), ""])


def _lines(found: Covering) -> Iterator[str]:
    pairs = set(all_pairs(found.axes))
    blocks = len(found.axes) * (len(found.axes) - 1) // 2
    cells = len(found.cells)
    yield _HEAD
    yield "| | |"
    yield "|---|---:|"
    yield f"| axes | {len(found.axes)} |"
    yield f"| blocks, each of two axes | {blocks} |"
    yield f"| pairs of values in the blocks | {len(pairs):,} |"
    yield f"| pairs that the validation refuses | {len(found.refused):,} |"
    yield f"| pairs that are covered | {len(found.covered):,} |"
    yield f"| pairs that are not covered | {len(found.uncovered):,} |"
    yield f"| customers | {cells:,} |"
    yield f"| cells: customers times surfaces | {cells * len(SURFACES):,} |"
    yield ""
    yield "`make test` runs these customers. `make grid` adds random ones."
    yield ""
    yield "## The axes"
    yield ""
    yield "| axis | values | from |"
    yield "|---|---|---|"
    for axis in found.axes:
        yield f"| {axis.name} | {', '.join(axis.values)} | {axis.origin} |"
    yield ""
    yield "## The surfaces"
    yield ""
    yield "| surface | what is compared |"
    yield "|---|---|"
    yield from (f"| {name} | {what} |" for name, what in SURFACES.items())
    yield ""
    yield "## The blocks"
    yield ""
    yield "Each block has the pairs that the validation accepts, and how many of them a customer has."
    yield ""
    yield from _blocks(found)
    yield ""
    yield "## What the validation refuses"
    yield ""
    yield from _refused(found)
    yield ""
    yield "## What other tests cover"
    yield ""
    yield "| field of a mapping | why it is not in the grid, or where it is tested |"
    yield "|---|---|"
    yield from (f"| `{name}` | {where} |" for name, where in sorted(ELSEWHERE.items()))


def _blocks(found: Covering) -> Iterator[str]:
    accepted: dict[tuple[int, int], int] = defaultdict(int)
    covered: dict[tuple[int, int], int] = defaultdict(int)
    for pair in all_pairs(found.axes):
        block = (pair[0][0], pair[1][0])
        accepted[block] += pair not in found.refused
        covered[block] += pair in found.covered
    yield "| block | accepted | covered |"
    yield "|---|---:|---:|"
    for one, other in combinations(range(len(found.axes)), 2):
        block = (one, other)
        name = f"{found.axes[one].name} × {found.axes[other].name}"
        yield f"| {name} | {accepted[block]} | {covered[block]} |"


def _refused(found: Covering) -> Iterator[str]:
    yield "| values | why |"
    yield "|---|---|"
    for (one, other), reason in sorted(found.refused.items()):
        names = (f"{found.axes[place].name} {value}" for place, value in (one, other))
        yield f"| {', '.join(names)} | {reason.replace('{other}', 'another place')} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(covering(axes(), problem)), encoding="utf-8")


if __name__ == "__main__":
    main()
