"""Check that every command with `--json` prints one JSON document when it succeeds and when it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import apply as command
from reconciler.cli.commands import COMMANDS, GROUPS
from reconciler.cli.main import run
from tests.cli.test_price_cases import GOOD
from tests.shop import ALDER, Said, Shop

SUCCEEDS: dict[str, list[str]] = {
    "init": ["init", "new"],
    "validate": ["validate"],
    "plan": ["plan"],
    "apply": ["apply", "--auto-approve"],
    "show": ["show", "Company/alder-dental"],
    "fmt": ["fmt"],
    "import": ["import", "--dry-run"],
    "schema": ["schema", "Company"],
    "unlock": ["unlock"],
    "version": ["version"],
    "usage pull": ["usage", "pull"],
    "usage coverage": ["usage", "coverage"],
    "usage report": ["usage", "report"],
    "alerts list": ["alerts", "list"],
    "test": ["test", "cases.yaml"],
}
FAILS: dict[str, list[str]] = {
    "validate": ["validate", "-C", "nowhere"],
    "plan": ["plan", "-C", "nowhere"],
    "apply": ["apply", "nowhere.json"],
    "show": ["show", "nowhere.json"],
    "init": ["init", "--currency", "euro"],
    "fmt": ["fmt", "-C", "nowhere"],
    "import": ["import", "-C", "nowhere"],
    "schema": ["schema", "Nothing"],
    "unlock": ["unlock", "-C", "nowhere"],
    "sandbox": ["sandbox", "--state", "nowhere/state.json"],
    "version": ["version", "more"],
    "usage pull": ["usage", "pull", "-C", "nowhere"],
    "usage coverage": ["usage", "coverage", "-C", "nowhere"],
    "usage report": ["usage", "report", "-C", "nowhere"],
    "alerts test": ["alerts", "test", "-C", "nowhere"],
    "test": ["test", "nowhere.yaml"],
    "alerts list": ["alerts", "list", "-C", "nowhere"],
}
MISUSE = [[], ["plann"], ["plan", "--frobnicate"], ["plan", "--only", "money"], ["show"], ["usage"], ["usage", "burn"]]


@pytest.fixture
def small(shop: Shop, tmp_path: Path) -> Shop:
    shop.patch.chdir(tmp_path)
    (tmp_path / "cases.yaml").write_text(GOOD, encoding="utf-8")
    shop.only(ALDER)
    return shop


def error_of(said: Said) -> Any:
    """Return the error; check that the document has no other key and that standard error has the message."""
    document = json.loads(said.out)
    assert document.keys() == {"error"}
    error = document["error"]
    assert {"code", "message", "where", "advice"} <= error.keys()
    assert error["code"] == said.code != 0
    assert error["message"]
    assert error["message"].splitlines()[0] in said.err
    assert not error["message"].startswith("error")
    assert said.err.count("error: error") == 0
    return error


def test_the_cases_cover_every_command_except_ledger_and_history() -> None:
    named = {name.split()[0] for name in FAILS}
    assert {*COMMANDS, *GROUPS} <= named | {"ledger", "history"}
    assert {*COMMANDS, *GROUPS} - {"sandbox", "ledger", "history"} <= {name.split()[0] for name in SUCCEEDS}


@pytest.mark.parametrize("name", SUCCEEDS)
def test_a_successful_command_prints_one_document(small: Shop, name: str) -> None:
    if name != "apply":
        small.apply()
    said = small("--json", *SUCCEEDS[name])
    assert said.code == 0, said.err
    json.loads(said.out)
    assert said.out == small(*SUCCEEDS[name], "--json").out or name in {"apply", "init", "plan", "usage pull", "show"}


@pytest.mark.parametrize("name", FAILS)
def test_a_failed_command_prints_one_document(small: Shop, name: str) -> None:
    error_of(small("--json", *FAILS[name]))
    error_of(small(*FAILS[name], "--json"))


@pytest.mark.parametrize("arguments", MISUSE)
def test_misuse_prints_one_document(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--json", *arguments]) == 1
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert error["code"] == 1
    assert "--help" in error["advice"]


def test_a_refusal_prints_one_document_and_exits_with_3(small: Shop) -> None:
    error = error_of(small("--json", "apply", stdin="no\n"))
    assert (error["code"], error["message"]) == (3, "not approved; nothing was written")
    assert "--auto-approve" in error["advice"]


def test_missing_variables_print_one_document(small: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONNECTWISE_SITE")
    monkeypatch.delenv("COVE_PASSWORD")
    error = error_of(small("plan", "--json"))
    assert "CONNECTWISE_SITE" in error["message"]
    assert "COVE_PASSWORD" in error["message"]
    assert "workspace.yaml:" in error["message"]


def test_ctrl_c_prints_one_document_and_exits_with_130(small: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reconciler.cli.plan.write_plan", interrupted)
    assert error_of(small("plan", "--json"))["code"] == 130


def test_a_partly_failed_apply_prints_its_results_and_exits_with_4(small: Shop) -> None:
    small.fault("500@/additions")
    said = small("--json", "apply", "--auto-approve")
    assert said.code == 4
    assert "results" in json.loads(said.out)


def test_an_interactive_apply_prints_the_plan_on_standard_error(small: Shop) -> None:
    said = small("--json", "apply", stdin="yes\n")
    assert said.code == 0
    assert "results" in json.loads(said.out)
    assert "Plan: 12 to create" in said.err


def test_an_error_after_the_document_prints_no_second_document(small: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = command._Run._report

    def breaks(*about: Any) -> int:
        ended(*about)
        raise RuntimeError("hunter2")

    monkeypatch.setattr(command._Run, "_report", breaks)
    said = small("--json", "apply", "--auto-approve")
    assert said.code == 0
    assert "results" in json.loads(said.out)
    assert "RuntimeError" in said.err
    assert "hunter2" not in said.err


def test_an_unexpected_error_during_apply_exits_with_4(small: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(*_: Any) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr("reconciler.cli.apply.carry_out_plan", breaks)
    error = error_of(small("--json", "apply", "--auto-approve"))
    assert error["code"] == 4
    assert "completed changes are not repeated" in error["advice"]


@pytest.mark.parametrize("command", [[], ["plan"], ["usage"], ["usage", "pull"]])
def test_help_prints_one_document(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*command, "--help"]
    for given in (["--json", *arguments], [*arguments, "--json"]):
        assert run(given) == 0
        document = json.loads(capsys.readouterr().out)
        assert document.keys() == {"help"}
        assert document["help"].startswith("Usage: reconciler")


@pytest.mark.parametrize("arguments", [["--json", "--version"], ["--version", "--json"], ["--json", "version"]])
def test_version_prints_one_document(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    assert json.loads(capsys.readouterr().out).keys() == {"version"}


def test_completion_prints_one_document(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["--json", "--show-completion", "bash"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["shell"] == "bash"
    assert "_reconciler_completion" in shown["script"]

    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(["--install-completion", "fish", "--json"]) == 0
    assert Path(json.loads(capsys.readouterr().out)["installed"]).is_file()
