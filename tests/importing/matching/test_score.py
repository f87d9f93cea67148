"""The target: of damaged customers at least 95 % are proposed, and none wrongly. `make score-import` scores more."""

from __future__ import annotations

import pytest

from tests.importing.matching.estates import world
from tests.importing.matching.score import score


@pytest.mark.parametrize("seed", range(101, 107))
def test_at_least_95_percent_are_proposed_and_none_wrongly(seed: int) -> None:
    result = score(world(seed, 1000, clues=0.5))
    assert [(each.customer.name, each.evidence) for each in result.wrong] == []
    assert result.share >= 95


@pytest.mark.parametrize("seed", range(201, 204))
def test_by_names_alone_at_least_90_percent_are_proposed_and_none_wrongly(seed: int) -> None:
    result = score(world(seed, 1000, clues=0.0))
    assert [(each.customer.name, each.evidence) for each in result.wrong] == []
    assert result.share >= 90
