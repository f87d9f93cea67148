"""`reconciler init`: write the files of a new repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from reconciler.cli.context import Context
from reconciler.cli.output import deliver, deliver_json, write_error, write_file
from reconciler.cli.schema import every_schema
from reconciler.errors import ReconcilerError
from reconciler.manifests import schemas
from reconciler.metering.period import local_date
from reconciler.rendering.counts import numbered
from reconciler.scaffold.repository import Answers, repository

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_CURRENCY = re.compile("[A-Z]{3}")
_LIKE = {"--name": "backup-billing", "--currency": "EUR"}


def init(
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
) -> None:
    """Write a new repository: workspace, defaults, an example customer, and settings for editors and Git.

    No file that exists is changed. The example customer is only proposed: nothing is done for it.
    """
    context: Context = ctx.obj
    start = local_date(context.now, _zone(timezone)).replace(day=1).isoformat()
    answers = Answers(_checked("--name", name, _NAME), timezone, _checked("--currency", currency, _CURRENCY), start)
    found = repository(answers, _schemas())
    texts = {folder / path: text.encode() for path, text in found.items()}
    if taken := [path for path, content in texts.items() if _differs(path, content)]:
        shown = ", ".join(str(path) for path in taken[:_MOST]) + (" and more" if len(taken) > _MOST else "")
        raise ReconcilerError(
            f"there are files already: {shown}",
            where=str(folder),
            advice="Nothing was written. Name another folder: reconciler init DIR",
        )
    new = {path: content for path, content in texts.items() if not path.exists()}
    for path, content in new.items():
        _write(path, content)
    if context.json:
        deliver_json({"folder": str(folder), "files": sorted(str(path) for path in new)})
        return
    deliver(
        f"{numbered(len(new), 'file')} written to {folder}. Read README.md there first, then run: reconciler validate"
    )


_MOST = 5
"""The most files that an error names."""


def _schemas() -> dict[str, str]:
    return {schemas.file_name(name): schemas.written(each) for name, each in every_schema().items()}


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
