"""`reconciler sandbox` as a person meets it: a process that says where it is, serves, and stops in good order."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from reconciler.cli.main import run

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
        """Send the signal; what else was on standard output, once the process has ended well."""
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


def test_it_prints_the_variables_once_it_listens_and_ends_well_on_ctrl_c() -> None:
    with started("--clock", "2026-11-01T00:00:00Z", "--customers", "12") as sandbox:
        assert list(sandbox.variables) == NAMES
        assert all(isinstance(value, str) and value for value in sandbox.variables.values())
        assert sandbox.http.get("/sandbox/state").json()["console"]["customers"] == 12

        assert sandbox.stop() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_state_file_is_written_at_the_end_and_gone_on_from(tmp_path: Path, number: int) -> None:
    state = tmp_path / "state.json"
    with started("--state", str(state), "--clock", "2026-11-01T00:00:00Z") as sandbox:
        sandbox.http.post("/sandbox/clock", json={"advance_hours": 30})
        sandbox.http.post("/sandbox/console/customers/1001001", json={"bytes": 123_456_789})
        sandbox.stop(number)

    with started("--state", str(state), "--customers", "40") as sandbox:
        assert sandbox.http.get("/sandbox/clock").json() == {"now": "2026-11-02T06:00:00+00:00", "frozen": True}
        assert sandbox.http.get("/sandbox/console/customers/1001001").json()["bytes"] == 123_456_789
        assert len(sandbox.http.get("/sandbox/console/customers").json()) == 6


def test_a_clock_given_with_a_state_moves_its_time(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with started("--state", str(state)) as sandbox:
        assert sandbox.http.get("/sandbox/clock").json()["frozen"] is False
        sandbox.stop()

    with started("--state", str(state), "--clock", "2027-01-01T00:00:00+01:00") as sandbox:
        assert sandbox.http.get("/sandbox/clock").json() == {"now": "2026-12-31T23:00:00+00:00", "frozen": True}


def test_a_port_in_use_ends_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
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
        (["--clock", "2026-11-01T00:00:00"], "names no zone"),
        (["--clock", "noon"], "is no time"),
        (["--fault", "flood"], "unknown fault 'flood'"),
        (["--customers", "-1"], "--customers"),
        (["--port", "70000"], "--port"),
    ],
)
def test_a_wrong_option_ends_in_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", *arguments]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_a_state_that_is_none_ends_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state.json").write_text("{}", encoding="utf-8")

    assert run(["sandbox", "--state", str(tmp_path / "state.json")]) == 1
    assert "not a state of the sandbox" in capsys.readouterr().err


def test_a_state_that_cannot_be_read_ends_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "--state", str(tmp_path)]) == 1
    assert "the state cannot be read" in capsys.readouterr().err


def test_a_state_in_a_folder_that_does_not_exist_is_refused_before_anything_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", "--state", str(tmp_path / "missing" / "state.json")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_a_state_that_cannot_be_written_ends_in_a_sentence_and_exit_1(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with started("--state", str(folder / "state.json")) as sandbox:
        folder.rmdir()
        sandbox.process.send_signal(signal.SIGINT)
        _, said = sandbox.process.communicate(timeout=30)

    assert sandbox.process.returncode == 1
    assert "the state could not be written" in said


def test_faults_and_latency_are_in_force_from_the_start() -> None:
    with started("--fault", "429:1@/login", "--fault", "slow:ms=1", "--latency-ms", "2") as sandbox:
        assert sandbox.http.get("/sandbox/faults").json()["faults"] == ["429:1@/login", "slow:ms=1"]
        assert sandbox.http.get("/sandbox/state").json()["settings"]["latency_ms"] == 2
        assert sandbox.http.get("/login/companyinfo/sandbox").status_code == 429
