from __future__ import annotations

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from reconciler.usage.mark import _PLAIN, MAX_LENGTH, customer_of, is_ours, mark_of

PARTS = st.tuples(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))


def test_a_short_mark_can_be_read() -> None:
    assert mark_of("cove", "456789", "acme-backup") == "rc:cove/456789/acme-backup"


def test_a_long_mark_keeps_its_beginning_and_ends_in_a_hash() -> None:
    mark = mark_of("cove", "456789", "a-customer-with-a-name-that-goes-on-and-on")
    assert mark == "rc:cove/456789/a-customer-with-a-nam" + mark[-14:]
    assert len(mark) == MAX_LENGTH
    assert mark[-14] == "#"


def test_the_mark_of_a_mapping_is_the_same_for_ever() -> None:
    """A changed mark orphans every addition that carries the old one, so this value is written out."""
    assert mark_of("cove", "1" * 20, "m" * 40) == "rc:cove/11111111111111111111/mmmmmmm#2ixgdanjni2p7"


@given(PARTS, PARTS)
def test_two_mappings_never_have_one_mark(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert (mark_of(*one) == mark_of(*other)) == (one == other)


@given(PARTS)
def test_every_mark_fits_and_is_plain_text(parts: tuple[str, str, str]) -> None:
    mark = mark_of(*parts)
    assert len(mark) <= MAX_LENGTH
    assert mark.isascii()
    assert " " not in mark
    assert is_ours(mark)


@given(PARTS)
def test_a_mark_tells_its_customer_unless_it_was_cut_before_its_end(parts: tuple[str, str, str]) -> None:
    told = customer_of(mark_of(*parts))
    assert told in (parts[:2], None)
    if sum(len(quote(part, safe=":@+,")) for part in parts) <= MAX_LENGTH - len("rc://"):
        assert told == parts[:2]


def test_a_mark_that_somebody_wrote_by_hand_tells_no_customer() -> None:
    assert customer_of("rc:backup") is None


def test_what_has_no_mark_is_not_ours() -> None:
    assert not is_ours(None)
    assert not is_ours("")
    assert not is_ours("SN-4711")


@given(PARTS)
def test_the_short_way_to_a_mark_is_the_rule_itself(parts: tuple[str, str, str]) -> None:
    for part in parts:
        if _PLAIN.fullmatch(part):
            assert quote(part, safe=":@+,") == part
