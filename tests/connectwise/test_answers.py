"""What counts as taken, and what does not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectwise import Untaken, same, untaken
from reconciler.connectwise.codec import decode, encode

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4),
    st.text(),
    st.dates().map(lambda value: f"{value.isoformat()}T00:00:00Z"),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Acme", "  Acme "),
        ("a\nb", "a\r\nb"),
        (None, ""),
        ("", None),
        ([], None),
        (Decimal("12.50"), Decimal("12.5")),
        (12, Decimal("12.000")),
        ("2026-11-01", "2026-11-01T00:00:00Z"),
        ("2026-11-01T00:00:00Z", "2026-11-01"),
        ("2026-11-01T10:00:00Z", "2026-11-01T10:00:00.000Z"),
        ("2026-11-01T10:00:00Z", "2026-11-01T11:00:00+01:00"),
        ("2026-11-01T10:00:00", "2026-11-01T10:00:00Z"),
        (date(2026, 11, 1), "2026-11-01T00:00:00Z"),
        (datetime(2026, 11, 1, 10, tzinfo=UTC), "2026-11-01T10:00:00Z"),
        ({"id": 3}, {"id": 3, "name": "Managed Service", "_info": {}}),
        ({"id": 3, "name": "old name"}, {"id": 3, "name": "new name"}),
        ({"identifier": "acme"}, {"id": 3, "identifier": "ACME"}),
        ({"name": "Each"}, {"id": 1, "name": "Each "}),
        ([{"id": 1}, {"id": 2}], [{"id": 2, "name": "b"}, {"id": 1, "name": "a"}]),
        ([3, 1], [1, 3]),
        ([{"id": 7, "value": "x"}], [{"id": 6, "value": None}, {"id": 7, "caption": "c", "value": "x"}]),
        (
            [{"type": {"id": 1}, "value": "a@b.test", "communicationType": "Email", "defaultFlag": True}],
            [
                {"id": 9, "type": {"id": 1, "name": "Email"}, "value": "a@b.test", "communicationType": "Email"}
                | {"defaultFlag": True}
            ],
        ),
    ],
)
def test_these_are_the_same(asked: Any, answered: Any) -> None:
    assert same(asked, answered)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Acme", "acme"),
        ("Acme", None),
        (None, "Acme"),
        (0, None),
        (False, None),
        (True, 1),
        (1, True),
        (1, "1"),
        (Decimal("1.234"), Decimal("1.23")),
        ("2026-11-01", "2026-11-02T00:00:00Z"),
        ("2026-11-01T10:00:00Z", "2026-11-01T10:00:01Z"),
        ("2026-99-99T10:00:00Z", "2026-99-99T11:00:00Z"),
        ("2026-11-01", "soon"),
        ({"id": 3}, {"id": 4}),
        ({"id": 3}, None),
        ({"id": 3}, "3"),
        ({"id": None}, {"id": 3}),
        ({"identifier": "ACME"}, {"id": 3}),
        ([{"id": 1}], [{"id": 1}, {"id": 2}]),
        ([{"id": 1}, {"id": 2}], [{"id": 1}]),
        ([], [{"id": 1}]),
        ([{"id": 7, "value": "x"}], [{"id": 7, "value": "y"}]),
        ([{"id": 7, "value": "x"}, {"id": 8, "value": "x"}], [{"id": 7, "value": "x"}]),
        ({"street": "Main", "city": "X"}, {"street": "Main", "city": "Y"}),
    ],
)
def test_these_are_not(asked: Any, answered: Any) -> None:
    assert not same(asked, answered)


@given(VALUES)
def test_everything_is_the_same_as_what_comes_back_of_it_unchanged(value: Any) -> None:
    assert same(value, decode(encode(value)))


@given(st.dictionaries(st.text(min_size=1, max_size=8), SCALARS, max_size=6), st.data())
def test_a_changed_field_is_named_and_only_that(stored: dict[str, Any], data: st.DataObject) -> None:
    asked = dict(stored)
    if asked:
        field = data.draw(st.sampled_from(sorted(asked)))
        asked[field] = {"something": "else"}
        assert untaken(asked, stored) == [Untaken(field, asked[field], stored[field])]
        assert untaken(asked, stored, unread={field}) == []
    assert untaken(stored, stored) == []


@given(st.lists(st.integers(1, 20), unique=True), st.lists(st.integers(1, 20), unique=True))
def test_references_are_the_same_exactly_when_they_are_the_same_set(asked: list[int], answered: list[int]) -> None:
    one = [{"id": number} for number in asked]
    other = [{"id": number, "name": f"n{number}"} for number in answered]
    assert same(one, other) is (set(asked) == set(answered))


@given(st.text(), st.sampled_from(["", " ", "\t", "\n"]))
def test_white_space_around_a_text_makes_no_difference(text: str, space: str) -> None:
    assert same(text, space + text + space)
