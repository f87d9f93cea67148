"""The line and column of values and keys."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.manifests.positions import Places, places_of

TEXT = """\
# a comment
kind: Company
spec:
  types: [a, bb]
  ranges:
    - upTo: 5
      product: x
    - {product: y}
---
second: {a: &x {b: 1}, c: *x}
"""


def test_every_value_and_key_has_its_line_and_column() -> None:
    places = places_of(TEXT)[0]
    assert places.value(("kind",)) == (2, 7)
    assert places.key(("kind",)) == (2, 1)
    assert places.value(("spec", "types", 1)) == (4, 14)
    assert places.value(("spec", "ranges", 0, "product")) == (7, 16)
    assert places.key(("spec", "ranges", 1, "product")) == (8, 8)
    assert places.value(()) == (2, 1)


def test_the_key_of_a_list_item_is_at_its_value() -> None:
    assert places_of(TEXT)[0].key(("spec", "ranges", 1)) == (8, 7)


def test_a_path_inside_an_alias_is_at_the_alias() -> None:
    assert places_of(TEXT)[1].value(("second", "c", "b")) == (10, 27)


def test_a_path_without_a_place_is_at_the_nearest_value_around_it() -> None:
    assert places_of(TEXT)[0].value(("spec", "nothing", 3)) == (4, 3)
    assert Places().value(("a",)) == (1, 1)


def test_a_complex_key_does_not_change_the_places_after_it() -> None:
    places = places_of("? [a, b]\n: {c: d}\ne: &k f\n*k : g\nh: i\n")[0]
    assert places.value(("h",)) == (5, 4)


def test_values_before_a_syntax_error_have_their_places() -> None:
    places = places_of("a: 1\n---\nb: 2\nc: 'open\n")
    assert places[0].value(("a",)) == (1, 4)
    assert places[1].value(("b",)) == (3, 4)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab01.:-[]{},&*!'\"|>#? \n\x00"), max_size=40))
def test_any_text_gives_places(text: str) -> None:
    assert isinstance(places_of(text), dict)
