"""A replay as text."""

from __future__ import annotations

from typing import Any

from reconciler.rendering.paint import plain
from reconciler.rendering.replay_text import replay_text

LINE = {"quantity": "120", "unit_price": "0.25", "amount": "30"}


def charge(**more: Any) -> dict[str, Any]:
    return {
        "mapping": "CustomerMapping/acme",
        "charge": "storage",
        "same": False,
        "billed": [LINE],
        "rated": [{**LINE, "unit_price": "0.3", "amount": "36"}],
        "why": "",
        "frozen_at": None,
        "before": "30",
        "after": "36",
        "difference": "6",
        **more,
    }


def text(*charges: dict[str, Any], rules: str = "own", closes: tuple[dict[str, str], ...] = ()) -> str:
    same = sum(each["same"] for each in charges)
    found = {
        "period": "2026-10",
        "rules": rules,
        "currency": "USD",
        "closes": closes,
        "customers": [{"customer": "cove/77", "name": "Acme", "charges": [*charges]}],
        "same": same,
        "different": len(charges) - same,
        "before": "30",
        "after": "36",
        "difference": "6",
    }
    return "\n".join(replay_text(found, plain, 120))


def test_a_month_that_is_the_same_has_no_table() -> None:
    lines = text(charge(same=True)).splitlines()
    assert lines[0] == "2026-10 by its own rules: 1 charge the same, 0 different."
    assert lines[1].startswith("Billed 30.00 USD, rated again 36.00 USD, difference ")
    assert len(lines) == 2


def test_a_charge_that_differs_shows_both_sides() -> None:
    found = text(charge(), rules="today")
    assert "cove/77 Acme" in found
    assert "acme.storage" in found
    assert "120 × 0.25 → 120 × 0.3" in found
    assert "2026-10 by the rules of today: 0 charges the same, 1 different." in found


def test_a_side_without_a_charge_says_none_and_why() -> None:
    found = text(charge(billed=None), charge(rated=None, why="these rules have no such charge"))
    assert found.count("none") == 2
    assert "nothing → 120 × 0.3" in found
    assert "these rules have no such charge" in found


def test_only_the_largest_differences_are_listed() -> None:
    found = text(*[charge()] * 52)
    assert found.count("acme.storage") == 50
    assert "2 more charges: --json shows all." in found


def test_a_closed_month_names_its_close_and_the_charges_that_it_did_not_freeze() -> None:
    close = {"closed_at": "2026-11-02T09:00:00+00:00", "closed_by": "ann@desk", "samples": "0123456789abcdef"}
    frozen = charge(same=True, frozen_at=close["closed_at"])
    assert "2026-10 by the rules frozen at its close: 1 charge" in text(frozen, closes=(close,))
    found = text(frozen, charge(same=True), closes=(close,)).splitlines()
    assert found[0].startswith(
        "2026-10 by the rules frozen at its close (1 charge by those of its last run): 2 charges"
    )
    assert found[-1] == "Closed 2026-11-02 09:00 UTC by ann@desk, samples 0123456789ab…"
