"""Tests of the tag that marks an addition as ours."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.additions.tag import (
    _PLAIN,
    MAX_LENGTH,
    Tag,
    _base,
    _shortened,
    identity_of,
    is_of_source,
    parse,
    tag_of,
)

PART = st.text(min_size=1, max_size=40)
PARTS = st.tuples(PART, PART, PART, PART)
PERIODS = st.sampled_from([(None, 0), ("2026-10", 0), ("2026-10", 1), ("2027-01", 12)])


def first_version_of(source: str, customer_id: str, mapping: str) -> str:
    """Return the tag that version 0.1 wrote. It has no charge."""
    return _shortened(_base(source, customer_id, mapping), MAX_LENGTH)


def test_a_short_tag_can_be_read() -> None:
    assert tag_of("cove", "456789", "acme-backup") == "rc:cove/456789/acme-backup/storage"
    assert tag_of("cove", "1", "acme", "users", period="2026-10") == "rc:cove/1/acme/users/2026-10"
    assert tag_of("cove", "1", "acme", period="2026-10", adjustment=1) == "rc:cove/1/acme/storage/2026-10+1"


def test_a_long_tag_keeps_its_beginning_and_period_and_gets_a_hash() -> None:
    long = "a-customer-with-a-name-that-goes-on-and-on"
    assert tag_of("cove", "456789", long)[:37] == "rc:cove/456789/a-customer-with-a-nam#"
    dated = tag_of("cove", "456789", long, period="2026-10", adjustment=2)
    assert len(dated) == MAX_LENGTH
    assert dated.endswith("/2026-10+2")


def test_tags_do_not_change_between_versions() -> None:
    """If tags change, all additions with an old tag become orphans. So these values are fixed here."""
    assert tag_of("cove", "1" * 20, "m" * 40) == "rc:cove/11111111111111111111/mmmmmmm#w55z5vsu5mxah"
    assert first_version_of("cove", "1" * 20, "m" * 40) == "rc:cove/11111111111111111111/mmmmmmm#2ixgdanjni2p7"


@given(PARTS, PARTS)
def test_two_charges_never_have_the_same_tag(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (tag_of(*one) == tag_of(*other)) == (one == other)


@given(PARTS, PERIODS)
def test_every_tag_fits_and_can_be_parsed(parts: tuple[str, str, str, str], dated: tuple[str | None, int]) -> None:
    period, adjustment = dated
    text = tag_of(*parts, period=period, adjustment=adjustment)
    assert len(text) <= MAX_LENGTH
    assert text.isascii()
    assert " " not in text
    found = parse(f"{text} ")
    assert found is not None
    assert (found.identity, found.period, found.adjustment) == (identity_of(*parts), period, adjustment)
    assert found.parts in (parts, ())
    assert found.customer in (parts[:2], None)


@given(PARTS)
def test_a_tag_of_the_first_version_can_be_parsed(parts: tuple[str, str, str, str]) -> None:
    found = parse(first_version_of(*parts[:3]))
    assert found is not None
    assert found.identity == identity_of(*parts[:3], None)
    assert found.period is None


def test_a_charge_may_have_a_name_like_a_period() -> None:
    found = parse(tag_of("cove", "1", "acme", "2026-10"))
    assert found == Tag(
        identity_of("cove", "1", "acme", "2026-10"), parts=("cove", "1", "acme", "2026-10"), customer=("cove", "1")
    )


@pytest.mark.parametrize(
    "serial",
    [None, "", "SN-4711", "rc:", "rc:backup", "rc:a/b", "rc:a/b/c/d/e", "rc:a/b/c#d", "rc:a#toofew", "RC:a/b/c/d"],
)
def test_a_serial_number_without_a_tag_is_not_ours(serial: str | None) -> None:
    assert parse(serial) is None


@pytest.mark.parametrize(
    ("number", "customer"),
    [("456789", ("cove", "456789")), ("a%b c", ("cove", "a%b c")), ("9" * 60, None), ("é" * 5 + "x" * 20, None)],
)
def test_a_cut_tag_has_its_customer_if_it_is_complete(number: str, customer: tuple[str, str] | None) -> None:
    found = parse(tag_of("cove", number, "m" * 60))
    assert found is not None
    assert (found.customer, found.parts) == (customer, ())


def test_a_cut_tag_still_has_its_source() -> None:
    long = tag_of("cove", "1" * 30, "m" * 40)
    assert is_of_source(long, "cove")
    assert not is_of_source(long, "cov")
    assert not is_of_source("rc:cove/", "cove")
    assert not is_of_source(None, "cove")


@given(PARTS)
def test_the_fast_path_gives_the_same_tag(parts: tuple[str, ...]) -> None:
    for part in parts:
        if _PLAIN.fullmatch(part):
            assert quote(part, safe=":@+,") == part
