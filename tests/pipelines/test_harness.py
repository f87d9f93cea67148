"""Tests of what replaces the forge: it must refuse what it does not know, and what the forge would refuse."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.pipelines.expressions import UnknownExpression, evaluate, is_true
from tests.pipelines.log import Command, commands

STATUS = {"always": True, "success": True, "failure": False, "cancelled": False}
CONTEXTS = {
    "github": {"repository": "msp/billing", "event": {"before": "abc"}},
    "steps": {"plan": {"outputs": {"code": "5"}, "outcome": "success"}},
    "secrets": {},
    "inputs": {"digest": ""},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.repository", "msp/billing"),
        ("github.event.before == 'abc'", True),
        ("github.event.unknown", ""),
        ("secrets.ABSENT", ""),
        ("steps.plan.outputs.code || inputs.digest", "5"),
        ("inputs.digest || 'none'", "none"),
        ("!cancelled() && steps.plan.outcome == 'success'", True),
        ("github.repository != 'MSP/billing' || (failure())", False),
        ("'it''s'", "it's"),
    ],
)
def test_the_value_of_an_expression(text: str, value: object) -> None:
    assert evaluate(text, CONTEXTS, STATUS) == value


@pytest.mark.parametrize(
    "text", ["github.typo", "env.NAME", "steps.other.outputs.x", "format('x')", "github.repository ==", "1"]
)
def test_an_unknown_expression_is_an_error(text: str) -> None:
    with pytest.raises(UnknownExpression):
        evaluate(text, CONTEXTS, STATUS)


def test_after_a_failure_only_steps_run_that_ask_for_it() -> None:
    failed = {**STATUS, "success": False, "failure": True}

    assert not is_true("github.event.before == 'abc'", CONTEXTS, failed)
    assert is_true("${{ !cancelled() && github.event.before == 'abc' }}", CONTEXTS, failed)


def test_commands_are_found_where_the_runner_finds_them() -> None:
    log = "  ::warning title=A::b\nname ##[error]c\n::stop-commands::x\n::error::d\n::x::\nfine ::error::e\n::new::f\n"

    assert list(commands(log)) == [
        Command("warning", "title=A", "b"), Command("error", "", "c"), Command("stop-commands", "", "x"),
    ]  # fmt: skip


def gh(programs: Path, folder: Path, *arguments: str, **permissions: str) -> tuple[int, str]:
    """Call the stand-in for `gh` with a token that has these permissions."""
    token = {name.replace("_", "-"): level for name, level in permissions.items()}
    state = {
        "repository": "msp/billing", "tokens": {"t": token},
        "calls": [], "unknown": [], "pulls": {"1": {}}, "issues": {}, "comments": {}, "runs": {}, "next": 2,
    }  # fmt: skip
    (folder / "forge.json").write_text(json.dumps(state), encoding="utf-8")
    environ = {"PATH": os.environ["PATH"], "STAND_IN": str(folder), "GH_TOKEN": "t"}
    done = subprocess.run(
        [programs / "gh", *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_a_token_cannot_do_more_than_its_job(programs: Path, tmp_path: Path) -> None:
    path = "repos/msp/billing/issues/1/comments"

    assert gh(programs, tmp_path, "api", path, pull_requests="read") == (0, "[]\n")
    said = gh(programs, tmp_path, "api", path, "--raw-field", "body=x", pull_requests="read", contents="write")
    assert said == (1, "gh: Resource not accessible by integration (HTTP 403)\n")


def test_a_comment_has_at_most_65536_characters(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "long.md").write_text("x" * 65_537, encoding="utf-8")
    path = "repos/msp/billing/issues/1/comments"
    code, said = gh(programs, tmp_path, "api", path, "--field", "body=@long.md", pull_requests="write")

    assert code == 1
    assert "body is too long" in said


@pytest.mark.parametrize(
    "arguments", [("pr", "list"), ("api", "repos/msp/billing/labels"), ("api", "x", "--hostname", "y")]
)
def test_an_unknown_call_is_an_error(programs: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert gh(programs, tmp_path, *arguments)[0] == 70
