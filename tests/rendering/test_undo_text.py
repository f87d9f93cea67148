"""The lines that would bring an undone change back are listed, with the patch that reverts them."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.rendering.paint import plain
from reconciler.rendering.undo_text import undo_text

LINE = {"file": "a.yaml", "line": 3, "column": 7, "address": "Company/a", "path": "city", "message": "Orlando"}


def text(**more: Any) -> list[str]:
    return [*undo_text({"run": 2, "commit": None, "lines": [LINE], "patch": "", **more}, plain)]


def test_without_lines_nothing_is_shown() -> None:
    assert text(lines=[]) == []


def test_lines_without_a_patch_are_edited_by_hand() -> None:
    lines = text()
    assert lines[2] == "  a.yaml:3:7: Company/a city: Orlando"
    assert lines[3] == "Edit these lines, or revert the commit that changed them."
    assert text(lines=[{**LINE, "path": ""}])[2] == "  a.yaml:3:7: Company/a: Orlando"


def test_the_patch_is_shown_line_by_line_as_git_reads_it() -> None:
    lines = text(commit="abc", patch="--- a/x\n+++ b/x\n-\ta\r\n")
    assert lines[3].endswith("or revert the commit that changed them (run 2 applied abc):")
    assert lines[-3:] == ["--- a/x", "+++ b/x", "-\ta\r"]


@pytest.mark.parametrize("hidden", ["\x1b", "\u202e", "a\rb", "\u2028"])
def test_a_patch_with_characters_that_deceive_is_only_in_the_json(hidden: str) -> None:
    lines = text(patch=f"--- a/x\n+++ b/x\n-{hidden}\n")
    assert lines[3].startswith("There is no patch here: it has characters that change what a terminal shows.")
    assert lines[4] == "Edit these lines, or revert the commit that changed them."


def test_the_reason_why_there_is_no_patch_is_shown() -> None:
    assert text(no_patch="it is too large")[3] == "There is no patch here: it is too large."
