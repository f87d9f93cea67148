"""Tests of the texts of the pipelines. tests/pipelines runs them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reconciler.scaffold.pipelines import LOCK, NEW, Ci, Variables, pipelines

GITHUB = pipelines(Ci.GITHUB, "acme", "main", NEW)
WORKFLOWS = {path: yaml.safe_load(text) for path, text in GITHUB.items() if "/workflows/" in path}
JOBS = [(path, name, job) for path, workflow in WORKFLOWS.items() for name, job in workflow["jobs"].items()]
STEPS = [(path, step) for path, _, job in JOBS for step in job["steps"]]


def test_zizmor_finds_nothing_in_the_workflows_for_github(tmp_path: Path) -> None:
    for path, text in GITHUB.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    zizmor = Path(sys.executable).with_name("zizmor")
    options = ["--offline", "--no-config", "--persona", "auditor", "--strict-collection"]
    done = subprocess.run([zizmor, *options, str(tmp_path)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("completed") == len(GITHUB)


def test_each_place_is_filled_in() -> None:
    assert not [path for path, text in GITHUB.items() if "@@" in text]


def test_each_action_of_others_is_pinned_by_its_commit() -> None:
    uses = [step["uses"] for _, step in STEPS if "uses" in step]

    assert uses
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", each) for each in uses)


def test_no_value_of_an_expression_is_written_into_the_shell() -> None:
    assert not [step["name"] for _, step in STEPS if "${{" in step.get("run", "")]


def test_only_jobs_with_an_environment_have_secrets_and_only_in_the_steps_that_need_them() -> None:
    for path, name, job in JOBS:
        assert "secrets." not in str({**job, "steps": []}), (path, name)
        with_secrets = [step["name"] for step in job["steps"] if "secrets." in str(step)]
        assert bool(with_secrets) is ("environment" in job), (path, name)
        assert not [step for step in job["steps"] if "uses" in step and "secrets." in str(step)]


def test_no_step_has_both_secrets_and_the_token_of_the_job() -> None:
    assert not [step["name"] for _, step in STEPS if "secrets." in str(step) and "github.token" in str(step)]


@pytest.mark.parametrize(("path", "workflow"), WORKFLOWS.items(), ids=WORKFLOWS)
def test_a_workflow_has_no_permission_that_a_job_does_not_ask_for(path: str, workflow: dict[str, object]) -> None:
    assert workflow["permissions"] == {}
    assert workflow["defaults"] == {"run": {"shell": "bash"}}


def test_the_version_of_reconciler_is_in_the_lock_alone() -> None:
    installs = [step["run"] for _, step in STEPS if "pip" in step.get("run", "")]

    assert len(installs) == len(JOBS)
    assert set(installs) == {f"python -m pip install --no-deps --require-hashes -r {LOCK}"}


def test_the_variables_of_the_manifests_become_secrets() -> None:
    mine = Variables(connection=["KEY"], usage=["CONSOLE", "KEY"], setup=["PASSWORD"])
    made = pipelines(Ci.GITHUB, "acme", "main", mine)

    usage = yaml.safe_load(made[".github/workflows/usage.yml"])["jobs"]["usage"]["steps"]
    (step,) = [each for each in usage if each.get("id") == "apply"]
    assert step["env"] == {
        "APPROVE": "${{ inputs.approve }}", "KEY": "${{ secrets.KEY }}", "CONSOLE": "${{ secrets.CONSOLE }}",
    }  # fmt: skip
    assert "secrets.PASSWORD" in made[".github/workflows/apply.yml"]
    assert "secrets.PASSWORD" not in made[".github/workflows/plan.yml"]


def test_jobs_by_the_clock_do_not_begin_at_the_full_hour() -> None:
    for name in ("a", "acme", "billing"):
        text = pipelines(Ci.GITHUB, name, "main", NEW)[".github/workflows/usage.yml"]
        found = re.search(r'cron: "(\d+) \* \* \* \*"', text)
        assert found is not None
        assert 5 <= int(found[1]) < 55


# ── GitLab ───────────────────────────────────────────────────────────────────────────────────────────────

GITLAB = pipelines(Ci.GITLAB, "acme", "main", NEW)[".gitlab-ci.yml"]
CI = yaml.safe_load(GITLAB)
CI_JOBS = {
    name: job
    for name, job in CI.items()
    if name not in {"variables", "workflow", "stages", "default"} and name[0] != "."
}
FORGE = "reconciler-comments"
"""The environment whose only variable is the token for notes and issues."""


def test_the_pipeline_for_gitlab_fits_the_schema_of_gitlab(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text(GITLAB, encoding="utf-8")
    check = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci"]
    done = subprocess.run([*check, ".gitlab-ci.yml"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "@@" not in GITLAB


def test_the_schema_of_gitlab_finds_a_mistake(tmp_path: Path) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text(GITLAB.replace("when: always", "when: allways"), encoding="utf-8")
    check = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci"]
    assert subprocess.run([*check, ".gitlab-ci.yml"], cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_no_job_for_gitlab_has_both_credentials_and_the_token() -> None:
    """A job has the variables of its environment. The check, which forks run too, has none."""
    environments = {name: job.get("environment", {}).get("name", "") for name, job in CI_JOBS.items()}
    assert environments == {
        "check": "", "plan": "reconciler-plan", "comment": FORGE, "find": FORGE, "apply": "reconciler-apply",
        "report": FORGE, "usage": "reconciler-usage", "drift": "reconciler-drift", "issue": FORGE,
    }  # fmt: skip
    for name, job in CI_JOBS.items():
        assert ("glab" in job["variables"]["PROGRAMS"].split()) is (environments[name] == FORGE)
        assert ("GITLAB_TOKEN" in str(job["script"])) is (environments[name] == FORGE)


def test_jobs_for_gitlab_have_a_time_limit_and_only_the_apply_is_a_deployment() -> None:
    assert all("timeout" in job for job in CI_JOBS.values())
    assert [name for name, job in CI_JOBS.items() if job.get("environment", {}).get("action") != "access"] == [
        "check", "apply",
    ]  # fmt: skip
    assert CI_JOBS["apply"]["resource_group"]


def test_the_version_of_reconciler_for_gitlab_is_in_the_lock_alone() -> None:
    installs = [line for job in CI_JOBS.values() for line in job["script"] if "pip install" in line]
    assert set(installs) == {f"python -m pip install --no-deps --require-hashes -r {LOCK}"}
    assert len(installs) == len([job for job in CI_JOBS.values() if "glab" not in job["variables"]["PROGRAMS"]])


def test_the_branch_of_gitlab_may_have_another_name() -> None:
    text = pipelines(Ci.GITLAB, "acme", "trunk", NEW)[".gitlab-ci.yml"]
    assert text.count('"trunk"') == GITLAB.count('"main"')
