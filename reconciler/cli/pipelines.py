"""The pipelines that `reconciler init --ci` writes into a repository: what they need to know of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from reconciler import __version__
from reconciler.cli.context import Context
from reconciler.cli.output import print_note
from reconciler.errors import ReconcilerError
from reconciler.kinds.fields import EnvSecret
from reconciler.manifests.git import ignored, only_branch, remote_branch
from reconciler.manifests.loading import load
from reconciler.manifests.settings import secret_references
from reconciler.scaffold.package import package_of
from reconciler.scaffold.pipelines import LOCK, NEW, Ci, Estate, Variables, pipelines

_CONNECTION = ("connectwise", "ledger")
_ALERTS = "alerts"
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")


def pipelines_for(
    context: Context, folder: Path, ci: Ci, package: str | None, branch: str | None, name: str | None, root: Path
) -> dict[str, bytes]:
    """Return the contents of the files of the pipelines, by their paths in the repository.

    `name` is the name of the workspace of a new repository. Without it, the manifests in `root` say it. Raises
    `ReconcilerError` if they are not valid, or if there is no package to install.
    """
    workspace, variables = (name, NEW) if name is not None else of_manifests(root, context.workspace)
    estate = Estate() if name is not None else Estate(_inside(folder, root), context.workspace)
    target = branch or remote_branch(folder, context.environ) or _guessed_branch(folder, context.environ)
    contents = {path: text.encode() for path, text in pipelines(ci, workspace, target, variables, estate).items()}
    if package is not None:
        found = package_of(package, __version__)
        contents[LOCK] = found.lock(ci).encode()
        if found.wheel is not None:
            contents[found.wheel[0]] = found.wheel[1]
    elif not (folder / LOCK).exists():
        raise ReconcilerError(
            "the pipelines need a package of reconciler to install",
            where="--package",
            advice="Run `make dist` in a checkout of reconciler. "
            f"Then run: reconciler init --ci {ci} --package CHECKOUT/dist",
        )
    return contents


def _inside(folder: Path, root: Path) -> str:
    """Return the path of the manifests in a repository. Raises `ReconcilerError` if a pipeline cannot name it."""
    found = root.resolve().relative_to(folder.resolve()).as_posix()
    if not _FOLDER.fullmatch(found):
        what = f"the pipelines cannot name the folder {found} of the manifests"
        advice = "Move them into a folder of the repository whose path has only letters, digits, and . _ - /"
        raise ReconcilerError(what, where=str(root), advice=advice)
    return found


def _guessed_branch(folder: Path, environ: Mapping[str, str]) -> str:
    """Return the only branch of a repository that knows no remote, or `main`, and say which."""
    found = only_branch(folder, environ) or "main"
    print_note(f"the pipelines apply what is merged into the branch {found}. For another one, name it with --branch")
    return found


def note_ignored(folder: Path, paths: Iterable[str], environ: Mapping[str, str]) -> None:
    """Say which of these files Git ignores, although the pipelines need them."""
    if found := ignored(folder, list(paths), environ):
        print_note(f"Git ignores {', '.join(found)}, which the pipelines need. Add them with: git add --force")


def of_manifests(root: Path, workspace: str | None) -> tuple[str, Variables]:
    """Return the name of the workspace in a manifest folder, and the variables that the manifests refer to.

    Says so if the workspace has no ledger that the runs of the pipelines can share.
    """
    manifests = load(root, workspace=workspace)
    spec = manifests.workspace.spec
    used = [(str(path[0]), each.env) for path, each in secret_references(spec) if isinstance(each, EnvSecret)]
    setup = [
        each.env
        for document in manifests.documents
        for _, each in secret_references(document.spec)
        if isinstance(each, EnvSecret)
    ]
    connection = [name for place, name in used if place in _CONNECTION]
    if spec.ledger_address is None:
        connection.append("LEDGER_URL")
        print_note(
            f"{manifests.workspace.address} has no ledger that the runs of the pipelines can share. "
            "Write into its spec: `ledger: {env: LEDGER_URL}`"
        )
    usage = [name for place, name in used if place not in {*_CONNECTION, _ALERTS}]
    alerts = [name for place, name in used if place == _ALERTS]
    return manifests.workspace.name, Variables(connection=connection, usage=usage, setup=setup, alerts=alerts)
