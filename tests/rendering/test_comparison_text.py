"""The text of the differences between two plans."""

from __future__ import annotations

from typing import Any

from reconciler.rendering.comparison_text import comparison_text


def text(*moved: dict[str, Any]) -> str:
    return "\n".join(comparison_text(moved))


def change(path: str, before: Any, after: Any) -> dict[str, Any]:
    return {"path": path, "before": before, "after": after}


def test_an_added_action_is_shown_with_its_changes() -> None:
    added = {
        "address": "Company/zeta",
        "how": "added",
        "action": "update",
        "changes": [change("city", "Tampa", "Miami"), change("company", None, {"name": "Zeta", "id": 7})],
    }

    assert text(added) == (
        "+ Company/zeta  is new in the plan: update\n"
        '    city = "Tampa" → "Miami"\n'
        "    company = Zeta"
    )  # fmt: skip


def test_an_action_that_is_gone_is_shown_without_its_changes() -> None:
    gone = {"address": "Company/a", "how": "gone", "action": "retire", "changes": [change("city", None, "Miami")]}

    assert text(gone) == "- Company/a  is no longer in the plan: retire"


def test_a_changed_action_shows_both_plans_side_by_side() -> None:
    changed = {
        "address": "Company/a",
        "how": "changed",
        "fields": [
            {"path": "city", "approved": change("city", "A", "M"), "present": change("city", "B", "M")},
            {"path": "zip", "approved": None, "present": change("zip", "1", "2")},
        ],
        "more": [
            {"name": "action", "approved": "create", "present": "update"},
            {"name": "id", "approved": None, "present": 7},
            {"name": "depends_on", "approved": ["Company/b", "Company/c"], "present": []},
        ],
    }

    assert text(changed) == (
        "~ Company/a  has changed\n"
        "    action\n      approved: create\n      now:      update\n"
        "    id in ConnectWise\n      approved: nothing\n      now:      7\n"
        "    waits for\n      approved: Company/b, Company/c\n      now:      nothing\n"
        '    city\n      approved: "A" → "M"\n      now:      "B" → "M"\n'
        '    zip\n      approved: no change\n      now:      "1" → "2"'
    )


def test_a_secret_is_never_shown() -> None:
    added = {"address": "IntegratorLogin/a", "how": "added", "action": "create", "changes": []}
    added["changes"] = [change("password", None, {"env": "PASSWORD"})]

    assert "password = (sensitive, from $PASSWORD)" in text(added)


def test_a_name_that_moves_the_cursor_is_made_harmless() -> None:
    assert "\x1b" not in text({"address": "Company/\x1b[2J", "how": "gone", "action": "update", "changes": []})


def test_more_than_fifty_actions_are_counted() -> None:
    gone = [{"address": f"Company/{n}", "how": "gone", "action": "update", "changes": []} for n in range(53)]

    lines = text(*gone).splitlines()

    assert len(lines) == 51
    assert lines[-1] == "and 3 more; --json shows all of them"
