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


def test_an_item_of_a_list_has_no_key_so_its_value_is_pointed_at() -> None:
    assert places_of(TEXT)[0].key(("spec", "ranges", 1)) == (8, 7)


def test_the_inside_of_an_alias_is_where_the_alias_stands() -> None:
    assert places_of(TEXT)[1].value(("second", "c", "b")) == (10, 27)


def test_a_path_that_is_not_there_is_the_nearest_around_it() -> None:
    assert places_of(TEXT)[0].value(("spec", "nothing", 3)) == (4, 3)
    assert Places().value(("a",)) == (1, 1)


def test_complex_keys_do_not_confuse_what_follows() -> None:
    places = places_of("? [a, b]\n: {c: d}\ne: &k f\n*k : g\nh: i\n")[0]
    assert places.value(("h",)) == (5, 4)


def test_what_stands_before_broken_yaml_has_its_place() -> None:
    places = places_of("a: 1\n---\nb: 2\nc: 'open\n")
    assert places[0].value(("a",)) == (1, 4)
    assert places[1].value(("b",)) == (3, 4)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab01.:-[]{},&*!'\"|>#? \n\x00"), max_size=40))
def test_no_text_confuses_it(text: str) -> None:
    assert isinstance(places_of(text), dict)
