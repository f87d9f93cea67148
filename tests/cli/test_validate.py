from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli.main import run

ESTATE = Path(__file__).parent.parent.parent / "manifests"


def test_an_estate_in_order_is_ok_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(ESTATE), "validate"]) == 0
    documents = sum(path.read_text().count("kind: ") for path in ESTATE.rglob("*.yaml"))
    files = len(list(ESTATE.rglob("*.yaml")))
    defaults = 1
    printed = capsys.readouterr()
    assert printed.out == f"ok: {documents - defaults} documents in {files} files\n"
    assert printed.err == ""


def test_what_is_wrong_is_the_result_and_the_exit_code_is_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: reconciler/v1\nkind: Compny\nmetadata: {name: a}\nspec: {}\n")
    assert run(["-C", str(tmp_path), "validate"]) == 1
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.endswith(
        "a.yaml:2:7: error: there is no kind Compny\n  kind: Compny\n        ^\n  did you mean Company?\n\n"
        "2 errors in 2 files\n"
    )


def test_json_is_one_document_with_everything_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(tmp_path / "nowhere"), "--json", "validate"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["message"]) == (1, "the manifest folder does not exist")
    assert error["where"] == str(tmp_path / "nowhere")
    assert [item["severity"] for item in error["diagnostics"]] == ["error"]

    assert run(["-C", str(ESTATE), "validate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"documents": 34, "files": 10, "diagnostics": []}


def test_of_several_errors_json_tells_their_number_and_each_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text("a: 'open\n")
    (tmp_path / "b.yaml").write_text("b: [1\n")

    assert run(["-C", str(tmp_path), "validate", "--json"]) == 1

    error = json.loads(capsys.readouterr().out)["error"]
    assert error["message"] == "3 errors in 3 files"
    assert len(error["diagnostics"]) == 3


def test_warnings_are_shown_and_do_not_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in ESTATE.rglob("*.yaml"):
        text = path.read_text().replace("solution: Managed Backup, managedId", "solution: managed backup, managedId")
        (tmp_path / path.name).write_text(text)
    assert run(["-C", str(tmp_path), "validate"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("warning: this company has no management solution") == 5
    assert "\nok: " in printed


def test_one_workspace_of_several_is_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ESTATE / "workspace.yaml").read_text()
    (tmp_path / "one.yaml").write_text(text)
    (tmp_path / "two.yaml").write_text(text.replace("name: example", "name: other"))
    assert run(["-C", str(tmp_path), "validate"]) == 1
    assert run(["-C", str(tmp_path), "--workspace", "other", "validate"]) == 0
    assert "choose one with --workspace NAME" in capsys.readouterr().out


def test_a_place_can_be_opened_from_where_one_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text("kind: Nothing\n")

    assert run(["-C", str(tmp_path), "validate"]) == 1

    assert f"{tmp_path}/a.yaml:1:" in capsys.readouterr().out
