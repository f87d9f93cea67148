"""Ask git which commit the manifests are at. A folder without git, or without a commit, is no error."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

LIMIT = 10.0
"""How long one call of git may take, in seconds."""


def commit_of(folder: Path, environ: Mapping[str, str]) -> str | None:
    """Return the commit of the manifests in a folder. None without git, or if git tracks no file there.

    `+dirty` follows the commit if files in the folder differ from it or are new. `+unchecked` follows it if that cannot
    be told, as in a checkout that belongs to another user: git compares no files there, because the configuration of
    such a checkout can run programs.
    """
    if not _run(folder, environ, "-c", "safe.directory=*", "ls-files", "--", "."):
        return None
    commit = _run(folder, environ, "-c", "safe.directory=*", "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    changed = _run(folder, environ, "status", "--porcelain", "--", ".")
    return commit + ("+unchecked" if changed is None else "+dirty" if changed else "")


def _run(folder: Path, environ: Mapping[str, str], *arguments: str) -> str | None:
    """Return what git prints, without line ends at its ends. None if git is missing, fails or takes too long.

    Variables such as `GIT_DIR`, which a git hook sets, are left out: they would name another checkout.
    """
    program = shutil.which("git", path=environ.get("PATH"))
    if program is None:
        return None
    kept = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are those of this module
            [program, *arguments],
            cwd=folder,
            env={**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


def toplevel_of(folder: Path, environ: Mapping[str, str]) -> Path | None:
    """Return the top folder of the checkout that a folder is in. None without git or a checkout."""
    found = _run(folder, environ, "-c", "safe.directory=*", "rev-parse", "--show-toplevel")
    return Path(found).resolve() if found else None
