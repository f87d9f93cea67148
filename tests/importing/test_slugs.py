"""Names of documents: stable, unique, and usable as names of files everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from reconciler.importing.slugs import Names, joined, slug, without_prefix
from reconciler.kinds.fields import Name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("AlderDental", "alder-dental"),
        ("Müller & Söhne GmbH", "muller-sohne-gmbh"),
        ("ACME_10023", "acme-10023"),
        ("Łódź Ærø", "lodz-aero"),
        ("Straße", "strasse"),
        ("../etc", "etc"),
        ("株式会社", ""),
        (None, ""),
    ],
)
def test_a_slug_has_lower_case_letters_digits_and_hyphens(text: str | None, name: str) -> None:
    assert slug(text) == name


def test_the_name_of_the_company_is_not_repeated() -> None:
    assert without_prefix("acme-managed-backup", "", "acme") == "managed-backup"
    assert without_prefix("managed-backup", "acme") == "managed-backup"


def test_the_oldest_object_has_the_name_without_a_number() -> None:
    names = Names()
    names.take("Company", ["Acme", "taken-7"])

    assert [names.of("Company", "acme", "5"), names.of("Company", "acme", "9")] == ["acme-5", "acme-9"]
    assert names.of("Company", "taken", "3") == "taken"
    assert names.of("Company", "taken", "7") == "taken-7-2"
    assert names.of("Contact", "acme", "1") == "acme"


@pytest.mark.parametrize("reserved", ["con", "NUL", "Lpt1"])
def test_the_name_of_a_device_is_not_used(reserved: str) -> None:
    assert Names().of("Company", slug(reserved), "4") == f"{slug(reserved)}-4"


def test_an_object_without_a_usable_name_is_named_after_its_kind() -> None:
    assert Names().of("Company", slug("株式会社"), "12") == "company-12"


@given(st.lists(st.text(max_size=300), max_size=3), st.integers(1, 10**9))
def test_every_name_is_a_manifest_name(parts: list[str], number: int) -> None:
    name = Names().of("Company", joined(*map(slug, parts)), str(number))

    TypeAdapter(Name).validate_python(name)
