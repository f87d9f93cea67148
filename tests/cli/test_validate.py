"""Tests of `reconciler validate`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reconciler.cli.main import run

ESTATE = Path(__file__).parent.parent.parent / "manifests"


def test_valid_manifests_are_counted_and_exit_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(ESTATE), "validate"]) == 0
    documents = sum(path.read_text().count("kind: ") for path in ESTATE.rglob("*.yaml"))
    files = len(list(ESTATE.rglob("*.yaml")))
    defaults = 1
    printed = capsys.readouterr()
    assert printed.out == f"ok: {documents - defaults} documents in {files} files\n"
    assert printed.err == ""


def test_errors_are_printed_on_standard_output_and_exit_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: reconciler/v1\nkind: Compny\nmetadata: {name: a}\nspec: {}\n")
    assert run(["-C", str(tmp_path), "validate"]) == 1
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.endswith(
        "a.yaml:2:7: error: there is no kind Compny\n  kind: Compny\n        ^\n  did you mean Company?\n\n"
        "2 errors in 2 files\n"
    )


def test_json_output_is_one_object_with_all_diagnostics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(tmp_path / "nowhere"), "--json", "validate"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["message"]) == (1, "the manifest folder does not exist")
    assert error["where"] == str(tmp_path / "nowhere")
    assert [item["severity"] for item in error["diagnostics"]] == ["error"]

    assert run(["-C", str(ESTATE), "validate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "documents": 34,
        "files": 10,
        "proposed": [],
        "diagnostics": [],
    }


def test_json_output_has_the_number_of_errors_and_a_diagnostic_for_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text("a: 'open\n")
    (tmp_path / "b.yaml").write_text("b: [1\n")

    assert run(["-C", str(tmp_path), "validate", "--json"]) == 1

    error = json.loads(capsys.readouterr().out)["error"]
    assert error["message"] == "3 errors in 3 files"
    assert len(error["diagnostics"]) == 3


def test_warnings_are_printed_and_exit_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in ESTATE.rglob("*.yaml"):
        text = path.read_text().replace("solution: Managed Backup, managedId", "solution: managed backup, managedId")
        (tmp_path / path.name).write_text(text)
    assert run(["-C", str(tmp_path), "validate"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("warning: this company has no management solution") == 5
    assert "\nok: " in printed


def test_workspace_chooses_one_of_several_workspaces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ESTATE / "workspace.yaml").read_text()
    (tmp_path / "one.yaml").write_text(text)
    (tmp_path / "two.yaml").write_text(text.replace("name: example", "name: other"))
    assert run(["-C", str(tmp_path), "validate"]) == 1
    assert run(["-C", str(tmp_path), "--workspace", "other", "validate"]) == 0
    assert "choose one with --workspace NAME" in capsys.readouterr().out


def test_an_error_is_printed_with_the_full_path_of_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text("kind: Nothing\n")

    assert run(["-C", str(tmp_path), "validate"]) == 1

    assert f"{tmp_path}/a.yaml:1:" in capsys.readouterr().out


@pytest.mark.parametrize(("proposed", "listed"), [(1, 1), (12, 10)])
def test_proposed_documents_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], proposed: int, listed: int
) -> None:
    shutil.copy(ESTATE / "workspace.yaml", tmp_path)
    documents = [
        "apiVersion: reconciler/v1\nkind: ManagementSolution\n"
        f"metadata: {{name: s{number}, proposed: true}}\n"
        f'spec: {{company: {{id: 1}}, solution: S, managedId: "{number}"}}\n'
        for number in range(proposed)
    ]
    (tmp_path / "solutions.yaml").write_text("---\n".join(documents), encoding="utf-8")

    assert run(["-C", str(tmp_path), "validate"]) == 0
    printed = capsys.readouterr().out
    assert f"{proposed} of them are proposed" in printed
    assert printed.count("  ManagementSolution/s") == listed
    assert ("more; to list all" in printed) == (proposed > listed)

    assert run(["-C", str(tmp_path), "--json", "validate"]) == 0
    assert len(json.loads(capsys.readouterr().out)["proposed"]) == proposed


def test_a_single_document_is_counted_without_an_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(ESTATE / "workspace.yaml", tmp_path)

    assert run(["-C", str(tmp_path), "validate"]) == 0
    assert capsys.readouterr().out == "ok: 1 document in 1 file\n"


def test_errors_are_annotations_of_github(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: reconciler/v1\nkind: Compny\nmetadata: {name: a}\nspec: {}\n")
    assert run(["-C", str(tmp_path), "validate", "--format", "github"]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith(f"::error file={tmp_path}/a.yaml,line=2,col=7::")]
    assert all(line.startswith("::error ") for line in lines)


def test_errors_are_sarif_for_code_scanners(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: reconciler/v1\nkind: Compny\nmetadata: {name: a}\nspec: {}\n")
    assert run(["-C", str(tmp_path), "validate", "--format", "sarif"]) == 1

    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"] for each in results]
    assert {
        "artifactLocation": {"uri": f"{tmp_path}/a.yaml"},
        "region": {"startLine": 2, "startColumn": 7},
    } in places


def test_valid_manifests_have_no_annotations(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(ESTATE), "validate", "--format", "github"]) == 0
    assert capsys.readouterr().out == ""
    assert run(["-C", str(ESTATE), "validate", "--format", "sarif"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"] == []


def test_json_and_a_format_cannot_be_used_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--json", "-C", str(ESTATE), "validate", "--format", "github"]) == 1
    assert "--json and --format github cannot be used together" in capsys.readouterr().err
