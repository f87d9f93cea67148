"""Histories in which a fault was found."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.shop import Shop

from .estates import FIRST, Estate
from .histories import History
from .test_setup import play, prepare


@pytest.fixture
def estate(shop: Shop) -> Shop:
    """Return a shop to which the first estate is applied."""
    prepare(shop)
    return shop


def estate_with(address: str, **metadata: Any) -> Estate:
    made = copy.deepcopy(FIRST)
    made[address]["metadata"] |= metadata
    return made


def without(*addresses: str) -> Estate:
    return {address: each for address, each in FIRST.items() if address not in addresses}


@pytest.mark.parametrize("layout", ["flow", "block"])
@pytest.mark.parametrize("address", ["Agreement/b", "Product/q", "Company/c"])
def test_what_the_run_let_live_again_is_retired_again_and_the_patch_marks_it(
    estate: Shop, address: str, layout: Any
) -> None:
    play(estate, History(estate_with(address, ensure="retired", reason="left"), FIRST, layout=layout))


def test_what_was_pruned_lives_again_and_is_listed_until_its_document_is_back(estate: Shop) -> None:
    play(estate, History(FIRST, without("Agreement/b", "Contact/b"), removed="pruned", undoes_undo=True))
