"""Find case files: `tests/*.yaml` beside the folder of the manifests and its subfolders, or the paths of a command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.manifests import files
from reconciler.manifests.diagnostics import Diagnostic
from reconciler.manifests.files import FoundFile, SourceFile, shown

FOLDER = "tests"
"""The folder of case files, beside the folder of the manifests."""
KEY = "cases"

_HAS_CASES = re.compile(r"^(?:\{[ \t]*)?([\"']?)cases\1[ \t]*:", re.MULTILINE)
_ALIKE = re.compile(r"^[\"']?(case|cases|(?:price|test)[ _-]?cases?)[\"']?[ \t]*:", re.MULTILINE | re.IGNORECASE)


@dataclass(slots=True)
class CaseFiles:
    """The files with price cases."""

    sources: dict[str, SourceFile] = field(default_factory=dict)
    """By the path that messages show: relative to the working folder where that is possible."""
    others: list[str] = field(default_factory=list)
    """Other YAML files in the searched folders: they have no `cases`."""
    searched: list[Path] = field(default_factory=list)
    """The folders and files in which cases were looked for."""
    problems: list[Diagnostic] = field(default_factory=list)
    """Files that cannot be read, or whose `cases` seem to be misspelt."""


def folder_of(root: Path) -> Path:
    """Return the folder of the case files of a repository. `root` is the folder of its manifests."""
    return Path(shown(root.resolve().parent / FOLDER))


def find(root: Path, paths: Sequence[Path]) -> CaseFiles:
    """Return the case files in files and folders. Without paths, those of the repository; none is no error.

    Raises `ReconcilerError` for a path that does not exist.
    """
    found = CaseFiles()
    if not paths:
        folder = folder_of(root)
        paths = [folder] if folder.is_dir() else []
    for path in paths:
        found.searched.append(path)
        if path.is_dir():
            _add(found, _below(path))
        elif path.exists():
            _add(found, [FoundFile(shown(path), path)], named=True)
        else:
            raise ReconcilerError(
                "does not exist", where=str(path), advice="Name a case file, or a folder that has case files."
            )
    return found


def has_cases(text: str) -> bool:
    """Return whether a YAML text seems to have `cases`."""
    return _HAS_CASES.search(text) is not None


def _below(folder: Path) -> Iterator[FoundFile]:
    """Yield the YAML files in a folder and its subfolders, by the names that messages show."""
    try:
        for each in files.find(folder):
            if each.first_name is None:  # a link to a file that is read under its own name
                name = shown(folder / each.name)
                error = None if each.error is None else replace(each.error, file=name)
                yield FoundFile(name, folder / each.name, error)
    except OSError as error:
        raise ReconcilerError(
            f"cannot be read: {error.strerror}", where=str(error.filename), advice="Check its permissions."
        ) from None


def _add(found: CaseFiles, candidates: Iterable[FoundFile], *, named: bool = False) -> None:
    """Add the files that have cases. A file that a command names must have them."""
    for each in candidates:
        source = files.read(each)
        if not isinstance(source, SourceFile):
            found.problems.append(source.diagnostic)
        elif named or has_cases(source.text):
            found.sources[source.name] = source
        elif alike := _ALIKE.search(source.text):
            line = source.text.count("\n", 0, alike.start()) + 1
            found.problems.append(
                Diagnostic(f"there is no field {alike[1]} here", f"did you mean {KEY}?", each.name, line, 1, alike[0])
            )
        else:
            found.others.append(each.name)
