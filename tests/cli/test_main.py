"""The command line itself: help, misuse, exit codes, and the options that every command has."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler import __version__
from reconciler.cli import main as cli
from reconciler.cli.main import COMMANDS, GROUPS, moment, run
from reconciler.errors import ReconcilerError
from tests.shop import ALDER, Shop

SCRIPT = Path(sys.executable).with_name("reconciler")


def started(*command: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload,no-any-return]  # passes options on


@pytest.mark.parametrize("command", [(sys.executable, "-m", "reconciler"), (str(SCRIPT),)])
def test_the_console_script_and_the_module_are_the_same_program(command: tuple[str, ...]) -> None:
    said = started(*command, "version")

    assert (said.returncode, said.stdout) == (0, f"reconciler {__version__}\n")


def test_the_main_module_runs_as_a_file_too() -> None:
    assert started(sys.executable, "-m", "reconciler.cli.main", "version").returncode == 0


def test_help_names_every_command_and_needs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0

    said = capsys.readouterr().out
    for name, (_, text) in {**COMMANDS, **GROUPS}.items():
        assert f"  {name} " in said
        assert text.rstrip(".") in said


@pytest.mark.parametrize("name", [*COMMANDS, *GROUPS])
def test_each_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"reconciler {name}" in capsys.readouterr().out


def test_without_a_command_the_help_is_shown_and_nothing_was_done(capsys: pytest.CaptureFixture[str]) -> None:
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
def test_misuse_ends_with_1_and_says_where_help_is(
    arguments: list[str], sentence: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 1

    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert sentence in said
    assert advice in said


def test_main_ends_the_process_with_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["reconciler", "nonsense"])
    monkeypatch.setattr(cli, "prepare", lambda: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    with pytest.raises(SystemExit) as ended:
        cli.main(["version"])
    assert ended.value.code == 0


def test_an_output_without_arrows_is_written_all_the_same(shop: Shop) -> None:
    shop.only(ALDER)
    shop.apply()
    shop.uses(ALDER, "130")
    environment = {**os.environ, **shop.variables, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}

    said = started(
        sys.executable, "-m", "reconciler", "-C", str(shop.folder), "--now", shop.now, "plan", env=environment
    )

    assert said.returncode == 0
    assert "18.15 \\u2192 19.50 USD a month" in said.stdout


def test_a_reader_that_has_enough_ends_the_output_without_a_word(shop: Shop) -> None:
    process = shop.start("plan")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()

    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 1


@pytest.mark.parametrize(
    ("text", "hour"), [("2026-11-01T06:00:00Z", 6), ("2026-11-01T06:00:00+02:00", 4), ("2026-11-01 06:00-05:00", 11)]
)
def test_a_moment_with_its_zone_is_taken_in_utc(text: str, hour: int) -> None:
    assert moment(text) == datetime(2026, 11, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-01T06:00:00", "2026-11-01", "tomorrow", ""])
def test_a_moment_without_its_zone_is_an_error(text: str) -> None:
    with pytest.raises(ReconcilerError, match=r"has no zone|is not a time"):
        moment(text)


def test_colours_are_for_terminals_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.only(ALDER)
    assert "\x1b[" not in shop("plan").out
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("tests.shop.run", with_terminal(monkeypatch))
    assert "\x1b[32m+" in shop("plan").out
    assert "\x1b[" not in shop("--no-color", "plan").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in shop("plan").out


def with_terminal(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]  # a stand-in for `run`
    def runs(argv: list[str]) -> int:
        with monkeypatch.context() as patch:
            patch.setattr(sys.stdout, "isatty", lambda: True)
            return run(argv)

    return runs


def test_the_environments_time_is_taken_where_the_command_line_names_none(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_NOW", "2026-11-05T06:00:00Z")

    assert run(["-C", str(shop.folder), "--json", "plan", "--only", "setup"]) == 0

    assert '"created_at": "2026-11-05T06:00:00Z"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BrokenPipeError(), 1, ""),
        (OSError(28, "No space left on device"), 1, "error: standard output: No space left on device\n"),
        (OSError(13, "Permission denied", "plan.json"), 1, "error: plan.json: Permission denied\n"),
        (KeyboardInterrupt(), 130, "interrupted; nothing was written in ConnectWise\n"),
        (ReconcilerError("it is closed", where="shop", advice="Come back later."), 1,
         "error: shop: it is closed\n  Come back later.\n"),
    ],
)  # fmt: skip
def test_what_breaks_a_command_off_ends_in_a_sentence_and_its_code(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise error

    monkeypatch.setattr(cli, "_version", broken)

    assert run(["version"]) == code
    assert capsys.readouterr().err.strip("\n") == said.strip("\n")
