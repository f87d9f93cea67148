"""What is wrong with manifests, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from reconciler.errors import ReconcilerError

_LONGEST = 600
_WIDEST = 160
"""A longer source line is cut: the caret has to be seen."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning. Line and column count from 1; line 0 stands for the file or folder as a whole."""

    message: str
    suggestion: str
    file: str
    line: int = 0
    column: int = 0
    text: str = ""
    """The source line, secrets in it already masked."""
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
    """The part of a line around a column, and where the column stands in it."""
    text = text.rstrip().expandtabs(1)
    column = max(column - 1, 0)
    start = max(0, column - _WIDEST // 2) if len(text) > _WIDEST else 0
    return text[start : start + _WIDEST], column - start


def shortened(message: str) -> str:
    """A message that repeats a key or a value of a million characters, without most of them."""
    if len(message) <= _LONGEST:
        return message
    return f"{message[: _LONGEST // 2]} … {message[-_LONGEST // 2 :]}"


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By place, each once."""
    return tuple(sorted(set(diagnostics), key=lambda item: (item.file, item.line, item.column, item.message)))


def located(item: Diagnostic, folder: Path | None) -> Diagnostic:
    """A place in a file, with the folder before it; what speaks of the folder itself has it already."""
    if folder is None or (item.line == 0 and Path(item.file) == folder):
        return item
    return replace(item, file=(folder / item.file).as_posix())


class ManifestError(ReconcilerError):
    """The manifests are not in order. Holds everything that is wrong with them, not just the first thing.

    With `folder`, places are shown as they can be opened from where one stands: `manifests/customers/acme.yaml:4:26`.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], folder: Path | None = None) -> None:
        self.diagnostics = in_order(diagnostics)
        self.located = tuple(located(item, folder) for item in self.diagnostics)
        errors = sum(item.severity == "error" for item in self.diagnostics)
        files = len({item.file for item in self.diagnostics if item.severity == "error"})
        self.summary = f"{errors} error{'s' * (errors != 1)} in {files} file{'s' * (files != 1)}"
        self.folder = folder.as_posix() if folder is not None else ""
        super().__init__("\n\n".join([*map(str, self.located), self.summary]))
