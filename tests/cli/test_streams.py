"""Tests that a lost output does not change the exit code of an apply, with redirections of a shell."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from reconciler.cli import entry
from tests.shop import ALDER, Shop

LOST = [">/dev/full", ">&-", "2>&-", "2>/dev/full", ">/dev/full 2>&1", ">&- 2>&-", "<&- >&- 2>&-", "<&-"]
LEAVES = ["| head -c 0", "2>&1 | head -c 0", "| head -n 1"]


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    shop.make_ledger()
    return shop


def shell(shop: Shop, command: str, redirect: str = "") -> subprocess.CompletedProcess[str]:
    """Run `reconciler` with a redirection; return its exit code and not that of the program after the pipe."""
    line = shlex.join([sys.executable, "-m", "reconciler", "-C", str(shop.folder), "--now", shop.now])
    script = f"{line} {command} {redirect}\nexit ${{PIPESTATUS[0]}}"
    return subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **shop.variables},
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


@pytest.mark.parametrize("redirect", [*LOST, *LEAVES])
def test_a_complete_apply_exits_with_0_even_if_its_output_is_lost(small: Shop, redirect: str) -> None:
    said = shell(small, "apply --auto-approve", redirect)

    assert said.returncode == 0, said.stderr
    assert small.counts()["addition"] == 1
    assert "Traceback" not in said.stderr


def test_an_outcome_that_standard_output_refuses_is_printed_on_standard_error(small: Shop) -> None:
    said = shell(small, "apply --auto-approve", ">/dev/full")

    assert "note: standard output: the result could not be written: No space left on device" in said.stderr
    assert said.stderr.endswith("Applied: 12 done.\n")


class Lost(StringIO):
    """A stream that refuses every write with `error`."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, _text: str, /) -> int:
        raise self.error


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), BrokenPipeError(), ValueError("closed")])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_exit_codes_4_and_5_of_an_apply_do_not_depend_on_its_output(
    small: Shop, error: Exception, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, stream, Lost(error))
    small.fault("500@/additions")
    assert small("apply", "--auto-approve").code == 4
    small.fault()
    unmapped = small.world.add_customer("Unmapped Ltd", small.time)
    small.world.add_device(unmapped.id, small.time, 10**9)
    assert small("apply", "--auto-approve").code == 5


@pytest.mark.parametrize("redirect", [">/dev/full", ">&-"])
def test_a_plan_that_cannot_be_printed_exits_with_1(small: Shop, redirect: str) -> None:
    said = shell(small, "plan --detailed-exitcode", redirect)

    assert said.returncode == 1
    assert said.stderr.startswith("error: standard output: the result could not be written: ")


@pytest.mark.parametrize("redirect", LEAVES)
def test_a_closed_pipe_does_not_change_the_exit_code_of_a_plan(small: Shop, redirect: str) -> None:
    said = shell(small, "plan --detailed-exitcode", redirect)

    assert said.returncode == 2
    assert "Traceback" not in said.stderr
    assert "error" not in said.stderr


@pytest.mark.parametrize("redirect", [">/dev/full", ">&-", "2>&-", "| head -c 0"])
def test_a_plan_with_a_written_plan_file_exits_with_2_even_if_its_output_is_lost(
    small: Shop, tmp_path: Path, redirect: str
) -> None:
    file = tmp_path / "plan.json"
    said = shell(small, f"plan --detailed-exitcode --out {file}", redirect)

    assert said.returncode == 2
    assert file.stat().st_mode & 0o777 == 0o600
    assert shell(small, f"apply {file}").returncode == 0


def test_a_plan_file_that_cannot_be_written_prints_an_error_and_no_plan(small: Shop) -> None:
    said = shell(small, "--json plan --out /dev/full")

    assert said.returncode == 1
    assert "/dev/full: No space left on device" in said.stderr
    assert '"error"' in said.stdout
    assert '"actions"' not in said.stdout


@pytest.mark.parametrize("command", ["validate", "schema Company", "show Company/alder-dental", "usage report"])
def test_a_command_exits_with_1_if_its_result_cannot_be_written(small: Shop, command: str) -> None:
    said = shell(small, command, ">/dev/full")
    assert said.returncode == 1
    assert "error: standard output: the result could not be written" in said.stderr
    assert shell(small, command, "2>/dev/full").returncode == 0
    assert shell(small, command, "| head -c 0").returncode == 0


def test_apply_writes_nothing_if_the_plan_cannot_be_printed(small: Shop) -> None:
    said = shell(small, "apply", ">/dev/full <<< yes")

    assert said.returncode == 1
    assert not any(small.counts().values())


def test_output_of_a_closed_stream_is_not_written_into_the_ledger(small: Shop) -> None:
    """The next file that opens gets the descriptor of a closed stream, so output could go into the ledger."""
    assert shell(small, "apply --auto-approve -v", "<&- >&- 2>&-").returncode == 0
    assert small.ledger.read_bytes().startswith(b"SQLite format 3\0")
    assert shell(small, "plan --detailed-exitcode").returncode == 0


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1"])
def test_json_output_is_ascii_in_every_locale(small: Shop, locale: str) -> None:
    small.edit("customers/alder-dental.yaml", "Alder Dental", "Zahnärzte 😀 Alder Dental")
    environment = {"LC_ALL": locale, "LANG": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    small.variables.update(environment)
    small.variables["PYTHONIOENCODING"] = "ascii"
    try:
        said = shell(small, "--json plan --only setup")
    finally:
        for name in (*environment, "PYTHONIOENCODING"):
            del small.variables[name]
    assert said.returncode == 0, said.stderr
    assert "\\ud83d\\ude00" in said.stdout
    assert said.stdout.isascii()


@pytest.mark.parametrize("mark", ["pydantic_core", "_ssl", "_sqlite3", "aiohttp"])
def test_ctrl_c_during_imports_or_reads_exits_with_130_and_one_message(small: Shop, mark: str) -> None:
    """Send Ctrl-C once the process has loaded the library `mark`."""
    small.sandbox.latency_ms = 2000
    process = small.start("plan", start_new_session=True)
    small.until(lambda: mark in Path(f"/proc/{process.pid}/maps").read_text(), process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    small.sandbox.latency_ms = 0

    assert process.returncode == 130, said
    assert said == "interrupted; nothing was written to ConnectWise\n"


@pytest.mark.parametrize("wrapped", [False, True])
def test_ctrl_c_during_the_first_imports_exits_with_130(
    wrapped: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python 3.11 wraps a KeyboardInterrupt in a RuntimeError if it comes while a class is created."""

    def interrupted() -> int:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            if wrapped:
                raise RuntimeError("Error calling __set_name__") from error
            raise

    monkeypatch.setattr("reconciler.cli.main.main", interrupted)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted; nothing was written to ConnectWise\n"


def test_a_failed_import_of_the_program_exits_with_1_and_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> int:
        raise ImportError("hunter2")

    monkeypatch.setattr("reconciler.cli.main.main", broken)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said == "error: cannot load reconciler (ImportError)\n  Install it again; see its README.\n"
