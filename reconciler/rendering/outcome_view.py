"""The results of an outcome in the order in which every form shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_ORDER = ("failed", "unknown", "skipped")
"""The statuses of what was not done, the most important first."""


def not_done(outcome: Json) -> list[Json]:
    """Return the results of actions that were not carried out: failed ones first, then unknown, then skipped ones."""
    return sorted((each for each in outcome["results"] if each["status"] in _ORDER), key=_rank)


def done(outcome: Json) -> list[Json]:
    """Return the results of actions whose objects are as planned, in the order of the plan."""
    return [each for each in outcome["results"] if each["status"] not in _ORDER]


def _rank(result: Json) -> int:
    return _ORDER.index(result["status"])
