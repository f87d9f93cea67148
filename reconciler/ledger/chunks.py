"""Split values into lists that fit into one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

# Parameters of one `in (…)`: SQLite accepts 32,766, PostgreSQL's drivers 65,535.
_CHUNK = 10_000


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Yield the values in lists that fit into the parameters of one statement."""
    every = list(values)
    for start in range(0, len(every), _CHUNK):
        yield every[start : start + _CHUNK]
