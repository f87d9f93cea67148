"""`reconciler fmt`, and `validate --policy`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reconciler.cli.main import run

MANIFESTS = Path(__file__).parents[2] / "manifests"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(MANIFESTS, tmp_path / "manifests")
    return tmp_path / "manifests"


def fmt(root: Path, *arguments: str) -> int:
    return run(["-C", str(root), "fmt", *arguments])


def test_an_estate_in_the_one_layout_is_left_alone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fmt(root, "--check") == 0
    assert capsys.readouterr().err == "0 of 10 files would change\n"


def test_check_names_what_would_change_and_writes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "extra.yaml").write_text("a:    1\n")

    assert fmt(root, "--check", "--diff") == 1

    out = capsys.readouterr().out
    assert "extra.yaml" in out
    assert "+a: 1" in out
    assert (root / "extra.yaml").read_text() == "a:    1\n"


def test_a_file_is_written_in_the_one_layout(root: Path) -> None:
    (root / "extra.yaml").write_text("a:    1\n")

    assert fmt(root) == 0
    assert (root / "extra.yaml").read_text() == "a: 1\n"


def test_a_broken_file_is_named_and_the_others_are_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "broken.yaml").write_text("a: [1\n")
    (root / "latin.yaml").write_bytes(b"a: \xff\n")
    (root / "extra.yaml").write_text("a:    1\n")

    assert fmt(root) == 1

    assert (root / "extra.yaml").read_text() == "a: 1\n"
    told = capsys.readouterr().err
    assert "broken.yaml: is not in order" in told
    assert "latin.yaml" in told


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert fmt(tmp_path / "none") == 1


def test_validate_holds_the_estate_against_a_policy(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = root.parent / "policy.json"
    policy.write_text('{"properties": {"kind": {"not": {"const": "Exclusion"}}}}')

    assert run(["-C", str(root), "validate", "--policy", str(policy)]) == 1
    assert "demanded by the policy" in capsys.readouterr().out


def test_a_policy_that_is_satisfied_is_no_error(root: Path) -> None:
    policy = root.parent / "policy.json"
    policy.write_text("{}")

    assert run(["-C", str(root), "validate", "--policy", str(policy)]) == 0
