"""Tests of the command line: help, misuse, exit codes, completion and the options that every command has."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler import __version__
from reconciler.cli import entry
from reconciler.cli import main as cli
from reconciler.cli.main import COMMANDS, GROUPS, moment, run
from reconciler.cli.output import IN_A_PIPE, width
from reconciler.errors import ReconcilerError
from tests.shop import ALDER, EXAMPLE, Shop

UNFORESEEN = (
    "error: unexpected {}; this is a bug in reconciler\n"
    "  Run again with -v to see the places in the program, and report them.\n"
)
SCRIPT = Path(sys.executable).with_name("reconciler")


def started(*command: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


@pytest.mark.parametrize("command", [(sys.executable, "-m", "reconciler"), (str(SCRIPT),)])
def test_the_console_script_and_the_module_print_the_same_version(command: tuple[str, ...]) -> None:
    said = started(*command, "version")

    assert (said.returncode, said.stdout) == (0, f"reconciler {__version__}\n")


def test_the_main_module_runs_with_python_m() -> None:
    assert started(sys.executable, "-m", "reconciler.cli.main", "version").returncode == 0


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0

    said = capsys.readouterr().out
    for name, (_, text) in {**COMMANDS, **GROUPS}.items():
        assert f"  {name} " in said
        assert text.rstrip(".") in said


@pytest.mark.parametrize("name", [*COMMANDS, *GROUPS])
def test_each_command_has_a_help_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"reconciler {name}" in capsys.readouterr().out


def test_a_missing_command_prints_the_help_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 1
    assert capsys.readouterr().err.startswith("Usage: reconciler [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("arguments", "sentence", "advice"),
    [
        (["plann"], "No such command 'plann'", "reconciler --help"),
        (["plan", "--frobnicate"], "No such option: --frobnicate", "reconciler plan --help"),
        (["plan", "--only", "money"], "'setup', 'usage'", "reconciler plan --help"),
        (["show"], "Missing", "reconciler show --help"),
        (["usage", "burn"], "No such command 'burn'", "reconciler usage --help"),
    ],
)
def test_misuse_exits_with_1_and_names_the_help_command(
    arguments: list[str], sentence: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 1

    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert sentence in said
    assert advice in said


def test_main_returns_the_exit_code_and_the_entry_point_exits_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["reconciler", "nonsense"])
    monkeypatch.setattr(cli, "prepare", lambda: None)
    monkeypatch.setattr(cli, "quiet", lambda: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert cli.main() == 1
    assert cli.main(["version"]) == 0
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 1


def test_plan_writes_ascii_arrows_when_the_encoding_has_no_arrows(shop: Shop) -> None:
    shop.only(ALDER)
    shop.apply()
    shop.uses(ALDER, "130")
    environment = {**os.environ, **shop.variables, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}

    said = started(
        sys.executable, "-m", "reconciler", "-C", str(shop.folder), "--now", shop.now, "plan", env=environment
    )

    assert said.returncode == 0
    assert "18.15 -> 19.50 USD a month" in said.stdout


def test_a_closed_pipe_exits_with_0_and_prints_no_error(shop: Shop) -> None:
    process = shop.start("plan")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()

    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("text", "hour"), [("2026-11-01T06:00:00Z", 6), ("2026-11-01T06:00:00+02:00", 4), ("2026-11-01 06:00-05:00", 11)]
)
def test_a_time_with_a_time_zone_is_converted_to_utc(text: str, hour: int) -> None:
    assert moment(text) == datetime(2026, 11, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2026-11-01T06:00:00", "2026-11-01", "tomorrow", "", "\udcff", "2026-11-01T24:00:01Z"]
)
def test_an_invalid_time_or_a_time_without_a_time_zone_is_an_error(text: str) -> None:
    with pytest.raises(ReconcilerError, match=r"has no time zone|is not a time"):
        moment(text)


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]
)
def test_a_year_before_2000_or_after_2199_is_an_error(text: str) -> None:
    with pytest.raises(ReconcilerError, match="is not between the years 2000 and 2199"):
        moment(text)


def test_output_has_colours_only_on_a_terminal(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.only(ALDER)
    assert "\x1b[" not in shop("plan").out
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("tests.shop.run", with_terminal(monkeypatch))
    assert "\x1b[32m+" in shop("plan").out
    assert "\x1b[" not in shop("--no-color", "plan").out
    monkeypatch.setenv("NO_COLOR", "")  # an empty value counts as unset, see no-color.org
    assert "\x1b[32m+" in shop("plan").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in shop("plan").out


def with_terminal(monkeypatch: pytest.MonkeyPatch):
    def runs(argv: list[str]) -> int:
        with monkeypatch.context() as patch:
            patch.setattr(sys.stdout, "isatty", lambda: True)
            return run(argv)

    return runs


def test_reconciler_now_sets_the_time_when_the_now_option_is_missing(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_NOW", "2026-11-05T06:00:00Z")

    assert run(["-C", str(shop.folder), "--json", "plan", "--only", "setup"]) == 0

    assert '"created_at": "2026-11-05T06:00:00Z"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BrokenPipeError(), 1, ""),
        (OSError(28, "No space left on device"), 1,
         "error: No space left on device\n  Check permissions and free space.\n"),
        (OSError(13, "Permission denied", "plan.json"), 1,
         "error: plan.json: Permission denied\n  Check permissions and free space.\n"),
        (ValueError("hunter2"), 1, UNFORESEEN.format("ValueError")),
        (MemoryError("hunter2"), 1, UNFORESEEN.format("MemoryError")),
        (RecursionError("hunter2"), 1, UNFORESEEN.format("RecursionError")),
        (KeyError("hunter2"), 1, UNFORESEEN.format("KeyError")),
        (EOFError("hunter2"), 1, UNFORESEEN.format("Abort")),
        (KeyboardInterrupt(), 130, "interrupted; nothing was written to ConnectWise\n"),
        (ReconcilerError("it is closed", where="shop", advice="Come back later."), 1,
         "error: shop: it is closed\n  Come back later.\n"),
    ],
)  # fmt: skip
def test_each_exception_has_its_message_and_exit_code(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(monkeypatch, error)

    assert run(["version"]) == code
    assert capsys.readouterr().err.strip("\n") == said.strip("\n")

    assert run(["version", "--json"]) == code
    out = capsys.readouterr().out
    assert bool(out) is (said != "")
    if out:
        told = json.loads(out)["error"]
        assert told["code"] == code
        assert told["message"] in said


def broken(patch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make `reconciler version` raise `error`."""

    def raises(*_: object, **__: object) -> None:
        raise error

    patch.setattr("reconciler.cli.version.deliver_one", raises)


