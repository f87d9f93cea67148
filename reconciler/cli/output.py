"""How commands print: results to standard output, everything else to standard error."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import typer

from reconciler.cli.context import Context
from reconciler.errors import ReconcilerError
from reconciler.rendering.paint import Paint, coloured, plain


def paint_of(context: Context) -> Paint:
    return coloured if context.color else plain


def print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """In one write: a plan of ten thousand actions is a hundred thousand lines."""
    typer.echo("\n".join(lines), err=err)


def write_file(path: Path, text: str) -> None:
    """All of it or nothing: beside the file first, then in its place. A device or a pipe is written as it is."""
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
            return
        place = path.resolve()  # a link stays one: what it points at is replaced
        beside = place.with_name(f".{place.name}.{os.getpid()}")
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or "it cannot be written"
        raise ReconcilerError(reason, where=str(path), advice="Choose another place, or free some space.") from None


def read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ReconcilerError("is not UTF-8 text", where=str(path), advice="Is this the plan file?") from None
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise ReconcilerError(reason, where=str(path), advice="Make it with: reconciler plan --out FILE") from None
