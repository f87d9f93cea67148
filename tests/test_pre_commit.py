"""The hooks of this project and of a new repository work with pre-commit, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.main import run

ROOT = Path(__file__).parents[1]
CONFIG = "repos:\n  - repo: {}\n    rev: {}\n    hooks: [{{id: reconciler-fmt}}, {{id: reconciler-validate}}]\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a new repository whose files Git knows."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ann@msp.example")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "new"
    assert run(["init", str(folder)]) == 0
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    return folder


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def published(tmp_path: Path) -> tuple[Path, str]:
    """Return a repository that has the hooks of this project, and its commit."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", folder)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Hooks")
    return folder, git(folder, "rev-parse", "HEAD")


def pre_commit(folder: Path) -> tuple[int, str]:
    """Run all hooks on the files that Git knows. Return the exit code and what they print."""
    git(folder, "add", "-A")
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("config", ["of the new repository", "of this project"])
def test_the_hooks_pass_format_and_refuse(repository: Path, tmp_path: Path, config: str) -> None:
    if config == "of this project":
        (repository / ".pre-commit-config.yaml").write_text(CONFIG.format(*published(tmp_path)))
    code, said = pre_commit(repository)
    assert code == 0, said
    assert said.count("Passed") >= 2

    products = repository / "manifests" / "products.yaml"
    formatted = products.read_text()
    products.write_text(formatted.replace("  price: 0.15", "  price:    0.15"))
    code, said = pre_commit(repository)
    assert code == 1
    assert "files were modified by this hook" in said
    assert products.read_text() == formatted

    products.write_text(formatted.replace("price: 0.15", "price: free"))
    code, said = pre_commit(repository)
    assert code == 1
    assert "manifests/products.yaml:" in said
    assert "price: expected a number, got text" in said
