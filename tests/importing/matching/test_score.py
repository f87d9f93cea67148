"""The target: of damaged customers at least 95 % are proposed, and none wrongly. `make score-import` scores more."""

from __future__ import annotations

import pytest

from reconciler.importing.matching.propose import propose
from tests.importing.matching.estates import world
from tests.importing.matching.messy import messy
from tests.importing.matching.score import score


@pytest.mark.parametrize("seed", range(101, 104))
def test_at_least_95_percent_are_proposed_and_none_wrongly(seed: int) -> None:
    result = score(world(seed, 1000, clues=0.5))
    assert [(each.customer.name, each.evidence) for each in result.wrong] == []
    assert result.share >= 95


@pytest.mark.parametrize("seed", range(201, 203))
def test_by_names_alone_at_least_90_percent_are_proposed_and_none_wrongly(seed: int) -> None:
    result = score(world(seed, 1000, clues=0.0))
    assert [(each.customer.name, each.evidence) for each in result.wrong] == []
    assert result.share >= 90


@pytest.mark.parametrize("seed", [31, 32])
def test_in_messy_estates_of_the_sandbox_no_company_is_proposed_wrongly(seed: int) -> None:
    """It was made by other hands. Some of its companies have no agreement, or two that are equal."""
    made = messy(seed, 600)
    truths = {str(each.customer): each for each in made.truth.customers}
    proposals = [(each, truths[each.customer.id]) for each in propose(made.estate)]
    wrong = [each for each, truth in proposals if each.company is not None and each.company.id != truth.company]
    assert [(each.customer.name, each.evidence) for each in wrong] == []
    matched = [each for each, truth in proposals if truth.case == "matched" and not truth.recycled]
    assert sum(each.company_confidence != "open" for each in matched) >= 0.97 * len(matched)
    lines = [(each.addition.id, truth.addition) for each, truth in proposals if each.addition is not None]
    assert [pair for pair in lines if pair[0] != pair[1]] == []
    chosen = [(each.agreement.id, truth.agreement) for each, truth in proposals if each.agreement is not None]
    assert [pair for pair in chosen if pair[0] != pair[1]] == []
