"""Read from Git the commit of the manifests, the files that differ from a revision, and their content in it.

Git is called as a program. The name of a revision comes from outside, and never becomes an option.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.errors import ReconcilerError

WHERE = "--changed-since"
_PATIENCE = 120.0
"""Seconds after which a command of Git is given up."""
LIMIT = 10.0
"""Seconds after which a command is given up if its output is only recorded, such as the commit."""
_LINK, _SUBMODULE, _NOTHING = "120000", "160000", "000000"
_OF_ANOTHER_REPOSITORY = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
)
"""Variables that a hook of Git sets. They would make Git look at another repository, index or set of files."""


@dataclass(frozen=True, slots=True)
class Differences:
    """The differences between the files of a folder and a commit. All paths are relative to the folder."""

    commit: str
    """The commit with which the files were compared: the merge base of the revision and `HEAD`."""
    before: Mapping[str, bytes | None]
    """By path of a file that differs: its content in the commit. None if the commit does not have it."""
    links: Sequence[str] = ()
    """Symbolic links that differ."""
    submodules: Sequence[str] = ()
    """Submodules that differ, whose files Git does not list."""
    folders: Sequence[str] = field(default=())
    """Repositories in the folder that Git does not track, whose files it does not list."""


def commit_of(folder: Path, environ: Mapping[str, str]) -> str | None:
    """Return the commit of the manifests in a folder. None without Git, or if Git tracks no file there.

    `+dirty` follows the commit if files in the folder differ from it or are new. `+unchecked` follows it if that cannot
    be told, as in a checkout that belongs to another user: Git compares no files there, because the configuration of
    such a checkout can run programs.
    """
    if not _said(folder, environ, *_TRUSTED, "ls-files", "--", "."):
        return None
    commit = _said(folder, environ, *_TRUSTED, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    changed = _said(folder, environ, "status", "--porcelain", "--", ".")
    return commit + ("+unchecked" if changed is None else "+dirty" if changed else "")


def toplevel_of(folder: Path, environ: Mapping[str, str]) -> Path | None:
    """Return the top folder of the checkout that a folder is in. None without Git or a checkout."""
    found = _said(folder, environ, *_TRUSTED, "rev-parse", "--show-toplevel")
    return Path(found).resolve() if found else None


def remote_branch(folder: Path, environ: Mapping[str, str]) -> str | None:
    """Return the default branch of the remote `origin`, as the clone knows it. None if it knows none."""
    found = _said(folder, environ, *_TRUSTED, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    return found.removeprefix("origin/") if found else None


def only_branch(folder: Path, environ: Mapping[str, str]) -> str | None:
    """Return the branch that a checkout is on, if it has no other. It may have no commit yet."""
    found = _said(folder, environ, *_TRUSTED, "symbolic-ref", "--quiet", "--short", "HEAD")
    others = _said(folder, environ, *_TRUSTED, "for-each-ref", "--format=%(refname:short)", "refs/heads")
    return found if found and others in {"", found} else None


def ignored(folder: Path, paths: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    """Return those paths of files in a folder that Git ignores and does not track. None without a checkout."""
    found = _said(folder, environ, *_TRUSTED, "check-ignore", "--", *paths)
    return found.splitlines() if found else []


_TRUSTED = ("-c", "safe.directory=*")
"""Lets Git read the checkout of another user. Only for commands that run no program of its configuration."""


def _said(folder: Path, environ: Mapping[str, str], *arguments: str) -> str | None:
    """Return the output of Git without white space at its ends. None if Git is missing, fails or takes too long."""
    try:
        code, out, _ = _run(folder, *arguments, environ=environ, patience=LIMIT)
    except ReconcilerError:  # the output is only recorded, so a folder without Git is no error
        return None
    return out.decode("utf-8", "replace").strip() if code == 0 else None


def differences(folder: Path, revision: str) -> Differences:
    """Return how the working tree of a folder differs from where `HEAD` branched off a revision.

    Untracked and ignored files count as new. Raises `ReconcilerError` if Git cannot tell.
    """
    _check_repository(folder)
    commit = _merge_base(folder, _commit(folder, revision), revision)
    before: dict[str, str | None] = {}
    links, submodules = [], []
    for path, modes, blob in _changed(folder, commit):
        if _LINK in modes:
            links.append(path)
        elif _SUBMODULE in modes:
            submodules.append(path)
        else:
            before[path] = None if modes[0] == _NOTHING else blob
    untracked = [
        os.fsdecode(each) for each in _git(folder, "ls-files", "--others", "-z", "--", ".").split(b"\0") if each
    ]
    before |= dict.fromkeys((each for each in untracked if not each.endswith("/")), None)
    contents = _contents(folder, {blob for blob in before.values() if blob is not None})
    found = {path: None if blob is None else contents[blob] for path, blob in before.items()}
    return Differences(
        commit,
        {path: content for path, content in found.items() if content is None or content != _on_disk(folder / path)},
        links,
        submodules,
        [each.rstrip("/") for each in untracked if each.endswith("/")],
    )


def write_tree(folder: Path, revision: str, into: Path) -> None:
    """Write the files of a folder as they are in a revision into another, empty folder.

    Raises `ReconcilerError` if the folder is not in a repository, or if Git does not know the revision.
    """
    _check_repository(folder)
    content = _git(folder, "archive", "--format=tar", _commit(folder, revision), ".")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(into, filter="data")


def _check_repository(folder: Path) -> None:
    code, out, problem = _run(folder, "rev-parse", "--is-inside-work-tree")
    if code == 0 and out.strip() == b"true":
        return
    if "dubious ownership" in problem:
        advice = f"Trust it with: git config --global --add safe.directory {folder.resolve()} (or its parent with .git)"
        raise ReconcilerError(
            "Git does not trust the repository, because another user owns it", where=WHERE, advice=advice
        )
    raise ReconcilerError(
        f"{folder} is not in a working tree of Git",
        where=WHERE,
        advice="Run it in a checkout of the repository, or leave --changed-since out.",
    )


def _commit(folder: Path, revision: str) -> str:
    """Return the commit that a revision names."""
    name = revision.strip()
    usable = name and not name.startswith("-") and name.isprintable()
    code, out, _ = _run(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") if usable else (1, b"", "")
    if code == 0:
        return out.decode().strip()
    advice = "Name a branch, a tag or a commit, such as origin/main."
    if usable and _is_shallow(folder):
        advice = f"The clone is shallow. {_FETCH}"
    raise ReconcilerError(f"Git has no commit {revision or 'with an empty name'}", where=WHERE, advice=advice)


_FETCH = "Fetch the whole history: `git fetch --unshallow`, or `fetch-depth: 0` in the checkout step of your pipeline."


def _merge_base(folder: Path, commit: str, revision: str) -> str:
    """Return the newest commit that `HEAD` and the revision have in common."""
    code, out, _ = _run(folder, "merge-base", commit, "HEAD")
    if code == 0:
        return out.decode().split()[0]
    advice = _FETCH if _is_shallow(folder) else "Name a revision from which the current branch was made."
    raise ReconcilerError(f"{revision} and HEAD have no commit in common", where=WHERE, advice=advice)


def _is_shallow(folder: Path) -> bool:
    return _run(folder, "rev-parse", "--is-shallow-repository")[1].strip() == b"true"


def _changed(folder: Path, commit: str) -> Iterator[tuple[str, tuple[str, str], str]]:
    """Yield (path, modes before and after, blob before) of each tracked path that differs."""
    options = ("--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-color", "--relative")
    out = _git(folder, "diff", *options, "--ignore-submodules=none", commit, "--", ".")
    parts = out.split(b"\0")
    for about, path in zip(parts[::2], parts[1::2], strict=False):
        before, after, blob = about.decode().lstrip(":").split()[:3]
        yield os.fsdecode(path), (before, after), blob


def _contents(folder: Path, blobs: set[str]) -> dict[str, bytes]:
    """Return the contents of blobs."""
    if not blobs:
        return {}
    out = _git(folder, "cat-file", "--batch", given="".join(f"{each}\n" for each in sorted(blobs)).encode())
    found: dict[str, bytes] = {}
    place = 0
    for blob in sorted(blobs):
        end = out.index(b"\n", place)
        words = out[place:end].split()
        if len(words) < 3:
            raise ReconcilerError(f"Git does not have the object {blob}", where=WHERE, advice=_FETCH)
        size = int(words[2])
        found[blob] = out[end + 1 : end + 1 + size]
        place = end + size + 2
    return found


def _on_disk(path: Path) -> bytes | None:
    """Return the content of a file. Git also lists files of which only the time has changed."""
    try:
        return path.read_bytes()
    except OSError:  # it was removed, or a message about it follows when it is read as a manifest
        return None


def _git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    code, out, problem = _run(folder, *arguments, given=given)
    if code:
        raise ReconcilerError(f"git {arguments[0]} ended with {code}: {problem.strip()}", where=WHERE)
    return out


def _run(
    folder: Path,
    *arguments: str,
    given: bytes = b"",
    environ: Mapping[str, str] | None = None,
    patience: float | None = None,
) -> tuple[int, bytes, str]:
    """Return the exit code, the output and the messages of Git, which runs in the folder.

    Every call of Git goes through here: with no variable of another repository, no prompt, no lock and no program of
    the configuration that watches files. Raises `ReconcilerError` if Git is missing or takes too long.
    """
    environ = os.environ if environ is None else environ
    patience = _PATIENCE if patience is None else patience
    kept = {name: value for name, value in environ.items() if name not in _OF_ANOTHER_REPOSITORY}
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    program = shutil.which("git", path=environ.get("PATH"))
    if program is None or not folder.is_dir():
        what = f"there is no folder {folder}" if program else "Git is not installed"
        raise ReconcilerError(what, where=WHERE, advice="Install it, or leave --changed-since out.")
    try:
        done = subprocess.run(  # noqa: S603 (the arguments are a list, and no shell reads them)
            [program, "-c", "core.fsmonitor=false", "-c", "diff.autoRefreshIndex=false", *arguments],
            cwd=folder,
            env={**kept, **quiet},
            input=given,
            capture_output=True,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ReconcilerError(f"git {arguments[0]} took more than {patience:g} seconds", where=WHERE) from None
    except OSError as error:
        raise ReconcilerError(f"Git cannot be run: {error.strerror}", where=WHERE) from None
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")
