"""The damages of names, one by one and drawn."""

from __future__ import annotations

import html
import unicodedata
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.messy.damages import BY_NAME, Text, damaged
from reconciler.sandbox.messy.firms import Firm, Firms
from reconciler.sandbox.messy.places import PLACES

PLACE = PLACES["de"][0]


def firm(core: str, form: str = "", language: str = "en") -> Firm:
    return Firm(5, core, form, language, PLACE, "Hauptstraße 1")


def results(kind: str, core: str, form: str = "", language: str = "en") -> set[str | None]:
    """Return what a damage makes of a name in many draws."""
    damage = BY_NAME[kind]
    text = Text(firm(core, form, language), core, form)
    drawn = (damage(text, Random(seed)) for seed in range(60))
    return {None if each is None else each.whole for each in drawn}


@pytest.mark.parametrize(
    ("kind", "core", "form", "expected"),
    [
        ("last word first", "Acme Dental", " LLC", {"Dental Acme LLC"}),
        ("inverted with a comma", "Acme Dental", "", {"Dental, Acme"}),
        ("inverted with a comma", "Acme & Sons", "", {None}),
        ("last word first", "Acme", "", {None}),
        ("abbreviated", "Acme Property Management", "", {"Acme Property Mgmt"}),
        ("abbreviated", "Saint Clement Dental", "", {"St. Clement Dental"}),
        ("abbreviated", "Acme", "", {None}),
        ("& as a word", "Hughes & Patel", "", {"Hughes and Patel", "Hughes + Patel"}),
        ("& as a word", "Hughes", "", {None}),
        ("& without blanks", "Hughes & Patel", "", {"Hughes&Patel"}),
        ("legal form dropped", "Acme", ", Inc.", {"Acme"}),
        ("legal form dropped", "Acme", "", {None}),
        ("legal form added", "Acme", " LLC", {None}),
        ("legal form added", "Acme", "", {"Acme, Inc.", "Acme LLC", "Acme Ltd."}),
        ("legal form respelled", "Acme", " PLC", {"Acme plc", "Acme P.L.C."}),
        ("legal form respelled", "Acme", "", {None}),
        ("number added", "Acme", "", {"10005 Acme", "Acme (10005)", "Acme #10005", "Acme - 10005"}),
        ("city added", "Acme", "", {"Acme - München", "Acme (München)", "Acme, München", "Acme München"}),
        ("letters swapped", "Abcde", "", {"Acbde", "Abdce", "Abced"}),
        ("letter dropped", "Abcde", "", {"Acde", "Abde", "Abce"}),
        ("letter doubled", "Abcde", "", {"Abbcde", "Abccde", "Abcdde"}),
        ("letter dropped", "Abc de", "", {None}),
        ("neighbour key", "Xa1xx éééé", "", {None}),
        ("umlauts written out", "Müller Weiß", "", {"Mueller Weiss"}),
        ("accents dropped", "Müller Weiß Øst", " S.à r.l.", {"Muller Weiss Ost S.a r.l."}),
        ("accents dropped", "Miller", "", {None}),
        ("upper case", "Weiß", " GmbH", {"WEISS GMBH"}),
        ("lower case", "ACME", " LLC", {"acme llc"}),
        ("capitalised", "McAllister O'Hara", "", {"Mcallister O'hara"}),
        ("blank doubled", "Acme Dental", "", {"Acme  Dental"}),
        ("blank doubled", "Acme", "", {None}),
        ("no-break space", "Acme Dental", "", {"Acme\u00a0Dental"}),
        ("leading blank", "Acme", "", {" Acme"}),
        ("trailing blank", "Acme", " LLC", {"Acme LLC "}),
    ],
)
def test_a_damage_does_what_its_name_says(kind: str, core: str, form: str, expected: set[str | None]) -> None:
    assert results(kind, core, form) == expected


def test_a_neighbour_key_is_beside_the_right_one() -> None:
    assert results("neighbour key", "aqqqa") == {"awqqa", "aqwqa", "aqqwa"}


def test_html_escapes_read_as_the_same_name() -> None:
    escaped = results("HTML escapes", "Käse & Söhne")

    assert escaped == {"Käse &amp; Söhne", "K&auml;se &amp; S&ouml;hne"}
    assert {html.unescape(str(each)) for each in escaped} == {"Käse & Söhne"}


def test_decomposed_accents_look_the_same() -> None:
    [decomposed] = results("accents decomposed", "Müller")

    assert decomposed != "Müller"
    assert unicodedata.normalize("NFC", str(decomposed)) == "Müller"


@given(seed=st.integers(0, 2**32), count=st.integers(0, 3))
def test_a_firm_gets_at_most_the_asked_damages_and_two_equal_names_without_any(seed: int, count: int) -> None:
    dice = Random(seed)
    one = Firms(seed % 7).next()
    drawn = damaged(one, dice, count)

    assert len(drawn.damages) <= count
    assert {each.partition(": ")[0] for each in drawn.damages} <= {"console", "company"}
    if not count:
        assert (drawn.console, drawn.company, drawn.damages) == (one.name, one.name, ())
    elif drawn.damages:
        assert (drawn.console, drawn.company) != (one.name, one.name)


def test_every_damage_happens_and_two_are_mostly_possible() -> None:
    firms, dice = Firms(1), Random(1)
    drawn = [damaged(firms.next(), dice, 2) for _ in range(3000)]

    assert {each.partition(": ")[2] for names in drawn for each in names.damages} == set(BY_NAME)
    assert sum(len(names.damages) == 2 for names in drawn) > 2900
