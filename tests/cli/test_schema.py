from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.cli.schema import every_schema
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
    files = {path.name: json.loads(path.read_text("utf-8")) for path in (tmp_path / "new" / "schemas").iterdir()}
    assert files == {f"{name}.schema.json": schema for name, schema in every_schema().items()}
    assert capsys.readouterr().out.startswith(f"{len(files)} schemas in ")


def test_the_written_schemas_are_named_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--json", "schema", "--write", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"folder": str(tmp_path), "schemas": sorted(every_schema())}


def test_the_schemas_are_listed_with_what_they_describe(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(every_schema())
    assert any(re.fullmatch("Product +A catalog item .*", line) for line in lines)

    assert run(["schema", "--list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["schemas"]
    assert {"name": "Product", "describes": schemas()["Product"]["description"]} in rows


def test_each_schema_has_a_name_of_its_own() -> None:
    names = [schema["$id"] for schema in every_schema().values()]
    assert len(set(names)) == len(names)
    assert not [name for name in names if "//" in name]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert run(["schema", "--write", str(tmp_path / "file")]) == 1
    assert "cannot be written" in capsys.readouterr().err
