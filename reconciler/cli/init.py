"""`reconciler init`: write the files of a new repository, and the pipelines of a new or an existing one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver, deliver_json, print_note, write_error, write_file
from reconciler.cli.pipelines import note_ignored, pipelines_for
from reconciler.cli.schema import every_schema
from reconciler.errors import ReconcilerError
from reconciler.manifests import files, schemas
from reconciler.metering.period import local_date
from reconciler.rendering.counts import numbered
from reconciler.scaffold.fitting import GITIGNORE, OTHER_README, README, beside_readme, with_patterns
from reconciler.scaffold.pipelines import DEPENDABOT, GUIDES, Ci
from reconciler.scaffold.repository import Answers, repository

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_CURRENCY = re.compile("[A-Z]{3}")
_BRANCH = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,98}[A-Za-z0-9])?")
_LIKE = {"--name": "backup-billing", "--currency": "EUR", "--branch": "main"}
_MANIFESTS = "manifests"


def init(  # noqa: PLR0917 - typer makes an option of each
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of the repository. It is created if it does not exist.")
    ] = Path(),
    name: Annotated[
        str, typer.Option("--name", help="The name of the workspace: small letters, digits and hyphens.")
    ] = "billing",
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="The zone of billing months, such as Europe/Berlin.")
    ] = "UTC",
    currency: Annotated[str, typer.Option("--currency", help="The currency of the agreements, such as EUR.")] = "USD",
    ci: Annotated[
        Ci | None, typer.Option("--ci", help="Write pipelines too, which plan pull requests and apply merges.")
    ] = None,
    package: Annotated[
        str | None,
        typer.Option(
            "--package",
            metavar="PATH|URL",
            help="What the pipelines install: the folder that `make dist` wrote, or URL#sha256=HASH of a wheel.",
        ),
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option("--branch", help="The default branch, whose changes are applied. Default: as the clone knows it."),
    ] = None,
) -> None:
    """Write a new repository: workspace, defaults, an example customer, and settings for editors and Git.

    No file that exists is changed, but .gitignore gets the patterns that it lacks. If there is a README.md, ours is
    RECONCILER.md. The example customer is only proposed: nothing is done for it. With --ci, a folder that has manifests
    gets the pipelines alone.
    """
    context: Context = ctx.obj
    start = local_date(context.now, _zone(timezone)).replace(day=1).isoformat()
    name = _checked("--name", name, _NAME)
    answers = Answers(name, timezone, _checked("--currency", currency, _CURRENCY), start, GUIDES[ci] if ci else "")
    contents, gitignore = _fitted(folder, _encoded(repository(answers, _schemas())))
    pipelines: dict[str, bytes] = {}
    if ci is None:
        for option in [option for option, value in {"--package": package, "--branch": branch}.items() if value]:
            raise typer.TyperException(f"{option} needs --ci, because only pipelines have a use for it")
        _refuse(folder, _other_manifests(folder, contents))
    else:
        elsewhere = _is_elsewhere(folder, context.root)
        root = context.root if elsewhere else folder / _MANIFESTS
        own = None if elsewhere or _other_manifests(folder, contents) else name
        target = branch and _checked("--branch", branch, _BRANCH)
        pipelines = pipelines_for(context, folder, ci, package, target, own, root)
        _keep_dependabot(folder, pipelines)
        contents = pipelines if own is None else contents | pipelines
    _refuse(folder, _taken(folder, contents))
    new = {path: content for path, content in contents.items() if not (folder / path).exists()}
    if gitignore is not None and len(contents) > len(pipelines):
        print_note(f"{GITIGNORE} has more patterns now, which keep secrets and plans out of Git")
        new = {GITIGNORE: gitignore, **new}
    for path, content in new.items():
        _write(folder / path, content)
    note_ignored(folder, pipelines, context.environ)
    if context.json:
        deliver_json({"folder": str(folder), "files": sorted(str(folder / path) for path in new)})
        return
    readme = OTHER_README if OTHER_README in contents else README
    after = f"Read {readme} there first, then run: reconciler validate"
    if len(contents) == len(pipelines):
        after = 'The docs page "Run plan and apply from pull requests" says which secrets they need.'
    place = "this folder" if folder == Path() else str(folder)
    deliver(f"{numbered(len(new), 'file')} written to {place}. {after}")


_MOST = 5
"""The most files that an error names."""


def _schemas() -> dict[str, str]:
    return {schemas.file_name(name): schemas.written(each) for name, each in every_schema().items()}


def _encoded(texts: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in texts.items()}


def _fitted(folder: Path, contents: dict[str, bytes]) -> tuple[dict[str, bytes], bytes | None]:
    """Return the files to write, and the new content of a `.gitignore` that exists; None if it stays as it is.

    A folder with manifests is no new repository, unless a run that was interrupted began with another README.
    """
    new = not _has_manifests(folder / _MANIFESTS) or (folder / OTHER_README).exists()
    if new and _differs(folder / README, contents[README]):
        contents = beside_readme(contents)
    ignored = folder / GITIGNORE
    if not ignored.is_file():
        return contents, None
    existing = ignored.read_bytes()
    wanted = with_patterns(existing, contents[GITIGNORE])
    if new or wanted == existing:
        contents = {path: content for path, content in contents.items() if path != GITIGNORE}
    return contents, wanted if new and wanted != existing else None


def _is_elsewhere(folder: Path, root: Path) -> bool:
    """Return whether the manifests of a repository are in another folder of it than those of a new one."""
    inside, place = folder.resolve(), root.resolve()
    return place.is_relative_to(inside) and place != inside / _MANIFESTS and _has_manifests(root)


def _other_manifests(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Return the manifests in the folder, and files in the way of new ones, if it has manifests of its own.

    It has none if each manifest in it is one that an interrupted run wrote, and no other file is in the way.
    """
    root = folder / _MANIFESTS
    if not root.is_dir():
        return []
    names = [f"{_MANIFESTS}/{each.name}" for each in files.find(root)]
    unknown = [folder / name for name in names if name not in contents]
    return unknown or (_taken(folder, contents) if names else [])


