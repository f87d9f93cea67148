"""Find the file and the line of a value in the manifests, for reports that say where a value comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from reconciler.manifests.documents import Document
from reconciler.manifests.positions import Places, places_of


def place_finder(root: Path) -> Callable[[Document, tuple[str | int, ...]], str]:
    """Return a function that gives `FILE:LINE` of a value by its path in a document. Each file is read once.

    A file that cannot be read any longer gives its name without a line.
    """

    @cache
    def places(file: str) -> Mapping[int, Places]:
        try:
            return places_of((root / file).read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeError):
            return {}

    def place_of(document: Document, path: tuple[str | int, ...]) -> str:
        origin = document.origin
        found = places(origin.file).get(origin.index)
        return origin.file if found is None else f"{origin.file}:{found.key(path)[0]}"

    return place_of
