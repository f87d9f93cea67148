"""Errors and warnings about manifests: what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from reconciler.errors import ReconcilerError

_LONGEST = 600
_WIDEST = 160
"""The most characters of a source line that are shown, so that the caret below it stays visible."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning. Line and column count from 1. Line 0 means the file or folder as a whole."""

    message: str
    suggestion: str
    file: str
    line: int = 0
    column: int = 0
    text: str = ""
    """The source line, with secrets masked."""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        rows = [f"{place}: {self.severity}: {self.message}"]
        if self.text.strip():
            shown, column = _window(self.text, self.column)
            rows += [f"  {shown}", "  " + " " * column + "^"]
        if self.suggestion:
            rows.append(f"  {self.suggestion}")
        return "\n".join(rows)

    def to_json(self) -> dict[str, Any]:
        """Return the diagnostic as a JSON object."""
        return {
            "severity": self.severity,
            "message": self.message,
            "suggestion": self.suggestion,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "text": self.text,
        }


def _window(text: str, column: int) -> tuple[str, int]:
    """Return the part of a line around a column, and the column's offset in that part."""
    text = text.rstrip().expandtabs(1)
    column = max(column - 1, 0)
    start = max(0, column - _WIDEST // 2) if len(text) > _WIDEST else 0
    return text[start : start + _WIDEST], column - start


def shortened(message: str) -> str:
    """Return a message with its middle cut out if it is long. A key or value in it can have a million characters."""
    if len(message) <= _LONGEST:
        return message
    return f"{message[: _LONGEST // 2]} … {message[-_LONGEST // 2 :]}"


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics ordered by file, line and column, without duplicates."""
    return tuple(sorted(set(diagnostics), key=lambda item: (item.file, item.line, item.column, item.message)))


def located(item: Diagnostic, folder: Path | None) -> Diagnostic:
    """Return a diagnostic with the folder before its file name. Without a folder, it is returned unchanged."""
    if folder is None or (item.line == 0 and Path(item.file) == folder):
        return item
    return replace(item, file=(folder / item.file).as_posix())


class ManifestError(ReconcilerError):
    """The manifests have errors. `diagnostics` has all of them.

    With `folder`, file names include the folder, so that you can open them: `manifests/customers/acme.yaml:4:26`.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], folder: Path | None = None) -> None:
        self.diagnostics = in_order(diagnostics)
        self.located = tuple(located(item, folder) for item in self.diagnostics)
        errors = sum(item.severity == "error" for item in self.diagnostics)
        files = len({item.file for item in self.diagnostics if item.severity == "error"})
        self.summary = f"{errors} error{'s' * (errors != 1)} in {files} file{'s' * (files != 1)}"
        self.folder = folder.as_posix() if folder is not None else ""
        super().__init__("\n\n".join([*map(str, self.located), self.summary]))
