"""Tests of the contact details that the console has of its customers."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.metering.sources.cove_profiles import profiles_in


@pytest.mark.parametrize("rows", [None, {}, "rows", [None, 5, {}, {"Id": "x"}, {"Id": None}]])
def test_a_row_without_a_number_gives_no_profile(rows: Any) -> None:
    assert profiles_in(rows) == {}


def test_a_row_with_only_a_number_gives_an_empty_profile() -> None:
    (profile,) = profiles_in([{"Id": 1001001}, {"Name": "without a number"}]).values()
    assert (profile.email, profile.city) == ("", "")
