"""The values of plain and tagged scalars."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.manifests.scalars import NotANumberError, plain, tagged


@pytest.mark.parametrize(
    "text", ["no", "on", "yes", "off", "y", "2026-11-01", "12:30:45", "1_000", "0b1", "nil", "a", "-", "."]
)
def test_words_dates_and_times_stay_text(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("NULL", None),
        ("true", True),
        ("FALSE", False),
        ("12", 12),
        ("-7", -7),
        ("+7", 7),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("1.50", Decimal("1.50")),
        (".5", Decimal("0.5")),
        ("-1.", Decimal(-1)),
        ("1e3", Decimal(1000)),
        ("0.1", Decimal("0.1")),
    ],
)
def test_plain_scalars_have_the_values_of_the_yaml_1_2_core_schema(text: str, value: object) -> None:
    assert plain(text) == value
    assert type(plain(text)) is type(value)


@pytest.mark.parametrize(
    "text", [".inf", "-.Inf", ".nan", "1e99999999", "1e-99999999", "9" * 5000, "0x" + "f" * 99, "1." + "0" * 99]
)
def test_infinite_and_too_large_numbers_are_refused(text: str) -> None:
    with pytest.raises(NotANumberError):
        plain(text)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("str", "12", "12"),
        ("int", "12", 12),
        ("float", "12", Decimal(12)),
        ("float", "1.5", Decimal("1.5")),
        ("bool", "true", True),
        ("null", "", None),
    ],
)
def test_tags_of_the_core_schema_are_accepted(kind: str, text: str, value: object) -> None:
    assert tagged(kind, text) == value
    assert type(tagged(kind, text)) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"), [("int", "abc"), ("int", "1.5"), ("float", "true"), ("bool", "yes"), ("null", "0")]
)
def test_a_tag_that_does_not_fit_its_text_is_an_error(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"is not of the type !!{kind}"):
        tagged(kind, text)
