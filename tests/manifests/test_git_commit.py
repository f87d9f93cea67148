"""The commit of the manifests is found with Git, and what is only recorded is never an error."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.manifests import git
from reconciler.manifests.git import commit_of, toplevel_of


def commit_all(folder: Path, message: str = "All") -> str:
    """Commit everything in a folder, in a repository of its own if it has none, and return the commit."""
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@msp.example", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "--allow-empty", "-m", message)):
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return the manifest folder of a repository."""
    folder = tmp_path / "estate" / "manifests"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("kind: Company\n", encoding="utf-8")
    commit_all(folder.parent)
    return folder


def head(folder: Path) -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_clean_folder_is_at_its_commit(checkout: Path) -> None:
    assert commit_of(checkout, os.environ) == head(checkout)


@pytest.mark.parametrize("name", ["a.yaml", "new.yaml"])
def test_a_changed_or_new_file_marks_the_commit(checkout: Path, name: str) -> None:
    (checkout / name).write_text("kind: Contact\n", encoding="utf-8")
    assert commit_of(checkout, os.environ) == f"{head(checkout)}+dirty"


def test_a_change_outside_the_folder_does_not_count(checkout: Path) -> None:
    (checkout.parent / ".reconciler").mkdir()
    (checkout.parent / "plan.json").write_text("{}", encoding="utf-8")
    assert commit_of(checkout, os.environ) == head(checkout)


def test_a_folder_without_git_has_no_commit(tmp_path: Path) -> None:
    assert commit_of(tmp_path, os.environ) is None
    assert commit_of(tmp_path / "missing", os.environ) is None


def test_a_folder_that_git_does_not_track_has_no_commit(checkout: Path) -> None:
    other = checkout.parent / "other"
    other.mkdir()
    (other / "a.yaml").write_text("", encoding="utf-8")
    assert commit_of(other, os.environ) is None


def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("", encoding="utf-8")
    for arguments in (("init", "-q"), ("add", "-A")):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    assert commit_of(tmp_path, os.environ) is None


def test_without_the_program_there_is_no_commit(checkout: Path, tmp_path: Path) -> None:
    assert commit_of(checkout, {"PATH": str(tmp_path)}) is None


def test_the_variables_of_a_git_hook_name_no_other_checkout(checkout: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    commit_all(other)
    assert commit_of(checkout, {**os.environ, "GIT_DIR": str(other / ".git")}) == head(checkout)


def test_a_git_that_hangs_is_given_up(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "git").write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    (tools / "git").chmod(0o755)
    monkeypatch.setattr(git, "LIMIT", 0.05)
    assert commit_of(checkout, {"PATH": f"{tools}:{os.environ['PATH']}"}) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
def test_a_checkout_of_another_user_has_its_commit_and_no_claim_about_changes(checkout: Path) -> None:
    for path in (checkout.parent, *checkout.parent.rglob("*")):
        os.chown(path, 12345, 12345)
    found = commit_of(checkout, os.environ)
    assert found is not None
    assert found.endswith("+unchecked")
    assert len(found) == 40 + len("+unchecked")


def test_the_top_folder_of_a_checkout_is_found(checkout: Path, tmp_path: Path) -> None:
    assert toplevel_of(checkout, os.environ) == checkout.parent.resolve()
    assert toplevel_of(tmp_path, os.environ) is None


def test_a_program_that_cannot_be_run_is_no_git(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "git").write_text("#!/nowhere/at/all\n", encoding="utf-8")
    (tools / "git").chmod(0o755)
    assert commit_of(checkout, {"PATH": str(tools)}) is None
