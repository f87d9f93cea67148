"""`reconciler sandbox` as a user runs it: it prints its address, serves, and stops in an orderly way."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from reconciler.cli.main import run
from reconciler.cli.sandbox import shell_lines
from reconciler.sandbox.state.sandbox import Sandbox

NAMES = [
    "CONNECTWISE_SITE",
    "CONNECTWISE_COMPANY",
    "CONNECTWISE_CLIENT_ID",
    "CONNECTWISE_PUBLIC_KEY",
    "CONNECTWISE_PRIVATE_KEY",
    "COVE_URL",
    "COVE_PARTNER",
    "COVE_USERNAME",
    "COVE_PASSWORD",
]


@dataclass
class Started:
    process: subprocess.Popen[str]
    variables: dict[str, str]
    http: httpx.Client

    def stop(self, number: int = signal.SIGINT) -> str:
        """Send the signal, and return the rest of standard output after the process has ended with 0."""
        self.process.send_signal(number)
        rest, said = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, said
        return rest


@contextmanager
def started(*arguments: str) -> Iterator[Started]:
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "sandbox", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    )
    try:
        assert process.stdout is not None
        text = ""
        for line in process.stdout:
            text += line
            if line == "}\n":
                break
        variables = json.loads(text)
        with httpx.Client(base_url=variables["CONNECTWISE_SITE"]) as http:
            yield Started(process, variables, http)
    finally:
        process.kill()
        process.communicate()


def served_until_interrupted(look: Callable[[httpx.Client], object], *arguments: str) -> int:
    """Run the command in this process, call it when it listens, send Ctrl-C, and return the exit code."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def look_and_press() -> None:
        try:
            transport = httpx.HTTPTransport(retries=8)
            with httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}") as http:
                http.get("/sandbox/clock").raise_for_status()  # it listens; before that, Ctrl-C would be Python's own
                look(http)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look_and_press)
        code = run(["sandbox", "--port", str(port), *arguments])
        looking.result()
    return code


def test_the_sandbox_prints_the_variables_when_it_listens_and_exits_with_0_on_ctrl_c() -> None:
    with started("--clock", "2026-11-01T00:00:00Z", "--customers", "12") as sandbox:
        assert list(sandbox.variables) == NAMES
        assert all(isinstance(value, str) and value for value in sandbox.variables.values())
        assert sandbox.http.get("/sandbox/state").json()["console"]["customers"] == 12

        assert sandbox.stop() == ""


