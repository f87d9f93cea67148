"""A bare remote with branches and merges, as a forge keeps it, and a clone to work in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_WHO = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (
    ("NAME", "Ann"), ("EMAIL", "ann@msp.example"), ("DATE", "2026-11-01T06:00:00Z"),
)}  # fmt: skip


def git(folder: Path, *arguments: str) -> str:
    """Run Git in a folder, and return what it prints. It must succeed."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **_WHO}
    done = subprocess.run(["git", *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


class Repository:
    """The remote, in `remote.git` of a folder, and a clone in `clone`."""

    def __init__(self, folder: Path) -> None:
        self.remote = folder / "remote.git"
        self.clone = folder / "clone"

    def create(self) -> None:
        """Make an empty remote, and a clone of it."""
        self.remote.mkdir()
        git(self.remote, "init", "-q", "--bare", "--initial-branch=main")
        git(self.remote, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(self.remote.parent, "clone", "-q", str(self.remote), str(self.clone))

    def commit(self, message: str = "A change") -> str:
        """Commit all files of the clone, and return the commit."""
        git(self.clone, "add", "-A")
        git(self.clone, "commit", "-q", "--allow-empty", "-m", message)
        return git(self.clone, "rev-parse", "HEAD")

    def push(self, branch: str) -> None:
        git(self.clone, "push", "-q", "--force", "origin", f"HEAD:refs/heads/{branch}")

    def branch(self, name: str, start: str = "origin/main") -> None:
        """Check out a new branch in the clone."""
        git(self.clone, "fetch", "-q", "origin")
        git(self.clone, "checkout", "-q", "--no-track", "-B", name, start)

    def tip(self, branch: str) -> str:
        return git(self.remote, "rev-parse", f"refs/heads/{branch}")

    def parent(self, commit: str) -> str:
        return git(self.remote, "rev-parse", f"{commit}^")

    def merged(self, base: str, head: str, *, how: str = "merge") -> str:
        """Return a commit that merges a commit into a branch of the remote: `merge`, `squash` or `rebase`."""
        if how == "rebase":  # each commit of the branch anew, on top of the base
            git(self.clone, "fetch", "-q", "origin")
            git(self.clone, "checkout", "-q", "--detach", base)
            git(self.clone, "cherry-pick", "-x", "--allow-empty", f"{base}..{head}")
            git(self.clone, "push", "-q", "origin", "HEAD:refs/sent/rebased")
            return git(self.clone, "rev-parse", "HEAD")
        tree = git(self.remote, "merge-tree", "--write-tree", base, head).splitlines()[0]
        if how == "merge":
            return git(self.remote, "commit-tree", tree, "-p", base, "-p", head, "-m", "Merge")
        return git(self.remote, "commit-tree", tree, "-p", base, "-m", "A change")

    def set(self, reference: str, commit: str) -> None:
        git(self.remote, "update-ref", reference, commit)

    def check_out(self, work: Path, reference: str, *, depth: int) -> None:
        """Check out a commit into a folder as actions/checkout does. With depth 0, all branches are there too."""
        if not (work / ".git").exists():
            git(work, "init", "-q", "--initial-branch=main")
            git(work, "remote", "add", "origin", f"file://{self.remote}")
        if depth == 0:
            git(work, "fetch", "-q", "--no-tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
            git(work, "fetch", "-q", "--no-tags", "origin", reference)
        else:
            git(work, "fetch", "-q", "--no-tags", f"--depth={depth}", "origin", reference)
        git(work, "checkout", "-q", "--force", "--detach", "FETCH_HEAD")
