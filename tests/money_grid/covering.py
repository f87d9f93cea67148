"""Choose customers so that every pair of values of two axes occurs, if the validation accepts one with this pair.

The libraries for pairwise tests take a filter over single values. Here the manifests of a whole customer decide, so
the search is our own: it fills a customer around a pair, and prefers values that make more new pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from random import Random

from tests.money_grid.axes import Axis, Cell
from tests.money_grid.terms import UncoveredError

Value = tuple[int, str]
"""The place of an axis, and a value of it."""
Pair = tuple[Value, Value]
ProblemOf = Callable[[Cell], str | None]
_NO_TERMS = "the grid has no terms for this value"
_TRIES = 60
"""How many random customers are tried before a pair counts as refused."""


@dataclass(frozen=True)
class Covering:
    """The chosen customers."""

    axes: Sequence[Axis]
    cells: tuple[Cell, ...]
    refused: Mapping[Pair, str] = field(default_factory=dict)
    """The pairs that no customer can have, with what the validation says."""

    @cached_property
    def covered(self) -> frozenset[Pair]:
        return frozenset(pair for cell in self.cells for pair in pairs_of(cell))

    @cached_property
    def uncovered(self) -> frozenset[Pair]:
        """Return the pairs that no customer has, though the validation does not refuse them.

        A new value of a model is in all its pairs here, until the terms and the oracle have it.
        """
        return frozenset(all_pairs(self.axes)) - self.covered - self.refused.keys()


def all_pairs(axes: Sequence[Axis]) -> Iterator[Pair]:
    """Yield every pair of values of two axes, those of the largest axes first."""
    order = sorted(range(len(axes)), key=lambda place: -len(axes[place].values))
    for one, other in combinations(order, 2):
        for first in axes[one].values:
            for second in axes[other].values:
                yield _pair((one, first), (other, second))


def pairs_of(cell: Cell) -> Iterator[Pair]:
    """Yield the pairs that a customer has."""
    return combinations(enumerate(cell), 2)  # type: ignore[return-value] - pairs of an enumeration


def _pair(one: Value, other: Value) -> Pair:
    return (one, other) if one < other else (other, one)


def covering(axes: Sequence[Axis], judge: ProblemOf) -> Covering:
    """Return customers that have every pair which the validation accepts. `judge` is the validation."""

    def problem_of(cell: Cell) -> str | None:
        try:
            return judge(cell)
        except UncoveredError:
            return _NO_TERMS

    base: Cell = tuple(axis.values[0] for axis in axes)
    cells: list[Cell] = []
    refused: dict[Pair, str] = {}
    missing = dict.fromkeys(all_pairs(axes))
    for pair in list(missing):
        if pair not in missing:
            continue
        begun = _with_pair(base, pair, axes, problem_of)
        if begun is None:
            reason = problem_of(_put(base, *pair)) or ""
            if reason != _NO_TERMS:
                refused[pair] = reason
            del missing[pair]
            continue
        cell = _filled(*begun, axes, missing, problem_of)
        cells.append(cell)
        for each in pairs_of(cell):
            missing.pop(each, None)
    return Covering(axes, tuple(cells), refused)


def _put(cell: Cell, *values: Value) -> Cell:
    found = list(cell)
    for place, value in values:
        found[place] = value
    return tuple(found)


def _with_pair(
    base: Cell, pair: Pair, axes: Sequence[Axis], problem_of: ProblemOf
) -> tuple[Cell, frozenset[int]] | None:
    """Return a customer with a pair, and the axes that are decided. None if the validation accepts none.

    If the pair is not accepted beside the first value of each axis, other values may make it so.
    """
    cell, fixed = _put(base, *pair), frozenset(place for place, _ in pair)
    if problem_of(cell) is None:
        return cell, fixed
    others = [(place, value) for place in range(len(axes)) if place not in fixed for value in axes[place].values[1:]]
    for other in others:
        if problem_of(_put(cell, other)) is None:
            return _put(cell, other), fixed | {other[0]}
    random = Random(0)
    for _ in range(_TRIES):
        tried = _put(tuple(random.choice(axis.values) for axis in axes), *pair)
        if problem_of(tried) is None:
            return tried, frozenset(range(len(axes)))
    return None


def _filled(
    cell: Cell, fixed: frozenset[int], axes: Sequence[Axis], missing: Mapping[Pair, None], problem_of: ProblemOf
) -> Cell:
    """Return the customer with a value for every other axis. It is accepted after each of them."""
    decided, random = set(fixed), Random(len(missing))
    for place in sorted(set(range(len(axes))) - fixed, key=lambda place: -len(axes[place].values)):
        beside = [(each, cell[each]) for each in decided]
        values = random.sample(axes[place].values, len(axes[place].values))  # of equal gains, not always the first
        gains = {value: sum(_pair((place, value), each) in missing for each in beside) for value in values}
        for value in sorted(gains, key=gains.__getitem__, reverse=True):
            tried = _put(cell, (place, value))
            if problem_of(tried) is None:
                cell = tried
                break
        decided.add(place)
    return cell


def more_cells(axes: Sequence[Axis], problem_of: ProblemOf, number: int, without: frozenset[Cell]) -> list[Cell]:
    """Return so many other accepted customers, the same ones each time."""
    random, found = Random(1), dict.fromkeys(without)
    while len(found) < number + len(without):
        cell = tuple(random.choice(axis.values) for axis in axes)
        if problem_of(cell) is None:
            found[cell] = None
    return list(found)[len(without) :]
