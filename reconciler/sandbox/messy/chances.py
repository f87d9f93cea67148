"""Chances and weighted choices."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TypeVar

_T = TypeVar("_T")


def chance(dice: Random, per_mille: int) -> bool:
    """Return True with a probability of `per_mille` / 1,000."""
    return dice.random() * 1000 < per_mille


def pick(dice: Random, weights: Mapping[_T, int]) -> _T:
    """Return a random key, in proportion to the weights."""
    return dice.choices(list(weights), list(weights.values()))[0]