def read_by_a_shell(command: str, shell: str = "bash") -> dict[str, str]:
    """Run the lines in a shell without variables, stop the sandbox, and return the variables of the shell."""
    script = f"""
        {command}
        env
        kill -INT $RECONCILER_SANDBOX_PID
        wait $! 2>/dev/null
    """
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run([shell, "-c", script], env=environ, capture_output=True, text=True, timeout=60, check=False)
    pairs = (line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return {name: value for name, value in pairs if name in NAMES}


@pytest.mark.parametrize(
    "lines",
    [
        # The reader goes on when it has the variables, though the sandbox serves on.
        "source <(exec {python} -m reconciler sandbox --format env --clock 2026-11-01T00:00:00Z)",
        "{python} -m reconciler sandbox --format env >{file} & until [ -s {file} ]; do sleep 0.05; done; . {file}",
    ],
)
def test_a_shell_can_source_the_variables(lines: str, tmp_path: Path) -> None:
    file = shlex.quote(str(tmp_path / "sandbox env"))
    found = read_by_a_shell(lines.format(python=shlex.quote(sys.executable), file=file))

    assert set(found) == set(NAMES)
    assert found["COVE_URL"] == f"{found['CONNECTWISE_SITE']}/jsonapi"
    assert found["COVE_PARTNER"] == Sandbox().variables("")["COVE_PARTNER"]


def test_each_line_is_quoted_for_every_shell() -> None:
    lines = shell_lines({"PLAIN": "a", "ODD": "it's $HOME \\ `x`"}).splitlines()

    assert lines[0] == "export PLAIN='a'"
    for shell in ("sh", "bash"):
        script = "\n".join([*lines, 'printf %s "$ODD"'])
        done = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout == "it's $HOME \\ `x`"


def test_both_formats_have_every_variable_of_the_example_estate() -> None:
    read = {
        name
        for path in (Path(__file__).parents[2] / "manifests").rglob("*.yaml")
        for name in re.findall(r"^[^#\n]*\{env: (\w+)\}", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    variables = Sandbox().variables("http://127.0.0.1:1")

    assert set(variables) == read
    assert set(re.findall(r"^export (\w+)=", shell_lines(variables), re.MULTILINE)) == read


def test_sigterm_saves_the_state_as_ctrl_c_does(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with started("--state", str(state), "--clock", "2026-11-01T00:00:00Z") as sandbox:
        sandbox.http.post("/sandbox/clock", json={"advance_hours": 30})
        sandbox.http.post("/sandbox/console/customers/1001001", json={"bytes": 123_456_789})
        sandbox.stop(signal.SIGTERM)

    def look(http: httpx.Client) -> None:
        assert http.get("/sandbox/clock").json() == {"now": "2026-11-02T06:00:00+00:00", "frozen": True}
        assert http.get("/sandbox/console/customers/1001001").json()["bytes"] == 123_456_789
        assert len(http.get("/sandbox/console/customers").json()) == 6

    assert served_until_interrupted(look, "--state", str(state), "--customers", "40") == 0


def test_the_signal_handlers_are_restored_after_ctrl_c() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    assert served_until_interrupted(lambda http: None) == 0
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_clock_given_with_a_state_moves_its_time(tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")

    def runs(http: httpx.Client) -> None:
        assert http.get("/sandbox/clock").json()["frozen"] is False

    def stands(http: httpx.Client) -> None:
        assert http.get("/sandbox/clock").json() == {"now": "2026-12-31T23:00:00+00:00", "frozen": True}

    assert served_until_interrupted(runs, "--state", state) == 0
    assert served_until_interrupted(stands, "--state", state, "--clock", "2027-01-01T00:00:00+01:00") == 0


def test_a_port_in_use_is_an_error_with_advice(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["sandbox", "--port", str(port)]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert f"port {port} of 127.0.0.1 cannot be used" in said.err
    assert "--port 0" in said.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--clock", "2026-11-01T00:00:00"], "has no zone"),
        (["--clock", "noon"], "is not a time"),
        (["--fault", "flood"], "unknown fault 'flood'"),
        (["--customers", "-1"], "--customers"),
        (["--port", "70000"], "--port"),
    ],
)
def test_an_invalid_option_is_an_error_with_a_reason(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", *arguments]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_a_file_that_is_not_a_state_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state.json").write_text("{}", encoding="utf-8")

    assert run(["sandbox", "--state", str(tmp_path / "state.json")]) == 1
    assert "not a state of the sandbox" in capsys.readouterr().err


def test_a_state_that_cannot_be_read_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "--state", str(tmp_path)]) == 1
    assert "the state cannot be read" in capsys.readouterr().err


def test_a_state_in_a_missing_folder_is_refused_before_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", "--state", str(tmp_path / "missing" / "state.json")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_a_state_that_cannot_be_written_is_an_error_with_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()

    assert served_until_interrupted(lambda http: folder.rmdir(), "--state", str(folder / "state.json")) == 1
    assert "the state could not be written" in capsys.readouterr().err


def test_faults_and_latency_are_active_from_the_start() -> None:
    def look(http: httpx.Client) -> None:
        assert http.get("/sandbox/faults").json()["faults"] == ["429:1@/login", "slow:ms=1"]
        assert http.get("/sandbox/state").json()["settings"]["latency_ms"] == 2
        assert http.get("/login/companyinfo/sandbox").status_code == 429

    bad_days = ("--fault", "429:1@/login", "--fault", "slow:ms=1", "--latency-ms", "2")
    assert served_until_interrupted(look, *bad_days) == 0


def test_the_population_messy_is_served_with_its_truth() -> None:
    def look(http: httpx.Client) -> None:
        assert len(http.get("/sandbox/truth").json()["customers"]) == 12

    assert served_until_interrupted(look, "--population", "messy", "--customers", "12") == 0
