"""A value of a manifest is found by its file and line."""

from __future__ import annotations

from pathlib import Path

from reconciler.cli.places import place_finder
from tests.planning.builders import mapping


def test_a_value_has_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "test.yaml").write_text("kind: CustomerMapping\nspec:\n  measure: peak\n", encoding="utf-8")
    assert place_finder(tmp_path)(mapping(), ("spec", "measure")) == "test.yaml:3"


def test_a_file_that_is_gone_is_named_without_a_line(tmp_path: Path) -> None:
    assert place_finder(tmp_path)(mapping(), ("spec", "measure")) == "test.yaml"
