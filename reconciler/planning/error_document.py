"""The error document that every command prints with `--json` if it fails, as another command reads it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Place(BaseModel):
    """One error of the manifests, with the line that it is in."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    message: str
    suggestion: str = ""
    file: str = ""
    line: int = 0
    """Zero if the error is about the whole file."""
    column: int = 0
    text: str = ""
    """The line of the file."""


class ErrorDocument(BaseModel):
    """What happened, where, and what to do next. Members that a later version adds are ignored."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    code: int
    """The exit code."""
    message: str
    where: str = ""
    advice: str = ""
    diagnostics: tuple[Place, ...] = ()
