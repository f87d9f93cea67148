"""Tests of objects whose key changed on one side only. tests/test_key_changed.py tests them end to end."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.kinds.live_state import LiveState
from reconciler.kinds.registry import kind
from reconciler.planning.rekeyed import rekeyed
from reconciler.planning.undeclared import LeftBehind
from tests.planning.builders import company, live_company

ACME = company("acme")
LEFT = LeftBehind(ACME.address, kind("Company"), 5, None, protected=False)


def problems(**raw: Any) -> list[str]:
    return [*rekeyed([LEFT], {("Company", 5): live_company(5, **raw)}, {ACME.address: ACME}, LiveState())]


def test_an_object_with_another_key_is_a_problem_that_names_both_keys() -> None:
    [found] = problems(identifier="ACME2")

    assert "ConnectWise has no Company with the identifier 'ACME'" in found
    assert "id 5, has the identifier 'ACME2'" in found


@pytest.mark.parametrize("identifier", [None, "ACME"])
def test_an_object_without_a_key_or_with_the_same_one_is_none(identifier: str | None) -> None:
    assert problems(identifier=identifier) == []
