"""Errors and warnings as text and as JSON."""

from __future__ import annotations

from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.manifests.diagnostics import Diagnostic, ManifestError


def test_a_diagnostic_shows_the_place_the_line_a_caret_and_the_suggestion() -> None:
    found = Diagnostic("there is no field nmae here", "did you mean name?", "a.yaml", 3, 5, "    nmae: x")
    assert str(found) == (
        "a.yaml:3:5: error: there is no field nmae here\n      nmae: x\n      ^\n  did you mean name?"
    )


def test_a_diagnostic_without_place_and_suggestion_is_one_line() -> None:
    assert str(Diagnostic("there is no Workspace", "", "manifests")) == "manifests: error: there is no Workspace"


def test_a_very_long_line_is_cut_around_the_caret() -> None:
    text = "a: " + "x" * 500 + " HERE " + "y" * 500
    _, shown, caret, *_ = str(Diagnostic("m", "s", "f", 1, text.index("HERE") + 1, text)).split("\n")
    assert len(shown) <= 162
    assert shown[caret.index("^") :].startswith("HERE")


def test_a_tab_does_not_shift_the_caret() -> None:
    _, shown, caret = str(Diagnostic("m", "", "f", 1, 3, "\ta b")).split("\n")
    assert shown[caret.index("^")] == " "
    assert len(caret) == 5


def test_a_manifest_error_lists_each_diagnostic_once_in_order_and_counts_them() -> None:
    first, second = Diagnostic("x", "", "a.yaml", 2, 1), Diagnostic("y", "", "b.yaml", 1, 1)
    warning = Diagnostic("z", "", "c.yaml", 1, 1, severity="warning")
    error = ManifestError([warning, second, first, second])
    assert error.diagnostics == (first, second, warning)
    assert str(error).endswith("2 errors in 2 files")
    assert isinstance(error, ReconcilerError)
    assert error.exit_code == 1
    assert str(ManifestError([first])).endswith("1 error in 1 file")


def test_a_diagnostic_has_a_json_form() -> None:
    assert Diagnostic("x", "do y", "a.yaml", 2, 1, "t").to_json() == {
        "severity": "error",
        "message": "x",
        "suggestion": "do y",
        "file": "a.yaml",
        "line": 2,
        "column": 1,
        "text": "t",
    }


def test_file_names_in_a_manifest_error_include_the_folder() -> None:
    of_file, of_folder = Diagnostic("is UTF-16", "", "sub/a.yaml"), Diagnostic("there is no Workspace", "", "manifests")
    said = str(ManifestError([of_file, of_folder], Path("manifests")))
    assert "manifests/sub/a.yaml: error: is UTF-16\n" in said
    assert "manifests: error: there is no Workspace\n" in said
