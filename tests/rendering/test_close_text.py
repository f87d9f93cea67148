"""A closed month as text, and what keeps one from being closed."""

from __future__ import annotations

from typing import Any

from reconciler.rendering.close_text import close_text, unknown_text
from reconciler.rendering.paint import plain

GAP = {"address": "cove/78", "what": "unmapped", "reason": "asked them"}


def text(**more: Any) -> list[str]:
    found = {
        "period": "2026-11",
        "changed": True,
        "closes": [{"closed_by": "ann@office", "closed_at": "2026-12-02T09:00:00+00:00"}],
        "charges": [{"customer": "cove/77"}, {"customer": "cove/77"}, {"customer": "cove/78"}],
        "billed": "1234.5",
        "currency": "USD",
        "left_open": [],
        "accepted": [],
        "true_up": [],
        **more,
    }
    return list(close_text(found, plain))


def test_a_new_close_says_who_closed_what() -> None:
    assert text() == [
        "Closed 2026-11 by ann@office at 2026-12-02 09:00 UTC.",
        "3 charges of 2 customers, 1,234.50 USD billed.",
    ]


def test_a_month_that_was_closed_before_says_so() -> None:
    assert text(changed=False)[0] == (
        "2026-11 is closed already, by ann@office at 2026-12-02 09:00 UTC. Nothing changes."
    )


def test_what_was_accepted_is_listed_with_the_reason() -> None:
    lines = text(left_open=[GAP], accepted=[{**GAP, "address": "cove", "what": "20 hours are missing"}])
    assert lines[2:] == [
        "Left out, cove: 20 hours are missing (asked them)",
        "Left open, cove/78: unmapped (asked them)",
    ]


def test_the_true_up_of_each_source_is_below() -> None:
    compared = {"source": "cove", "state": "empty", "why": None, "customers": []}
    lines = ["", "The high-water report of cove has no device, so nothing is compared."]
    assert text(true_up=[compared])[2:] == lines


def test_each_gap_has_what_to_do_and_the_option_that_accepts_it() -> None:
    gap = {"address": "cove/78", "mapping": None, "what": "unmapped", "advice": "Map it.", "accept": None}
    accepted = {**gap, "mapping": "CustomerMapping/acme", "accept": "--accept cove/78=REASON"}
    assert list(unknown_text([gap, accepted], plain)) == [
        "cove/78",
        "  unmapped",
        "  Map it.",
        "cove/78 (CustomerMapping/acme)",
        "  unmapped",
        "  Map it.",
        "  --accept cove/78=REASON",
    ]
