"""All that a pipeline works with: a repository at GitHub, a tenant with a console, and a ledger. It can be put back."""

from __future__ import annotations

import html
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.pipelines.forge import Forge
from tests.pipelines.repository import git
from tests.pipelines.runner import ActionFailed, JobResult, Machine, copied, run_job

NAME = "msp/billing"
BOT = "github-actions[bot]"
NOBODY = "0" * 40
_NAMED = ("CLIENT_ID", "PUBLIC_KEY", "PRIVATE_KEY", "PASSWORD")
"""The ends of names of variables whose values no log, comment or artifact may have."""
_ENVIRONMENTS = ("reconciler-plan", "reconciler-apply", "reconciler-usage")


def plain(markdown: str) -> str:
    """Return Markdown without what keeps names from being links and mentions."""
    return html.unescape(markdown).replace("\u2060", "")


@dataclass
class Pull:
    """A pull request."""

    number: int
    branch: str
    head: str
    fork: bool = False
    author: str = "ann"
    jobs: dict[str, JobResult] = field(default_factory=dict)
    """The jobs of its newest run of `plan`."""


class GitHub(Forge):
    """A repository at GitHub with its workflows, in a folder that holds nothing else."""

    def begin(self) -> None:
        """Make an empty repository, a new tenant, and a console with two customers."""
        self._begin(repository=NAME, tokens={}, ending=[], comments={}, issues={}, pulls={}, commits={}, runs={})
        values = self._values()
        self.secrets = {environment: dict(values) for environment in _ENVIRONMENTS}

    # ── the forge ────────────────────────────────────────────────────────────────────────────────────────

    def comments(self, pull: Pull, kind: str = "plan") -> list[str]:
        """Return the texts of the bot's comments of a kind on a pull request."""
        found = [each for each in self.forge["comments"].values() if each["issue"] == pull.number]
        return [each["body"] for each in found if each["body"].startswith(f"<!-- reconciler {kind}")]

    def comment(self, pull: Pull, kind: str = "plan") -> str:
        """Return the text of the only such comment."""
        (found,) = self.comments(pull, kind)
        return found

    def say(self, number: int, body: str, author: str = "eve") -> None:
        """Write a comment as a person."""
        identity = self._number()
        comment = {"id": identity, "issue": number, "user": {"login": author}, "body": body}
        self.write_forge(comments={**self.forge["comments"], str(identity): comment})

    def edit_comment(self, old: str, new: str) -> None:
        """Replace text in the bot's comments, as a maintainer can."""
        comments = self.forge["comments"]
        assert any(old in each["body"] for each in comments.values())
        for each in comments.values():
            each["body"] = each["body"].replace(old, new)
        self.write_forge(comments=comments)

    def issues(self, state: str = "open") -> list[dict[str, Any]]:
        return [each for each in self.forge["issues"].values() if each["state"] == state]

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────

    def open(self, branch: str = "change", *, fork: bool = False, author: str = "ann") -> Pull:
        """Commit the files of the clone to a branch, and open a pull request. The workflow `plan` runs."""
        head = self.repository.commit()
        if fork:
            self.repository.set(f"refs/forks/{branch}", self._sent(head))
        else:
            self.repository.push(branch)
        pull = Pull(self._number(), branch, head, fork, author)
        self._keep(pull)
        self.plan(pull)
        return pull

    def push(self, pull: Pull) -> None:
        """Commit the files of the clone to the branch of a pull request. The workflow `plan` runs."""
        pull.head = self.repository.commit()
        self.repository.push(pull.branch)
        self._keep(pull)
        self.plan(pull)

    def _sent(self, commit: str) -> str:
        git(self.repository.clone, "push", "-q", "origin", f"{commit}:refs/sent/{commit}")
        return commit

    def _keep(self, pull: Pull, **more: Any) -> None:
        source = "eve/billing" if pull.fork else NAME
        before = self.forge["pulls"].get(str(pull.number), {"merged_at": None})
        about = {
            **before,
            "number": pull.number,
            "user": {"login": pull.author},
            "head": {"sha": pull.head, "ref": pull.branch, "repo": {"full_name": source}},
            "base": {"ref": "main", "repo": {"full_name": NAME}},
            **more,
        }
        self.write_forge(pulls={**self.forge["pulls"], str(pull.number): about})

    def plan(self, pull: Pull, run: int | None = None) -> None:
        """Run the workflow `plan` on the merge result of a pull request. `run` is a run to repeat."""
        commit = self.repository.merged(self.repository.tip("main"), pull.head)
        self.repository.set(f"refs/pull/{pull.number}/merge", commit)
        about = self.forge["pulls"][str(pull.number)]
        pull.jobs = self.workflow(
            "plan", "pull_request", commit, f"refs/pull/{pull.number}/merge", head=pull.head, base_ref="main",
            head_ref=pull.branch, event={"pull_request": about, "number": pull.number}, fork=pull.fork, run=run,
        )  # fmt: skip

    def merge(self, pull: Pull, *, how: str = "merge") -> tuple[str, str]:
        """Merge a pull request. Return the tip of `main` before and after. No workflow runs."""
        before = self.repository.tip("main")
        after = self.repository.merged(before, pull.head, how=how)
        self.repository.set("refs/heads/main", after)
        self._keep(pull, merged_at="2026-11-01T07:00:00Z", merge_commit_sha=after)
        new = git(self.repository.remote, "rev-list", "--first-parent", f"{before}..{after}").split()
        self.write_forge(commits={**self.forge["commits"], **{commit: [pull.number] for commit in new}})
        return before, after

    def apply(self, pushed: tuple[str, str], **more: Any) -> JobResult:
        """Run the workflow `apply` for a push to `main`."""
        before, after = pushed
        event = {"before": before, "after": after}
        return self.workflow("apply", "push", after, "refs/heads/main", event=event, **more)["apply"]

    def dispatch(self, workflow: str, **inputs: str) -> JobResult:
        """Run a workflow by hand."""
        job = self.workflow(
            workflow, "workflow_dispatch", self.repository.tip("main"), "refs/heads/main", inputs=inputs
        )
        return job[workflow]

    def by_clock(self, workflow: str) -> JobResult:
        """Run a workflow that its schedule starts."""
        return self.workflow(workflow, "schedule", self.repository.tip("main"), "refs/heads/main")[workflow]

    # ── workflows ────────────────────────────────────────────────────────────────────────────────────────

    def workflow(
        self,
        name: str,
        event_name: str,
        commit: str,
        reference: str,
        *,
        head: str = "",
        event: Mapping[str, Any] | None = None,
        inputs: Mapping[str, str] | None = None,
        fork: bool = False,
        run: int | None = None,
        **more: str,
    ) -> dict[str, JobResult]:
        """Run all jobs of a workflow as it is in a commit, and return them by name. `run` is a run to repeat."""
        path = f".github/workflows/{name}.yml"
        text = git(self.repository.remote, "show", f"{commit}:{path}")
        content = yaml.safe_load(text)
        triggers = content[True]  # YAML 1.1 takes the key `on` for a boolean
        assert event_name in triggers, f"{name} does not run on {event_name}"
        known = ((triggers[event_name] or {}).get("inputs") or {}) if event_name == "workflow_dispatch" else {}
        assert set(inputs or {}) <= set(known)
        number = run or self._number()
        runs = self.forge["runs"]
        attempt = runs[str(number)]["run_attempt"] + 1 if run else 1
        runs[str(number)] = {
            "id": number, "path": path, "event": event_name, "head_sha": head or commit, "status": "in_progress",
            "run_attempt": attempt, "run_started_at": self.sandbox.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "html_url": f"https://github.com/{NAME}/actions/runs/{number}",
        }  # fmt: skip
        self.write_forge(runs=runs)
        contexts = {
            "inputs": {key: (inputs or {}).get(key, about.get("default", "")) for key, about in known.items()},
            "github": {
                "repository": NAME, "server_url": "https://github.com", "sha": commit, "ref": reference,
                "ref_name": reference.removeprefix("refs/heads/"), "run_id": str(number), "run_attempt": str(attempt),
                "event_name": event_name, "actor": "ann", "triggering_actor": "ann", "event": event or {},
                "base_ref": "", "head_ref": "", "token": "", **more,
            },
        }  # fmt: skip
        defaults = content.get("defaults", {})
        assert content.keys() <= {"name", True, "permissions", "env", "defaults", "concurrency", "jobs"}
        everywhere = content.get("env", {})
        found = {key: self._job(job, contexts, defaults, everywhere, fork=fork) for key, job in content["jobs"].items()}
        runs = self.forge["runs"]
        ended = "failure" if any(each.conclusion == "failure" for each in found.values()) else "success"
        runs[str(number)] |= {"status": "completed", "conclusion": ended}
        self.write_forge(runs=runs)
        self._check_secrets(found)
        assert self.forge["unknown"] == []
        return found

    def _job(
        self, job: Mapping[str, Any], contexts: Mapping[str, Any], defaults: Any, everywhere: Any, *, fork: bool
    ) -> JobResult:
        assert defaults == {"run": {"shell": "bash"}}
        self._jobs += 1
        token = f"token-of-job-{self._jobs}"
        permissions = job["permissions"]
        if fork:
            permissions = dict.fromkeys(permissions, "read")
        self.write_forge(tokens={token: permissions})
        secrets = {} if fork else self.secrets.get(job.get("environment", ""), {})
        number = contexts["github"]["run_id"]
        machine = Machine(
            programs=self._programs,
            environ={
                "STAND_IN": str(self.files),
                "RECONCILER_NOW": self.sandbox.clock.now().isoformat(),
                **everywhere,
            },
            actions={
                "actions/checkout": lambda work, given: self._check_out(work, given, contexts["github"]),
                "actions/setup-python": lambda _work, given: {"python-version": given["python-version"]},
                "actions/upload-artifact": lambda work, given: self._upload(work, given, number),
            },
        )
        given = {**contexts, "secrets": secrets, "github": {**contexts["github"], "token": token}}
        return run_job(job, given, machine, self._folder / "jobs" / str(self._jobs))

    def _check_out(self, work: Path, given: Mapping[str, str], github: Mapping[str, Any]) -> dict[str, str]:
        assert given["persist-credentials"] == "false"
        assert given.keys() <= {"persist-credentials", "fetch-depth", "ref", "clean"}
        if (work / ".git").exists() and given.get("clean", "true") == "true":
            git(work, "clean", "-ffdxq")
        self.repository.check_out(work, given.get("ref", github["sha"]), depth=int(given.get("fetch-depth", "1")))
        return {}

    def _upload(self, work: Path, given: Mapping[str, str], run: str) -> dict[str, str]:
        assert given["if-no-files-found"] == "error"
        if not (work / given["path"]).is_dir():
            raise ActionFailed("No files were found")
        target = self.files / "artifacts" / run / given["name"]
        if target.exists():
            if given.get("overwrite") != "true":
                raise ActionFailed("Conflict: an artifact with this name already exists on the workflow run")
            shutil.rmtree(target)
        copied(work / given["path"], target)
        return {}

    def artifact(self, pull: Pull) -> Path:
        """Return the folder of the newest artifact of a pull request's head."""
        runs = [each for each in self.forge["runs"].values() if each["head_sha"] == pull.head]
        return self.files / "artifacts" / str(max(each["id"] for each in runs)) / "plan"

    def _check_secrets(self, jobs: Mapping[str, JobResult]) -> None:
        """Raise if a secret is in a log, a summary, a comment, an issue or an artifact."""
        values = {
            value for each in self.secrets.values() for name, value in each.items() if name.endswith(_NAMED) and value
        }
        texts = [text for job in jobs.values() for text in (job.log, job.summary)]
        texts += [each["body"] for kind in ("comments", "issues") for each in self.forge[kind].values()]
        texts += [path.read_text("utf-8") for path in (self.files / "artifacts").rglob("*") if path.is_file()]
        assert not [value for value in values for text in texts if value in text]
