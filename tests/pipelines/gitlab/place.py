"""A project at GitLab with its pipeline, merge requests, notes, issues and artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.pipelines.forge import Forge
from tests.pipelines.gitlab.rules import when
from tests.pipelines.gitlab.runner import JobResult, expanded, keep_artifacts, merged, run_job, status_of
from tests.pipelines.repository import git

PROJECT, FORK = "1", "2"
URL = "https://gitlab.example"
TOKEN = "the token of the project"
BOT = 7
NOBODY = "0" * 40
_SECRET = ("CLIENT_ID", "PUBLIC_KEY", "PRIVATE_KEY", "PASSWORD", "TOKEN")
"""The ends of names of variables whose values no log, note or artifact may have."""
_PROTECTED = ("reconciler-apply", "reconciler-usage", "reconciler-drift")
"""The scopes whose variables only a protected branch gets."""
_FINE = ("success", "warning")
"""Statuses after which the jobs that need a job run."""
_NOT_JOBS = frozenset({"variables", "workflow", "stages", "default"})


@dataclass
class Request:
    """A merge request."""

    number: int
    branch: str
    head: str
    fork: bool = False
    jobs: dict[str, JobResult] = field(default_factory=dict)
    """The jobs of its newest pipeline."""


class GitLab(Forge):
    """A project at GitLab, in a folder that holds nothing else."""

    left_out: frozenset[str] = frozenset()
    """Jobs that do not run, to save time."""

    def begin(self) -> None:
        """Make an empty repository, a new tenant, and a console with two customers."""
        self._begin(project=PROJECT, url=URL, token=TOKEN, comments={}, issues={}, pulls={}, commits={}, jobs={})
        values = self._values()
        scopes = ("reconciler-plan", *_PROTECTED)
        self.secrets = {scope: dict(values) for scope in scopes} | {"reconciler-comments": {"GITLAB_TOKEN": TOKEN}}

    # ── the forge ────────────────────────────────────────────────────────────────────────────────────────

    def notes(self, request: Request, kind: str = "plan") -> list[str]:
        """Return the texts of the token's notes of a kind on a merge request."""
        found = [each for each in self.forge["comments"].values() if each["on"][1] == str(request.number)]
        return [each["body"] for each in found if each["body"].startswith(f"<!-- reconciler {kind}")]

    def note(self, request: Request, kind: str = "plan") -> str:
        """Return the text of the only such note."""
        (found,) = self.notes(request, kind)
        return found

    def say(self, request: Request, body: str, author: int = 99) -> None:
        """Write a note as a person."""
        identity = self._number()
        note = {"id": identity, "on": ["merge_requests", str(request.number)], "author": {"id": author}, "body": body}
        self.write_forge(comments={**self.forge["comments"], str(identity): note})

    def edit_note(self, old: str, new: str) -> None:
        """Replace text in all notes, as a maintainer can."""
        notes = self.forge["comments"]
        assert any(old in each["body"] for each in notes.values())
        for each in notes.values():
            each["body"] = each["body"].replace(old, new)
        self.write_forge(comments=notes)

    def issues(self, state: str = "opened") -> list[dict[str, Any]]:
        return [each for each in self.forge["issues"].values() if each["state"] == state]

    def artifact(self, request: Request, job: str = "plan") -> Path:
        """Return the folder of the artifacts of a job of a merge request."""
        return self.files / "artifacts" / str(request.jobs[job].job_id)

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────

    def open(self, branch: str = "change", *, fork: bool = False) -> Request:
        """Commit the files of the clone to a branch, and open a merge request. Its pipeline runs."""
        request = Request(self._number(), branch, "", fork)
        self.push(request)
        return request

    def push(self, request: Request) -> None:
        """Commit the files of the clone to the branch of a merge request. Its pipeline runs."""
        request.head = self.repository.commit()
        self.repository.push(request.branch)
        self.repository.set(f"refs/merge-requests/{request.number}/head", request.head)
        self._keep(request, sha=request.head)
        self.request_pipeline(request)

    def _keep(self, request: Request, **more: Any) -> None:
        before = self.forge["pulls"].get(str(request.number), {"state": "opened", "head_pipeline": None})
        source = int(FORK if request.fork else PROJECT)
        about = {"iid": request.number, "target_branch": "main", "source_project_id": source, **before, **more}
        self.write_forge(pulls={**self.forge["pulls"], str(request.number): about})

    def request_pipeline(self, request: Request, *, in_parent: bool = False, event: str = "detached") -> None:
        """Run the pipeline of a merge request. That of a fork runs in the fork, or if somebody asks in the parent."""
        base = git(self.repository.remote, "merge-base", "main", request.head)
        source = FORK if request.fork else PROJECT
        variables = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_PROJECT_ID": PROJECT if in_parent else source,
            "CI_MERGE_REQUEST_EVENT_TYPE": event,
            "CI_MERGE_REQUEST_IID": str(request.number),
            "CI_MERGE_REQUEST_PROJECT_ID": PROJECT,
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": source,
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        }
        reference = f"refs/merge-requests/{request.number}/head"
        pipeline = self._number()
        self._keep(request, head_pipeline={"id": pipeline})
        request.jobs = self.pipeline(pipeline, request.head, reference, base, variables, owned=not request.fork)

    def merge(self, request: Request, *, how: str = "merge") -> tuple[str, str]:
        """Merge a merge request. Return the tip of `main` before and after. No pipeline runs."""
        before = self.repository.tip("main")
        after = self.repository.merged(before, request.head, how=how)
        self.repository.set("refs/heads/main", after)
        self._keep(request, state="merged")
        self.write_forge(commits={**self.forge["commits"], after: [request.number]})
        return before, after

    # ── pipelines ────────────────────────────────────────────────────────────────────────────────────────

    def pushed(self, commits: tuple[str, str]) -> dict[str, JobResult]:
        """Run the pipeline of a push to `main`."""
        before, after = commits
        variables = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BEFORE_SHA": before}
        return self._on_main(after, before, variables)

    def run(self, source: str, **given: str) -> dict[str, JobResult]:
        """Run a pipeline on `main` that a schedule (`schedule`) or a person (`web`) starts, with these variables."""
        commit = self.repository.tip("main")
        variables = {"CI_PIPELINE_SOURCE": source, "CI_COMMIT_BEFORE_SHA": NOBODY}
        return self._on_main(
            commit, commit, variables, **{f"RECONCILER_{name}": value for name, value in given.items()}
        )

    def _on_main(self, commit: str, before: str, variables: Mapping[str, str], **given: str) -> dict[str, JobResult]:
        about = {**variables, "CI_PROJECT_ID": PROJECT, "CI_COMMIT_BRANCH": "main"}
        return self.pipeline(self._number(), commit, "main", before, about, protected=True, **given)

    def pipeline(
        self,
        number: int,
        commit: str,
        reference: str,
        before: str,
        variables: Mapping[str, str],
        *,
        owned: bool = True,
        protected: bool = False,
        **given: str,
    ) -> dict[str, JobResult]:
        """Run a pipeline as it is in a commit, and return its jobs. Jobs that the rules leave out are not there.

        Without `owned`, it runs in a fork, which has no variables.
        """
        content = yaml.safe_load(git(self.repository.remote, "show", f"{commit}:.gitlab-ci.yml"))
        common = {
            **variables,
            "CI": "true",
            "GITLAB_CI": "true",
            "GITLAB_USER_LOGIN": "ann",
            "CI_COMMIT_SHA": commit,
            "CI_PIPELINE_ID": str(number),
            "CI_SERVER_URL": URL,
        }
        known = content["variables"]
        assert all(value in known[name].get("options", [value]) for name, value in given.items()), given
        texts = {name: each["value"] if isinstance(each, Mapping) else each for name, each in known.items()}
        common |= {name: expanded(text, common) for name, text in texts.items()} | given
        changed = self._changed(before, commit)
        if when(content["workflow"]["rules"], common, changed) == "never":
            return {}
        jobs = {name: job for name, job in content.items() if name not in _NOT_JOBS}
        chosen: dict[str, tuple[dict[str, Any], str]] = {}
        for name in jobs:
            if not name.startswith(".") and name not in self.left_out:
                job = content["default"] | merged(jobs, name)
                moment = when(job["rules"], common, changed)
                if moment != "never":
                    chosen[name] = (job, moment)
        done: dict[str, JobResult] = {}
        for stage in content["stages"]:
            for name, (job, moment) in chosen.items():
                if job["stage"] == stage:
                    secrets = self._secrets_of(job, self.secrets if owned else {}, protected=protected)
                    needed = self._needed(job, done, set(chosen))
                    ready = moment == "always" or all(each.status in _FINE for each in needed.values())
                    about = {"name": name, "ref": reference, "pipeline": {"id": number}}
                    done[name] = self._job(job, about, common | secrets, needed) if ready else JobResult("skipped")
        self._check_secrets(done)
        assert self.forge["unknown"] == []
        return done

    def _changed(self, before: str, commit: str) -> list[str]:
        """Return the paths that differ. In a new branch, all files count as changed."""
        if before == NOBODY:
            return git(self.repository.remote, "ls-tree", "-r", "--name-only", commit).splitlines()
        return git(self.repository.remote, "diff", "--name-only", before, commit).splitlines()

    @staticmethod
    def _secrets_of(job: Mapping[str, Any], scopes: Mapping[str, dict[str, str]], *, protected: bool) -> dict[str, str]:
        scope = job.get("environment", {}).get("name", "")
        return {} if scope in _PROTECTED and not protected else scopes.get(scope, {})

    def _job(
        self,
        job: Mapping[str, Any],
        about: Mapping[str, Any],
        variables: Mapping[str, str],
        needed: Mapping[str, JobResult],
    ) -> JobResult:
        self._jobs += 1
        number = self._number()
        folder = self._folder / "jobs" / str(self._jobs)
        work = folder / "work"
        work.mkdir(parents=True)
        own = {key: expanded(str(value), variables) for key, value in job.get("variables", {}).items()}
        environ = {
            **own,
            **variables,
            "CI_JOB_ID": str(number),
            "CI_JOB_NAME": about["name"],
            "CI_JOB_URL": f"{URL}/msp/billing/-/jobs/{number}",
            "CI_PROJECT_DIR": str(work),
            "STAND_IN": str(self.files),
            "RECONCILER_NOW": self.sandbox.clock.now().isoformat(),
        }
        assert "GIT_STRATEGY" not in environ, "with `none`, the files of an earlier job stay in the folder"
        self._check_out(work, variables["CI_COMMIT_SHA"], environ["GIT_DEPTH"])
        for each in needed.values():
            self._copy_artifacts(each, work)
        jobs = self.forge["jobs"]
        jobs[str(number)] = {"id": number, **about}
        self.write_forge(jobs=jobs)
        code, log = run_job(job, work, environ, self._programs)
        status = status_of(job, code)
        keep_artifacts(job, work, self.files / "artifacts" / str(number), status)
        return JobResult(status, code, log, number)

    @staticmethod
    def _needed(job: Mapping[str, Any], done: Mapping[str, JobResult], chosen: set[str]) -> dict[str, JobResult]:
        """Return the jobs that a job waits for: those that it needs, or all of the stages before it."""
        if "needs" not in job:
            return dict(done)
        names = []
        for need in job["needs"]:
            about = {"job": need} if isinstance(need, str) else need
            if about["job"] in chosen:
                names.append(about["job"])
            else:
                assert about.get("optional"), f"GitLab refuses a pipeline that lacks {about['job']}"
        return {name: done[name] for name in names}

    def _check_out(self, work: Path, commit: str, depth: str) -> None:
        """Check out one commit with all of its history, and no branch, as the runner does."""
        assert depth == "0"
        git(work, "init", "-q", "--initial-branch=main")
        git(work, "remote", "add", "origin", f"file://{self.repository.remote}")
        git(work, "fetch", "-q", "--no-tags", "origin", commit)
        git(work, "checkout", "-q", "--detach", "FETCH_HEAD")

    def _copy_artifacts(self, job: JobResult, work: Path) -> None:
        source = self.files / "artifacts" / str(job.job_id)
        for path in sorted(source.rglob("*")):
            if path.is_file() and not path.name.startswith("report-"):
                target = work / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())

    def _check_secrets(self, jobs: Mapping[str, JobResult]) -> None:
        """Raise if a secret is in a log, a note, an issue or an artifact."""
        found = {
            value for each in self.secrets.values() for name, value in each.items() if name.endswith(_SECRET) and value
        }
        texts = [job.log for job in jobs.values()]
        texts += [each["body"] for each in self.forge["comments"].values()]
        texts += [each["description"] for each in self.forge["issues"].values()]
        texts += [path.read_text("utf-8") for path in (self.files / "artifacts").rglob("*") if path.is_file()]
        assert not [value for value in found for text in texts if value in text]
