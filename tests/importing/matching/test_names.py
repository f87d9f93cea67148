"""How names are taken apart, and which domains count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.importing.matching.contacts import domains_of, zip_of
from reconciler.importing.matching.model import Address, Estate
from reconciler.importing.matching.names import name_of, names_of
from reconciler.importing.matching.propose import propose
from tests.importing.matching.builders import company, customer


def words(text: str) -> str:
    return " ".join(word.plain for word in name_of(text).words)


@pytest.mark.parametrize(
    ("text", "expected", "forms"),
    [
        ("Müller &amp; Söhne G.m.b.H.", "muller sohne", {"gmbh"}),
        ("M&UUML;LLER GMBH", "muller", {"gmbh"}),
        ("A &amp;amp; B", "a b", set()),
        ("&amp;amp;amp;amp;amp;amp;amp; Acme", "amp acme", set()),
        ("Acme S.A. de C.V.", "acme", {"sadecv"}),
        ("SARL Dupont", "dupont", {"sarl"}),
        ("Firma Huber", "huber", set()),
        ("Kowalski Sp. z o.o.", "kowalski", {"spzoo"}),
        ("Novo A/S", "novo", {"as"}),
        ("Day Spa", "day spa", set()),
        ("Ferrari SpA", "ferrari", {"spa"}),
        ("Miller Gmhb", "miller", {"gmbh"}),
        ("Müller Gesellschaft mit beschränkter Haftung", "muller", {"gmbh"}),
        ("Limited Brands", "limited brands", set()),
        ("Acme Inc (Trial)", "acme trial", {"inc"}),
        ("Acme c/o Bolt Ltd", "acme", set()),
        ("J. B. Smith", "jb smith", set()),
        ("The Co", "the", set()),
        ("GmbH", "gmbh", set()),
        ("Gómez y López S.L.", "gomez lopez", {"sl"}),
        ("Acme E", "acme e", set()),
        ("Smith & Co", "smith", set()),
        ("O'Brien’s", "obriens", set()),
    ],
)
def test_a_name_is_words_and_legal_forms(text: str, expected: str, forms: set[str]) -> None:
    assert (words(text), name_of(text).forms) == (expected, forms)


def test_a_text_may_hold_two_names() -> None:
    assert [name.joined for name in names_of("Blue Harbor LLC dba Joe's Diner")] == [
        "blueharborjoesdiner",
        "blueharbor",
        "joesdiner",
    ]
    assert [name.joined for name in names_of("dba")] == ["dba"]


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("Acme (Berlin)", {"berlin"}),
        ("Acme - NEW", {"new"}),
        ("Acme, Saint Paul", {"saint", "paul"}),
        ("Acme *managed*", {"managed"}),
        ("Acme-Berlin", set()),
        ("(Berlin)", set()),
    ],
)
def test_words_that_were_added_at_the_end_are_its_tail(text: str, tail: set[str]) -> None:
    assert name_of(text).tail == tail


@pytest.mark.parametrize(
    ("email", "site", "domain"),
    [
        ("info@mail.acme.co.uk", "", "acme.co.uk"),
        ("", "HTTPS://www.Acme.example/about?x=1", "acme.example"),
        ("", "acme.example:8080", "acme.example"),
        ("info@gmail.com", "facebook.com/acme", None),
        ("no address", "none", None),
        ("a@10.0.0.1", "//[acme", None),
        ("a@co.uk", "n/a", None),
    ],
)
def test_a_domain_is_the_companys_own(email: str, site: str, domain: str | None) -> None:
    assert domains_of((email,), (site,)) == ({domain} if domain else set())


@pytest.mark.parametrize(
    ("code", "plain"), [("D-10115", "10115"), ("12345-6789", "12345"), ("sw1a 1aa", "sw1a1aa"), ("", "")]
)
def test_a_postal_code_is_letters_and_digits(code: str, plain: str) -> None:
    assert zip_of(Address(zip=code)) == plain


@given(st.text(max_size=40))
def test_any_text_is_a_name(text: str) -> None:
    for name in names_of(text):
        assert name.joined == "".join(word.plain for word in name.words)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_two_names_can_be_compared(left: str, right: str) -> None:
    (proposal,) = propose(Estate((customer(left),), (company(1, right), company(2, f"{right} Two"))))
    assert proposal.confidence in {"open", "likely"}
