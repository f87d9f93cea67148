"""Histories in which a fault was found."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from tests.shop import Shop

from . import test_billing
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


def test_the_end_of_a_mapping_that_the_run_set_is_among_the_lines(shop: Shop) -> None:
    test_billing.prepare(shop)
    ended = replace(test_billing.FIRST, end="2026-11-15")
    test_billing.play(shop, test_billing.History(test_billing.FIRST, ended, None, 0, None))


def test_the_price_of_a_mapping_that_was_renamed_is_put_back(shop: Shop) -> None:
    test_billing.prepare(shop)
    priced = replace(test_billing.FIRST, own_price="0.12", name="renamed")
    test_billing.play(shop, test_billing.History(test_billing.FIRST, priced, None, 0, None))


def test_the_price_of_a_range_is_among_the_lines_beside_that_of_its_product(shop: Shop) -> None:
    test_billing.prepare(shop)
    before = replace(test_billing.FIRST, product="other", price="0.2", ranges="graduated")
    after = replace(before, price="0.18", own_price="0.12", ranges="volume")
    test_billing.play(shop, test_billing.History(before, after, None, 0, None))


def test_an_object_that_a_later_run_renamed_keeps_its_name(estate: Shop) -> None:
    later = copy.deepcopy(FIRST)
    later["Product/q"]["spec"]["identifier"] = "new-Q"
    later["Product/q"]["metadata"]["previously"] = ["Q"]
    after = copy.deepcopy(FIRST)
    after["Company/d"]["spec"]["name"] = "Firm E"
    later["Company/d"] = after["Company/d"]
    play(estate, History(FIRST, after, later))
