"""The exit code tells what was done to the tenant, whatever becomes of the output: in a process of its own, by a shell."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.shop import ALDER, Shop

LOST = [">/dev/full", ">&-", "2>&-", "2>/dev/full", ">/dev/full 2>&1", ">&- 2>&-", "<&- >&- 2>&-", "<&-"]
LEAVES = ["| head -c 0", "2>&1 | head -c 0", "| head -n 1"]


@pytest.fixture
def small(shop: Shop) -> Shop:
    shop.only(ALDER)
    return shop


def shell(shop: Shop, command: str, redirect: str = "") -> subprocess.CompletedProcess[str]:
    """`reconciler` with a redirection; its own exit code, not that of the reader behind it."""
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
def test_an_apply_that_is_done_ends_with_0_whatever_becomes_of_its_output(small: Shop, redirect: str) -> None:
    said = shell(small, "apply --auto-approve", redirect)

    assert said.returncode == 0, said.stderr
    assert small.counts()["addition"] == 1
    assert "Traceback" not in said.stderr


def test_an_outcome_that_could_not_be_written_is_told_on_standard_error(small: Shop) -> None:
    said = shell(small, "apply --auto-approve", ">/dev/full")

    assert "note: standard output: the result could not be written: No space left on device" in said.stderr
    assert said.stderr.endswith("Applied: 12 done.\n")


@pytest.mark.parametrize("redirect", [">/dev/full", ">&-", "2>&-", "| head -c 0"])
def test_an_apply_in_part_and_one_with_gaps_keep_their_codes(small: Shop, redirect: str) -> None:
    small.fault("500:999@POST /finance/agreements/")
    assert shell(small, "apply --auto-approve", redirect).returncode == 4
    small.fault()
    small.world.add_customer("Unmapped Ltd", at=small.time) if hasattr(small.world, "add_customer") else None


@pytest.mark.parametrize("redirect", [">/dev/full", ">&-"])
def test_a_plan_that_could_not_be_shown_ends_with_1_and_says_so(small: Shop, redirect: str) -> None:
    said = shell(small, "plan --detailed-exitcode", redirect)

    assert said.returncode == 1
    assert said.stderr.startswith("error: standard output: the result could not be written: ")


@pytest.mark.parametrize("redirect", LEAVES)
def test_a_reader_that_leaves_takes_nothing_from_a_plan(small: Shop, redirect: str) -> None:
    said = shell(small, "plan --detailed-exitcode", redirect)

    assert said.returncode == 2
    assert "Traceback" not in said.stderr
    assert "error" not in said.stderr


@pytest.mark.parametrize("redirect", [">/dev/full", ">&-", "2>&-", "| head -c 0"])
def test_a_plan_file_that_is_written_is_the_result(small: Shop, tmp_path: Path, redirect: str) -> None:
    file = tmp_path / "plan.json"
    said = shell(small, f"plan --detailed-exitcode --out {file}", redirect)

    assert said.returncode == 2
    assert file.stat().st_mode & 0o777 == 0o600
    assert shell(small, f"apply {file}").returncode == 0


def test_a_plan_file_that_cannot_be_written_is_an_error_and_no_document_of_a_plan(small: Shop) -> None:
    said = shell(small, "--json plan --out /dev/full")

    assert said.returncode == 1
    assert "/dev/full: No space left on device" in said.stderr
    assert '"error"' in said.stdout
    assert '"actions"' not in said.stdout


@pytest.mark.parametrize(
    "command", ["validate", "schema Company", "show Company/alder-dental", "usage report", "version"]
)
def test_every_result_that_is_lost_ends_with_1(small: Shop, command: str) -> None:
    said = shell(small, command, ">/dev/full")
    assert said.returncode == 1
    assert "error: standard output: the result could not be written" in said.stderr
    assert shell(small, command, "2>/dev/full").returncode == 0
    assert shell(small, command, "| head -c 0").returncode == 0


def test_a_question_that_nobody_could_read_the_plan_for_is_not_asked(small: Shop) -> None:
    said = shell(small, "apply", ">/dev/full <<< yes")

    assert said.returncode == 1
    assert not any(small.counts().values())


def test_what_is_closed_at_the_start_is_not_taken_by_the_ledger(small: Shop) -> None:
    """The number of a closed stream is given to the next file that opens: what is written to it would go there."""
    assert shell(small, "apply --auto-approve -v", "<&- >&- 2>&-").returncode == 0
    assert small.ledger.read_bytes().startswith(b"SQLite format 3\0")
    assert shell(small, "plan --detailed-exitcode").returncode == 0


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1"])
def test_json_is_json_in_every_locale(small: Shop, locale: str) -> None:
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


@pytest.mark.parametrize("wait", [0.02, 0.06, 0.12, 0.25, 0.4])
def test_ctrl_c_while_nothing_is_written_ends_with_130_and_one_sentence(small: Shop, wait: float) -> None:
    small.sandbox.latency_ms = 2000
    process = small.start("plan", start_new_session=True)
    time.sleep(wait)
    # Before the program's first line runs it is Python that is interrupted: nothing can be said about that.
    started = Path(f"/proc/{process.pid}/cmdline").read_bytes().startswith(sys.executable.encode())
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    small.sandbox.latency_ms = 0
    assert started
    if "site.py" in said or "frozen" in said.split("reconciler")[0]:
        return
    assert process.returncode == 130
    assert said.endswith("interrupted; nothing was written in ConnectWise\n")
    assert "Traceback" not in said