def test_verbose_output_names_the_source_line_of_an_unexpected_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(monkeypatch, ValueError("hunter2"))

    assert run(["version", "-v"]) == 1

    said = capsys.readouterr().err
    assert re.search(r"\n  reconciler/cli/version\.py:\d+ in version\n", said)
    assert "hunter2" not in said
    assert "Traceback" not in said


# ── options before and after the command's name ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "arguments",
    [
        ["-C", "{}", "--json", "validate"],
        ["validate", "-C", "{}", "--json"],
        ["--json", "validate", "--directory={}"],
        ["-C", "nowhere", "validate", "-C", "{}", "--json"],
        ["validate", "--json", "-v", "--no-color", "--now", "2026-11-01T06:00:00Z", "--workspace", "example", "-C{}"],
    ],
)
def test_shared_options_work_before_and_after_the_command_name(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([argument.format(EXAMPLE) for argument in arguments]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 34


def test_shared_options_work_between_a_group_and_its_command(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.only(ALDER)
    shop.apply()
    for arguments in (
        ["usage", "--json", "-C", str(shop.folder), "report", "--now", shop.now],
        ["usage", "report", "--now", shop.now, "--json", "-C", str(shop.folder)],
        ["--now", shop.now, "usage", "-C", str(shop.folder), "report", "--json"],
    ):
        capsys.readouterr()
        assert run(arguments) == 0
        assert len(json.loads(capsys.readouterr().out)) == 1


def test_shared_options_after_the_command_name_are_validated(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(EXAMPLE), "validate", "--now", "tomorrow"]) == 1
    assert capsys.readouterr().err.startswith("error: --now: tomorrow is not a time")
    assert run(["-C", str(EXAMPLE), "validate", "--workspace", "none"]) == 1


def test_the_help_of_a_command_names_the_shared_options(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["plan"], ["usage"], ["usage", "report"]):
        assert run([*command, "--help"]) == 0
        assert "Options of every command (-C, --workspace, --json" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--version"], ["version"], ["--version", "plan"]])
def test_the_version_option_and_the_version_command_print_the_version(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 0
    assert capsys.readouterr().out == f"reconciler {__version__}\n"


@pytest.mark.parametrize("columns", ["0", "1", "-5", "many", "1000000000000"])
def test_an_invalid_columns_variable_is_ignored(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert run(["plan", "--help"]) == 0
    assert width() == IN_A_PIPE


@pytest.mark.parametrize("port", ["-1", "65536", "8e3", ""])
def test_an_invalid_port_is_an_error(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "--port", port]) == 1
    assert capsys.readouterr().err.startswith("error: ")


# ── completion ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("form", ["--show-completion {}", "--show-completion={}", "-v --show-completion {} --json"])
def test_show_completion_prints_a_script_for_each_shell(
    shell: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(form.format(shell).split()) == 0
    assert "_RECONCILER_COMPLETE" in capsys.readouterr().out


def test_completion_detects_the_shell_from_the_process_or_the_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: "zsh")
    assert run(["--show-completion"]) == 0
    assert "#compdef reconciler" in capsys.readouterr().out
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: None)
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run(["--show-completion"]) == 0
    assert "complete -c reconciler" in capsys.readouterr().out
    monkeypatch.delenv("SHELL")
    assert run(["--show-completion", "--json"]) == 1
    assert "your shell could not be detected" in json.loads(capsys.readouterr().out)["error"]["message"]
    assert run(["--install-completion", "tcsh"]) == 1
    assert "there is no completion for tcsh" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shell", "words", "offered"),
    [
        ("powershell", "reconciler pl", {"plan"}),
        ("powershell", "reconciler plan --det", {"--detailed-exitcode"}),
    ],
)
def test_completion_by_typer_offers_commands_and_options(shell: str, words: str, offered: set[str]) -> None:
    environment = {
        **os.environ,
        "_RECONCILER_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": words,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": words.rsplit(" ", maxsplit=1)[-1],
    }
    said = started(str(SCRIPT), env=environment)
    assert said.returncode == 0, said.stderr
    found = said.stdout
    assert all(word in found for word in offered), found
    assert "Traceback" not in said.stderr


def test_install_completion_writes_a_file_in_the_home_folder(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path)}
    said = started(str(SCRIPT), "--install-completion", "bash", env=environment)
    assert said.returncode == 0, said.stderr
    assert list(tmp_path.rglob("reconciler*"))


