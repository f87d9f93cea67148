"""Which values are the same, for diff, stale plans, drift and read-back."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectwise.codec import decode, encode
from reconciler.kinds.field_mapping import FieldMapping
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link, to_json
from reconciler.planning.equality import holds, named, same


def mapping(of: str, name: str) -> FieldMapping:
    return kind(of).by_name[name].mapping


TEXT = mapping("Company", "city")
NUMBER = mapping("Product", "price")
DATE = mapping("Agreement", "startDate")
FLAG = mapping("Agreement", "prorate")
ENTRY = mapping("Agreement", "type")
TYPES = mapping("Company", "types")
CUSTOM = mapping("Company", "customFields")


@pytest.mark.parametrize(
    ("of", "one", "other"),
    [
        (TEXT, "Acme", "  Acme\u00a0"),
        (TEXT, "Caf\u00e9", "Cafe\u0301"),
        (TEXT, "a\nb", "a\r\nb"),
        (TEXT, "a\r\nb", "a b"),
        (TEXT, "a\n\nb", "a  b"),
        (TEXT, "a  b", "a b"),
        (TEXT, None, ""),
        (TEXT, None, " \t"),
        (FLAG, None, False),
        (FLAG, False, None),
        (DATE, "2026-11-01", "2026-11-01T00:00:00Z"),
        (DATE, "2026-11-01", "2026-11-01T05:00:00Z"),
        (DATE, "2026-11-01T00:00:00-05:00", "2026-11-01T00:00:00Z"),
        (NUMBER, "1", Decimal("1.000000")),
        (NUMBER, "1.0", "1.000000"),
        (NUMBER, 1, "1"),
        (NUMBER, Decimal("-0"), 0),
        (NUMBER, Decimal("0.3"), Decimal("0.30000000000000004")),
        (NUMBER, Decimal("1234567890123.45"), Decimal("1234567890123.449951171875")),
        (NUMBER, Decimal("33.33"), Decimal("33.3299999999999982946974341757595539093017578125")),
        (ENTRY, Link("Managed Service", 3), Link("managed service", 3)),
        (ENTRY, Link("Managed Service", 3), {"id": 3}),
        (ENTRY, Link("Managed Service", 3), {"name": "Managed Service"}),
        (ENTRY, Link("Managed Service", 3), {"id": 3, "name": "Renamed", "_info": {"x": 1}, "isClosed": False}),
        (ENTRY, Link("acme", 3, "Company/acme"), {"name": "Acme Inc"}),
        (ENTRY, Link("acme", None, "Company/acme"), {"name": "acme", "address": "Company/acme"}),
        (TYPES, frozenset({Link("A", 1), Link("B", 2)}), [{"name": "b"}, {"id": 1}]),
        (TYPES, None, frozenset()),
        (CUSTOM, {"Region": "East", "Tier": None}, {"Region": "East "}),
        (CUSTOM, {"name": "East"}, {"name": "East"}),
        (None, "2026-11-01T10:00:00Z", "2026-11-01T11:00:00+01:00"),
        (None, "2026-11-01T10:00:00", "2026-11-01T10:00:00.000Z"),
        (None, "2026-11-01", "2026-11-01T00:00:00Z"),
        (None, {"identifier": "acme"}, {"id": 3, "identifier": "ACME"}),
        (None, [3, 1], [1, 3]),
        (None, {"value": Decimal(1), "type": {"id": 3}}, {"value": "1.0", "type": {"id": 3, "name": "Email"}}),
    ],
)
def test_a_value_in_another_form_is_the_same(of: FieldMapping | None, one: Any, other: Any) -> None:
    assert same(of, one, other)
    assert same(of, other, one)
    assert holds(of, one, other)


@pytest.mark.parametrize(
    ("of", "one", "other"),
    [
        (TEXT, "Acme", "acme"),
        (TEXT, "Acme", None),
        (TEXT, "a b", "a\u00a0b"),
        (TEXT, "2026-11-01", "2026-11-01T00:00:00Z"),
        (TEXT, "1", "1.0"),
        (FLAG, True, None),
        (FLAG, True, 1),
        (DATE, "2026-11-01", "2026-11-02T00:00:00Z"),
        (DATE, "2026-11-01", None),
        (NUMBER, 0, None),
        (NUMBER, Decimal("1.234"), Decimal("1.23")),
        (NUMBER, Decimal("0.000001"), Decimal("0.000002")),
        (NUMBER, Decimal("1000000.000001"), Decimal("1000000.000002")),
        (NUMBER, "1", "one"),
        (NUMBER, "1", "NaN"),
        (NUMBER, "1", [1]),
        (ENTRY, Link("A", 1), Link("A", 2)),
        (ENTRY, Link("A", 1), {"name": "B"}),
        (ENTRY, Link("A", 1), None),
        (ENTRY, Link("A", 1), "A"),
        (ENTRY, Link("A", 1), Link("A", None, "Company/a")),
        (ENTRY, Link("A", None, "Company/a"), Link("A")),
        (TYPES, frozenset({Link("A", 1)}), frozenset()),
        (TYPES, frozenset({Link("A", 1)}), frozenset({Link("A", 1), Link("B", 2)})),
        (CUSTOM, {"name": "East"}, {"name": "EAST"}),
        (CUSTOM, {"Score": Decimal(0)}, {"Score": None}),
        (None, "2026-11-01", "soon"),
        (None, "2026-99-99T10:00:00Z", "2026-99-99T11:00:00Z"),
        (None, "2026-11-01T10:00:00Z", "2026-11-01T10:00:01Z"),
        (None, ["a"], "a"),
        (None, {"a": 1, "b": 2}, {"a": 1, "b": 3}),
    ],
)
def test_another_value_is_not_the_same(of: FieldMapping | None, one: Any, other: Any) -> None:
    assert not same(of, one, other)
    assert not same(of, other, one)
    assert not holds(of, one, other)


@pytest.mark.parametrize(
    ("desired", "live"),
    [
        ({"Region": "East"}, {"Region": "East", "Tier": "Gold"}),
        ([{"id": 7, "value": "x"}], [{"id": 6, "value": None}, {"id": 7, "caption": "c", "value": "x"}]),
        (
            [{"type": {"id": 1}, "value": "a@b.test"}],
            [{"id": 9, "type": {"id": 1, "name": "Email"}, "value": "a@b.test"}],
        ),
    ],
)
def test_a_live_value_may_have_more_than_is_desired(desired: Any, live: Any) -> None:
    assert holds(CUSTOM, desired, live)
    assert not holds(CUSTOM, live, desired)


@pytest.mark.parametrize(
    ("desired", "live"),
    [
        ({"Region": "East"}, {"Region": "West"}),
        ({"Region": "East"}, None),
        ({"Region": "East"}, "East"),
        ([{"id": 7, "value": "x"}], [{"id": 7, "value": "y"}]),
        ([{"id": 7, "value": "x"}, {"id": 8, "value": "x"}], [{"id": 7, "value": "x"}]),
    ],
)
def test_a_live_value_without_a_desired_part_does_not_hold_it(desired: Any, live: Any) -> None:
    assert not holds(CUSTOM, desired, live)


def test_an_entry_is_found_under_a_normalised_name() -> None:
    assert named({"Caf\u00e9 no 1": 5}, "Cafe\u0301\nno 1 ") == 5
    assert named({"Region": 5}, "region") is None


# ── any value, in any form that a server may return ──────────────────────────────────────────────────────────

texts = st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from(" \n\r\t"), max_size=30)
numbers = st.decimals(-(10**9), 10**9, places=6)
links = st.builds(Link, st.text("abcABC", min_size=1, max_size=3), st.integers(1, 9))
scalars: dict[str, tuple[FieldMapping, st.SearchStrategy[Any]]] = {
    "text": (TEXT, texts),
    "number": (NUMBER, numbers),
    "flag": (FLAG, st.booleans()),
    "date": (DATE, st.dates().map(lambda day: day.isoformat())),
    "reference": (ENTRY, links),
    "references": (TYPES, st.frozensets(links, max_size=4)),
}


@st.composite
def values(draw: st.DrawFn) -> tuple[FieldMapping, Any]:
    """Draw a field with a value, or with None."""
    of, found = scalars[draw(st.sampled_from(sorted(scalars)))]
    return of, draw(found | st.none())


@st.composite
def stored(draw: st.DrawFn, value: Any) -> Any:
    """Draw a form in which a server may return a stored value."""
    match value:
        case None | False | "":
            return draw(st.sampled_from([None, False, "", []]))
        case True:
            return True
        case Decimal():
            mappings = [
                value,
                to_json(value),
                f"{value:f}000",
                Decimal(float(value)),
                decode(encode(value + Decimal("0E+2"))),
            ]
            return draw(st.sampled_from([each if "." in str(each) else value for each in mappings]))
        case Link():
            members = {"id": value.id, "name": value.name, "_info": {"href": "x"}, "more": 1}
            kept = draw(st.sampled_from(["id", "name", "id name", "id _info", "id name _info more"]))
            return {name: members[name] for name in kept.split()}
        case frozenset():
            return [draw(stored(each)) for each in value]
        case str() if len(value) == 10 and value[4:5] == "-":
            return value + draw(st.sampled_from(["", "T00:00:00Z", "T05:00:00Z", "T00:00:00+02:00", "T00:00:00.000Z"]))
        case _:
            done = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), value)
            for line in ("\r\n", "\r", "\n"):
                done = done.replace(line, draw(st.sampled_from([line, " ", "  ", "\n"])))
            return draw(st.sampled_from(["", " ", "\n"])) + draw(st.sampled_from([done, done.strip()]))


@given(values())
def test_a_value_is_the_same_as_itself_and_as_its_json_in_a_plan_file(field: tuple[FieldMapping, Any]) -> None:
    of, value = field
    assert same(of, value, value)
    assert same(of, value, to_json(value))
    assert same(of, to_json(value), value)


@given(st.sampled_from(sorted(scalars)), st.data())
def test_equality_is_symmetric(name: str, data: st.DataObject) -> None:
    of, found = scalars[name]
    one, other = data.draw(found | st.none()), data.draw(found | st.none())
    assert same(of, one, other) is same(of, other, one)


@given(values(), st.data())
def test_a_value_is_the_same_in_any_form_that_a_server_may_return(
    field: tuple[FieldMapping, Any], data: st.DataObject
) -> None:
    of, value = field
    answered = data.draw(stored(value))
    assert same(of, value, answered)
    assert same(of, answered, value)
    assert holds(of, value, answered)


@given(texts, texts)
def test_texts_that_differ_in_more_than_spaces_and_unicode_forms_are_different(one: str, other: str) -> None:
    bare = ["".join(unicodedata.normalize("NFC", text).split()) for text in (one, other)]
    assert bare[0] == bare[1] or not same(TEXT, one, other)


@given(numbers, numbers)
def test_two_numbers_of_six_decimals_are_the_same_only_when_they_are_equal(one: Decimal, other: Decimal) -> None:
    assert same(NUMBER, one, other) is (one == other)


@given(st.sets(st.integers(1, 20)), st.sets(st.integers(1, 20)))
def test_references_are_the_same_exactly_when_they_are_the_same_set(asked: set[int], answered: set[int]) -> None:
    one = [{"id": number} for number in asked]
    other = [{"id": number, "name": f"n{number}"} for number in answered]
    assert same(None, one, other) is (asked == answered)
