"""Chances and weighted choices."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TypeVar

_T = TypeVar("_T")


def chance(dice: Random, per_mille: int) -> bool:
    """Return True in so many of 1,000 cases."""
    return dice.random() * 1000 < per_mille


def pick(dice: Random, weights: Mapping[_T, int]) -> _T:
    """Return one key, as often as its weight says."""
    return dice.choices(list(weights), list(weights.values()))[0]