def _has_manifests(root: Path) -> bool:
    return root.is_dir() and next(iter(files.find(root)), None) is not None


def _taken(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Return the paths at which other files are."""
    return [folder / path for path, content in contents.items() if _differs(folder / path, content)]


def _keep_dependabot(folder: Path, pipelines: dict[str, bytes]) -> None:
    """Leave the settings of Dependabot out if the repository has its own. The pipelines work without ours."""
    if DEPENDABOT in pipelines and _differs(folder / DEPENDABOT, pipelines[DEPENDABOT]):
        del pipelines[DEPENDABOT]
        print_note(f"{DEPENDABOT} is kept. For new versions of the actions, add the ecosystem github-actions to it")


def _refuse(folder: Path, taken: Sequence[Path]) -> None:
    if taken:
        shown = ", ".join(str(path) for path in taken[:_MOST]) + (" and more" if len(taken) > _MOST else "")
        raise ReconcilerError(
            f"there are files already: {shown}",
            where=str(folder),
            advice="Nothing was written. Move these files away, or name another folder: reconciler init DIR",
        )


def _write(path: Path, content: bytes) -> None:
    """Write a file and its folder. If a run stops here, the next one writes the rest."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path.parent, error) from None
    write_file(path, content)


def _checked(option: str, value: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(value):
        raise typer.TyperException(f"{option}: {value or 'an empty text'} does not fit; write it like {_LIKE[option]}")
    return value


def _zone(name: str) -> str:
    """Return the name of a time zone. Raises `TyperException` if there is no such zone."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise typer.TyperException(f"--timezone: there is no time zone {name or 'without a name'}") from None
    return name


def _differs(path: Path, content: bytes) -> bool:
    """Return whether another file has the path. One with the same content counts as written."""
    try:
        return path.is_dir() or (path.exists() and path.read_bytes() != content)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be read"
        raise ReconcilerError(reason, where=str(path), advice="Name another folder: reconciler init DIR") from None
