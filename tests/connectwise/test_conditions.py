"""The text of conditions, and how long lists of values are split."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectwise import conditions as c


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (c.equals("name", "Acme"), 'name="Acme"'),
        (c.equals("company/identifier", 'A "B" \\C'), 'company/identifier="A \\"B\\" \\\\C"'),
        (c.equals("name", "[A] [B]"), 'name="[[]A] [[]B]"'),
        (c.one_of("name", ["A", "[B]"]), '(name in ("A") or name="[[]B]")'),
        (c.one_of("name", ["[B]"]), 'name="[[]B]"'),
        (c.equals("deletedFlag", value=False), "deletedFlag=false"),
        (c.equals("inactiveFlag", value=True), "inactiveFlag=true"),
        (c.equals("cancelledDate", None), "cancelledDate=null"),
        (c.equals("id", 12), "id=12"),
        (c.compare("quantity", ">", Decimal("1E+3")), "quantity>1000"),
        (c.compare("startDate", ">=", date(2026, 1, 1)), "startDate>=[2026-01-01T00:00:00Z]"),
        (
            c.compare("lastUpdated", "<", datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
            "lastUpdated<[2026-01-01T00:00:00Z]",
        ),
        (c.compare("id", "!=", 3), "id!=3"),
        (c.like("name", "Ac%"), 'name like "Ac%"'),
        (c.contains("name", "cm"), 'name contains "cm"'),
        (c.one_of("id", [1, 2, 3]), "id in (1,2,3)"),
        (c.negate(c.equals("id", 1)), "not (id=1)"),
        (c.all_of(c.equals("a", 1), None, c.equals("b", 2)), "a=1 and b=2"),
        (c.all_of(None, c.equals("a", 1)), "a=1"),
        (c.all_of(c.any_of(c.equals("a", 1), c.equals("a", 2)), c.equals("b", 3)), "(a=1 or a=2) and b=3"),
    ],
)
def test_a_condition_has_the_text_of_the_grammar(condition: c.Condition, text: str) -> None:
    assert str(condition) == text


@pytest.mark.parametrize("path", ["", "a b", "a=1 or b", "a//b", "/a", "a/", "a-b", 'a"', "1a"])
def test_a_path_that_is_not_a_field_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not the path of a field"):
        str(c.equals(path, 1))


def test_an_empty_list_of_values_is_refused() -> None:
    with pytest.raises(ValueError, match="send no request"):
        c.one_of("id", [])


@pytest.mark.parametrize("join", [c.all_of, c.any_of])
def test_joining_no_conditions_is_refused(join: Any) -> None:
    with pytest.raises(ValueError, match="no condition to join"):
        join(None, None)


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), Decimal("Infinity"), object()])
def test_a_value_that_is_not_exact_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be in a condition"):
        c.literal(value)


def test_a_datetime_without_a_time_zone_is_refused() -> None:
    with pytest.raises(TypeError, match="needs a time zone"):
        c.literal(datetime(2026, 1, 1))  # noqa: DTZ001 - the time that is refused


@given(st.text())
def test_a_text_is_quoted_so_that_it_can_be_read_back(text: str) -> None:
    written = c.literal(text)
    assert re.fullmatch(r'"(?:[^"\\]|\\["\\])*"', written, re.DOTALL)
    assert re.sub(r'\\(["\\])', r"\1", written[1:-1]).replace("[[]", "[") == text


@pytest.mark.parametrize(
    ("value", "exactly"),
    [("A & B + C # D % 'E' [F]", True), (None, True), (7, True), *[(f"A{odd}B", False) for odd in '*"\\\n\r\t\u2028']],
)
def test_some_texts_cannot_be_queried(value: c.Value, exactly: bool) -> None:
    assert c.can_query(value) is exactly


ODD, FINE, FLAG = c.equals("name", "A*"), c.equals("name", "A"), c.equals("deletedFlag", value=False)


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        (None, None),
        (FINE, FINE),
        (ODD, None),
        (c.one_of("name", ["A", "A*"]), None),
        (c.one_of("name", ["A", "B"]), c.one_of("name", ["A", "B"])),
        (c.all_of(ODD, FLAG), FLAG),
        (c.all_of(ODD, ODD), None),
        (c.any_of(ODD, FLAG), None),
        (c.any_of(FINE, FLAG), c.any_of(FINE, FLAG)),
        (c.negate(ODD), None),
        (c.negate(FINE), c.negate(FINE)),
        (c.like("name", "A*"), c.like("name", "A*")),
    ],
)
def test_the_queryable_part_omits_texts_that_cannot_be_queried(
    condition: c.Condition | None, left: c.Condition | None
) -> None:
    assert c.queryable_part(condition) == left


@pytest.mark.parametrize(
    ("condition", "may"),
    [
        (None, True),
        (c.equals("name", "a* b"), True),
        (c.equals("name", "A* C"), False),
        (c.equals("company/identifier", "acme"), True),
        (c.equals("company/identifier", "other"), False),
        (c.equals("company/name", "unread"), True),
        (c.equals("name/x", "no such path"), True),
        (c.equals("id", 9), True),
        (c.one_of("name", ["x", "A*  B"]), True),
        (c.one_of("name", ["x"]), False),
        (c.all_of(c.equals("name", "A* B"), c.equals("company/identifier", "other")), False),
        (c.any_of(c.equals("name", "x"), c.equals("company/identifier", "ACME")), True),
        (c.negate(c.equals("name", "A* B")), True),
    ],
)
def test_an_object_is_filtered_out_only_where_it_certainly_does_not_match(
    condition: c.Condition | None, may: bool
) -> None:
    assert c.may_match(condition, {"id": 1, "name": "A*\u00a0B ", "company": {"identifier": "ACME"}}) is may


@given(st.datetimes(timezones=st.timezones()))
def test_a_datetime_is_written_in_utc(moment: datetime) -> None:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return
    assert c.literal(moment) == f"[{utc.replace(microsecond=0, tzinfo=None).isoformat()}Z]"


@given(st.text())
def test_a_text_is_encoded_so_that_it_can_be_decoded(text: str) -> None:
    try:
        encoded = c.encode(text)
    except UnicodeEncodeError:
        return
    assert encoded.isascii()
    assert not set(encoded) & set("&=#+ ?")
    assert unquote(encoded) == text


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30) | st.integers()), st.integers(400, 1900))
def test_chunks_hold_every_value_once_and_fit_into_the_url(values: list[str | int], room: int) -> None:
    runs = list(c.in_chunks("company/identifier", values, room=room))
    assert [value for run in runs for value in run] == list(dict.fromkeys(values))
    lengths = [c.encoded_length(str(c.one_of("company/identifier", run))) for run in runs]
    assert all(length <= room or len(run) == 1 for length, run in zip(lengths, runs, strict=True))


def test_chunks_are_as_long_as_the_url_allows() -> None:
    runs = list(c.in_chunks("name", [f"K{number}" for number in range(200)], room=500))
    for run, following in pairwise(runs):
        assert c.encoded_length(str(c.one_of("name", (*run, following[0])))) > 500 - len("()") * 3


def test_a_value_that_is_too_long_has_a_chunk_of_its_own() -> None:
    assert list(c.in_chunks("name", ["a", "x" * 100, "b"], room=100)) == [("a",), ("x" * 100,), ("b",)]
