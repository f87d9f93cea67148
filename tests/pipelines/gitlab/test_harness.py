"""Tests of what replaces GitLab: it must refuse what it does not know, and what GitLab would refuse."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.pipelines.gitlab.rules import UnknownRule, holds, when
from tests.pipelines.gitlab.runner import merged, status_of

VARIABLES = {"SOURCE": "push", "BRANCH": "main", "EMPTY": "", "A": "1", "B": "1"}


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ('$SOURCE == "push"', True),
        ('$SOURCE != "push"', False),
        ("$A == $B", True),
        ("$UNKNOWN == $MISSING", True),  # as in GitLab: both are null
        ("$UNKNOWN", False),
        ("$EMPTY", False),
        ('$UNKNOWN == ""', False),
        ("$SOURCE =~ /^(push|web)$/", True),
        ("$UNKNOWN =~ /x/", False),
        ('$SOURCE == "web" || ($A == $B && $BRANCH == "main")', True),
    ],
)
def test_the_value_of_a_condition(condition: str, value: bool) -> None:
    assert holds(condition, VARIABLES) is value


@pytest.mark.parametrize("condition", ["$A ==", "$A === $B", "push", '$A =~ "x"', "($A", "$A $B"])
def test_a_condition_of_another_form_is_an_error(condition: str) -> None:
    with pytest.raises(UnknownRule):
        holds(condition, VARIABLES)


def test_the_first_rule_that_holds_decides() -> None:
    rules = [{"if": '$SOURCE == "web"', "when": "always"}, {"if": "$A == $B", "changes": {"paths": ["manifests/**/*"]}}]
    assert when(rules, VARIABLES, ["manifests/customers/a.yaml"]) == "on_success"
    assert when(rules, VARIABLES, ["README.md"]) == "never"
    assert when(rules, VARIABLES | {"SOURCE": "web"}, []) == "always"
    with pytest.raises(UnknownRule):
        when([{"exists": ["x"]}], VARIABLES, [])


def test_a_job_has_what_it_extends_and_its_own() -> None:
    jobs = {
        ".base": {"interruptible": True, "variables": {"A": 1, "B": 1}},
        "job": {"extends": ".base", "variables": {"B": 2}},
    }
    assert merged(jobs, "job")["variables"] == {"A": 1, "B": 2}
    assert merged(jobs, "job")["interruptible"]
    with pytest.raises(AssertionError):
        merged({"job": {"parallel": 2}}, "job")


def test_only_an_allowed_exit_code_is_a_warning() -> None:
    job = {"allow_failure": {"exit_codes": [5]}}
    assert [status_of(job, code) for code in (0, 5, 3)] == ["success", "warning", "failed"]
    assert status_of({}, 5) == "failed"


def glab(programs: Path, folder: Path, *arguments: str, token: str = "t") -> tuple[int, str, str]:
    """Call the stand-in for `glab`, and return its exit code and what it printed."""
    note = {"on": ["merge_requests", "1"], "author": {"id": 9}, "body": "x"}
    state = {
        "project": "1", "url": "https://gitlab.example", "token": "t", "calls": [], "unknown": [], "next": 2,
        "pulls": {"1": {"iid": 1}}, "issues": {}, "jobs": {}, "commits": {},
        "comments": {str(number): {"id": number, **note} for number in range(150)},
    }  # fmt: skip
    (folder / "forge.json").write_text(json.dumps(state), encoding="utf-8")
    environ = {
        "PATH": os.environ["PATH"], "STAND_IN": str(folder), "GITLAB_TOKEN": token,
        "GITLAB_HOST": "https://gitlab.example",
    }  # fmt: skip
    done = subprocess.run(
        [programs / "glab", *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


NOTES = "projects/1/merge_requests/1/notes"


def test_pages_are_printed_one_after_the_other(programs: Path, tmp_path: Path) -> None:
    code, said, _ = glab(programs, tmp_path, "api", "--paginate", f"{NOTES}?sort=asc&per_page=100")
    assert code == 0
    assert said.count("][") == 1
    assert len(json.loads(said.replace("][", ", "))) == 150
    _, said, _ = glab(programs, tmp_path, "api", f"{NOTES}?sort=asc")
    assert len(json.loads(said)) == 20


def test_an_error_is_on_both_outputs(programs: Path, tmp_path: Path) -> None:
    """Version 1.53 prints the body of an error on standard output, so a script must look at the exit code."""
    code, said, err = glab(programs, tmp_path, "api", "projects/1/jobs/5/artifacts/plan/plan.json")
    assert (code, json.loads(said)["message"]) == (1, "404 Not found")
    assert "HTTP 404" in err
    assert glab(programs, tmp_path, "api", "user", token="other")[0] == 1


def test_only_the_author_edits_a_note_and_no_line_is_a_quick_action(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "body.md").write_text("x", encoding="utf-8")
    edit = ("api", "--method", "PUT", f"{NOTES}/7", "--field", "body=@body.md")
    assert glab(programs, tmp_path, *edit)[0] == 1
    (tmp_path / "body.md").write_text("fine\n/close\n", encoding="utf-8")
    assert glab(programs, tmp_path, "api", "--method", "POST", NOTES, "--field", "body=@body.md")[0] == 70
    (tmp_path / "body.md").write_text("fine\n```\n/close\n```\n", encoding="utf-8")
    assert glab(programs, tmp_path, "api", "--method", "POST", NOTES, "--field", "body=@body.md")[0] == 0


@pytest.mark.parametrize(
    "arguments", [("mr", "list"), ("api", "projects/1/labels"), ("api", "user", "--hostname", "y")]
)
def test_an_unknown_call_is_an_error(programs: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert glab(programs, tmp_path, *arguments)[0] == 70
