from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.manifests.schemas import schemas
from reconciler.planning.published import published


def test_the_schema_of_any_manifest_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schemas()["manifest"]


def test_the_schema_of_one_kind_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "Company"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Company"


@pytest.mark.parametrize("name", ["plan", "outcome"])
def test_the_schemas_of_what_commands_write_are_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out) == published()[name]


@pytest.mark.parametrize(("name", "advice"), [("Compny", "Did you mean Company?"), ("zzz", "There are Agreement")])
def test_a_misspelt_kind_is_guessed(name: str, advice: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", name]) == 1
    printed = capsys.readouterr().err
    assert f"there is no schema for {name}" in printed
    assert advice in printed


def test_all_schemas_are_written_into_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "--write", str(tmp_path / "new" / "schemas")]) == 0
    assert len(list((tmp_path / "new" / "schemas").glob("*.schema.json"))) == len(schemas()) + 2
    assert capsys.readouterr().out.startswith(f"{len(schemas()) + 2} schemas in ")


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert run(["schema", "--write", str(tmp_path / "file")]) == 1
    assert "cannot be written" in capsys.readouterr().err
