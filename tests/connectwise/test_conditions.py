"""Conditions as they are written, and how long lists of values are cut."""

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
def test_a_condition_prints_as_the_grammar_wants_it(condition: c.Condition, text: str) -> None:
    assert str(condition) == text


@pytest.mark.parametrize("path", ["", "a b", "a=1 or b", "a//b", "/a", "a/", "a-b", 'a"', "1a"])
def test_a_path_that_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not the path of a field"):
        str(c.equals(path, 1))


def test_an_empty_list_is_not_asked_for() -> None:
    with pytest.raises(ValueError, match="do not ask"):
        c.one_of("id", [])


@pytest.mark.parametrize("join", [c.all_of, c.any_of])
def test_joining_nothing_is_refused(join: Any) -> None:
    with pytest.raises(ValueError, match="nothing to join"):
        join(None, None)


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), Decimal("Infinity"), object()])
def test_a_value_without_exact_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot stand in a condition"):
        c.literal(value)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(TypeError, match="without a zone"):
        c.literal(datetime(2026, 1, 1))  # noqa: DTZ001  (the point of the test)


@given(st.text())
def test_a_text_survives_its_quotes(text: str) -> None:
    written = c.literal(text)
    assert re.fullmatch(r'"(?:[^"\\]|\\["\\])*"', written, re.DOTALL)
    assert re.sub(r'\\(["\\])', r"\1", written[1:-1]) == text


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_written_in_utc(moment: datetime) -> None:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return
    assert c.literal(moment) == f"[{utc.replace(microsecond=0, tzinfo=None).isoformat()}Z]"


@given(st.text())
def test_what_goes_into_a_query_comes_out_of_it(text: str) -> None:
    try:
        encoded = c.encode(text)
    except UnicodeEncodeError:
        return
    assert encoded.isascii()
    assert not set(encoded) & set("&=#+ ?")
    assert unquote(encoded) == text


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30) | st.integers()), st.integers(400, 1900))
def test_runs_hold_every_value_once_and_fit_the_room(values: list[str | int], room: int) -> None:
    runs = list(c.in_chunks("company/identifier", values, room=room))
    assert [value for run in runs for value in run] == list(dict.fromkeys(values))
    assert all(c.encoded_length(str(c.one_of("company/identifier", run))) <= room for run in runs)
    for run, following in pairwise(runs):
        more = c.one_of("company/identifier", (*run, following[0]))
        assert c.encoded_length(str(more)) > room


def test_a_value_that_fits_no_run_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit a URL"):
        list(c.in_chunks("name", ["x" * 100], room=100))