def test_an_unwritable_home_folder_stops_only_install_completion() -> None:
    environment = {**os.environ, "HOME": "/proc/1/nowhere"}
    said = started(str(SCRIPT), "--install-completion", "bash", env=environment)
    assert said.returncode == 1
    assert said.stderr.startswith("error: /proc/1/nowhere")
    assert started(str(SCRIPT), "-C", str(EXAMPLE), "validate", env=environment).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["plan", "--ony"],
            "error: No such option: --ony\n  Did you mean --only? For help: ",
        ),
        (["plan", "--xyzzy"], "error: No such option: --xyzzy\n  For help: reconciler plan --help"),
        (["plan", "--only", "stup"], "error: Invalid value for '--only': 'stup' is not one of 'setup', 'usage'\n"),
    ],
)
def test_misuse_names_the_wrong_option_or_value(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 1
    assert capsys.readouterr().err.startswith(said)


def test_an_empty_now_option_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """An unset variable in a script must not select another clock for billing."""
    for arguments in (["--now", "", "validate"], ["validate", "--now", ""]):
        assert run(arguments) == 1
        assert "--now: an empty text is not a time" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["-C", "", "validate"], ["fmt", "-C", ""], ["plan", "--directory="]])
def test_an_empty_directory_option_is_an_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 1
    assert capsys.readouterr().err.startswith("error: -C: the name of the folder is empty\n")


def test_the_help_of_a_group_does_not_offer_completion(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["usage", "--help"]) == 0
    assert "completion" not in capsys.readouterr().out


@pytest.mark.parametrize("command", [["--help"], ["plan", "--help"], ["--version"]])
def test_help_and_version_report_an_output_that_cannot_be_written(command: list[str]) -> None:
    for redirection, code in (("| true; exit ${PIPESTATUS[0]}", 0), (">/dev/full", 1), (">&-", 1)):
        line = f"{shlex.join([sys.executable, '-m', 'reconciler', *command])} {redirection}"
        said = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
        assert said.returncode == code
        assert ("standard output: the result could not be written" in said.stderr) is bool(code)
