"""Print errors and warnings as text, as annotations of GitHub, or as SARIF for code scanners.

A pull request shows annotations at their lines. So their paths are relative to the root of the repository, wherever the
command runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler import __version__
from reconciler.cli.context import Context
from reconciler.cli.output import deliver, deliver_json, print_lines
from reconciler.manifests.diagnostics import Diagnostic
from reconciler.rendering.annotations import Json, github_annotations, sarif


class Format(StrEnum):
    """The formats of `--format`."""

    TEXT = "text"
    GITHUB = "github"
    SARIF = "sarif"


FormatOption = Annotated[
    Format,
    typer.Option("--format", help="The format to print: text, annotations of GitHub, or SARIF for code scanners."),
]


def check_format(context: Context, to: Format) -> None:
    """Raise `TyperException` if both `--json` and another format are given."""
    if context.json and to is not Format.TEXT:
        raise typer.TyperException(f"--json and --format {to} cannot be used together")


def deliver_found(found: Iterable[Diagnostic], to: Format, text: str) -> None:
    """Print errors and warnings in a format. `text` is what `text` prints.

    The file of each is a path from the working directory, as of `diagnostics.located`.
    """
    content = [each.to_json() for each in found]
    match to:
        case Format.TEXT:
            print_lines([text] if text else [])
        case Format.GITHUB:
            deliver_github(content)
        case Format.SARIF:
            deliver_json(sarif(_in_repository(content), __version__))


def deliver_github(found: Iterable[Json]) -> None:
    """Print an annotation of GitHub for each error or warning, given as its JSON."""
    deliver("".join(f"{line}\n" for line in github_commands(found)), end="")


def github_commands(found: Iterable[Json]) -> list[str]:
    """Return a workflow command of GitHub for each error or warning, given as its JSON."""
    return [*github_annotations(_in_repository(found))]


def _in_repository(found: Iterable[Json]) -> list[Json]:
    return [{**each, "file": path_in_repository(str(each["file"]))} for each in found]


def path_in_repository(name: str) -> str:
    """Return the path of a file in its repository. Links in the path are followed.

    Outside of a repository, the path is relative to the working directory. A file outside of both keeps its path.
    """
    path = Path(os.path.realpath(name))
    root = next((above for above in path.parents if (above / ".git").exists()), Path.cwd())
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else name
