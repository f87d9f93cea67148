"""The result of `ledger check` says whether the ledger is whole, and what its chain does not cover."""

from __future__ import annotations

from typing import Any

from reconciler.rendering.ledger_text import check_text
from reconciler.rendering.paint import plain

WHOLE: dict[str, Any] = {"problems": [], "entries": 1200, "not_covered": {}, "not_final": {}, "seals": [], "head": None}


def text(**more: Any) -> list[str]:
    return [*check_text({**WHOLE, **more}, plain)]


def test_a_whole_ledger_names_its_entries() -> None:
    assert text() == ["The ledger is whole: 1,200 entries in its chain, and nothing was changed."]


def test_it_names_what_the_chain_does_not_cover_and_its_end() -> None:
    seal = {"period": "2025-09", "samples": 3000, "sealed_at": "2026-11-01T02:00:00Z"}
    assert text(not_covered={"pulls": 2000, "runs": 1}, not_final={"runs": 1}, seals=[seal], head="abc")[1:] == [
        "  From before the chain began, and not covered by it: 2,000 of pulls, 1 of runs.",
        "  Not in the chain yet, because their result is not known: 1 of runs.",
        "  Sealed up to 2025-09: 3,000 samples deleted on 2026-11-01.",
        "  The end of the chain: abc",
    ]


def test_a_ledger_that_was_changed_lists_the_rows_and_what_to_do() -> None:
    gap = {"table": "chain", "row": 7, "what": "is missing", "rows": 1}
    many = {"table": "samples", "row": 2, "what": "was changed", "rows": 1001}
    lines = text(problems=[gap, many])
    assert lines[:4] == [
        "chain 7: is missing",
        "samples 2: was changed (and 1,000 more)",
        "",
        "The ledger is not whole: 2 problems.",
    ]
    assert lines[4].startswith("  Keep the ledger as it is, and copy it")
