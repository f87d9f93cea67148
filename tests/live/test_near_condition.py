"""The condition that finds every near miss of some names, and few other objects."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.near import near_part
from reconciler.kinds.registry import kind
from reconciler.live.near_condition import narrowed
from reconciler.live.problems import MatchError
from reconciler.live.query import Query
from reconciler.sandbox.connectwise.query import predicates, selection
from reconciler.sandbox.connectwise.schema.errors import bad_query
from tests.live.conftest import Shop
from tests.planning.builders import company, manifests

COMPANIES = Query(kind("Company"), ("id", "identifier", "deletedFlag"))
FULL_WIDTH = str.maketrans({chr(each): chr(each + 0xFEE0) for each in range(0x21, 0x7F)})


def finds(query: Query, identifier: str) -> bool:
    """Return whether the sandbox finds a company with this identifier by the query's condition."""
    holds = selection.predicate("company", (), str(query.condition))
    return holds({"identifier": identifier, "deletedFlag": False}) is True


names = st.text(st.sampled_from(ascii_letters + digits + " .-&'"), min_size=1, max_size=30)
damages = st.sampled_from(
    [
        str.upper,
        str.swapcase,
        html.escape,
        lambda text: html.escape(html.escape(text)),
        lambda text: "".join(f"&#{ord(each)};" for each in text),
        lambda text: text.translate(FULL_WIDTH),
        "\u200b".join,
        lambda text: f" {text}\u00a0",
        lambda text: text.replace(" ", "\u2003 "),
        lambda text: text.replace("-", "\u2011").replace("'", "\u2019"),
        lambda text: text.replace("fi", "\ufb01").replace("s", "\u017f").replace("K", "\u212a"),
        lambda text: text.replace("ss", "\u00df"),
    ]
)


@given(names, st.lists(damages, max_size=3), names)
def test_every_near_miss_of_every_name_is_found(name: str, steps: list[Callable[[str], str]], other: str) -> None:
    live = name
    for damage in steps:
        live = damage(live)
    if near_part(live) == near_part(name):
        assert finds(narrowed(COMPANIES, [name, other]), live)


@given(st.text(max_size=20))
def test_letters_of_a_name_without_an_entity_are_in_its_near_form(live: str) -> None:
    """So the condition is right: if the near form is ASCII, it has every letter of the name."""
    near = near_part(live)
    if near.isascii() and "&" not in live:
        assert {each.casefold() for each in live if each in ascii_letters + digits} <= set(near)
        assert finds(narrowed(COMPANIES, [near]), live)


def test_most_other_objects_are_left_out() -> None:
    query = narrowed(COMPANIES, ["Customer99999"])

    assert [number for number in range(1, 1000) if finds(query, f"Customer{number:05d}")] == []
    assert finds(query, "CUSTOMER99999")


@pytest.mark.parametrize("name", ["B\u00e4cker", "\u00c6ther", ascii_letters + digits])
def test_a_name_that_no_condition_can_narrow_asks_for_all_objects(name: str) -> None:
    assert narrowed(COMPANIES, [name]) == COMPANIES


@pytest.mark.parametrize("of", ["Agreement", "Contact", "Addition"])
def test_a_kind_whose_key_is_not_one_text_is_not_narrowed(of: str) -> None:
    query = Query(kind(of), ("id",))
    assert narrowed(query, ["Acme"]) == query


def test_the_condition_is_as_long_as_a_url_allows() -> None:
    fields = tuple(f"field{number}" for number in range(60))
    long = narrowed(replace(COMPANIES, fields=fields), ["Acme"])

    assert long.fits_one_url
    assert finds(long, "ACME")
    assert not finds(long, "Acme1")
    assert narrowed(replace(COMPANIES, fields=fields * 9), ["Acme"]).narrowing is None


# What a plan of a part reads


async def part_of(shop: Shop, *identifiers: str) -> None:
    documents = [company(f"c{place}", identifier=each) for place, each in enumerate(identifiers)]
    await shop.read_manifests(replace(manifests(*documents), elsewhere={}))


async def test_a_new_company_is_searched_by_its_letters_in_a_tenant_of_many_companies(shop: Shop) -> None:
    for number in range(2500):
        shop.company(f"Cust{number:04}")
    await part_of(shop, "New1", "New2")
    assert shop.requests["GET /company/companies"] == 2

    await shop.read(company(identifier="New1"))
    assert shop.requests["GET /company/companies"] == 4, "a whole plan reads the keys of all companies"


async def test_a_near_miss_of_a_new_company_stops_the_plan(shop: Shop) -> None:
    shop.company("Acme&#32;Dental")
    with pytest.raises(MatchError, match="another spelling"):
        await part_of(shop, "ACME Dental")


async def test_all_keys_are_read_if_connectwise_refuses_the_condition(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> predicates.Predicate:
        raise bad_query("contains is not supported")

    monkeypatch.setattr(predicates, "_matching", refused)
    shop.company("ZULU")
    with pytest.raises(MatchError, match="another spelling"):
        await part_of(shop, "Zulu")
