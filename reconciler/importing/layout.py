"""Lay documents out in files. New documents come after existing ones, and the bytes of existing ones do not change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from reconciler.errors import ReconcilerError
from reconciler.importing.drafts import Draft, Render
from reconciler.importing.emit import defaults_text, document_text
from reconciler.importing.factoring import Shared, without_shared
from reconciler.importing.kinds_in_files import PRODUCTS_FILE, SETUP_FILE, imported_kinds
from reconciler.manifests import files
from reconciler.manifests.files import FoundFile, SourceFile
from reconciler.manifests.parsing import parse

DEFAULTS_FILE: Final = "defaults.yaml"
_SEPARATOR: Final = "---\n"
_ABOUT_DEFAULTS: Final = (
    "What most documents of this folder share, found by `reconciler import`. A document that differs has its own",
    "value. A change here changes every document that leaves the field out: `reconciler plan` shows which.",
)


class ExistingFiles:
    """The texts of the existing files, each read once."""

    def __init__(self, root: Path, names: Iterable[str]) -> None:
        self._root = root
        self._names = {name.casefold(): name for name in names}
        self._sources: dict[str, SourceFile] = {}

    def source(self, name: str) -> SourceFile | None:
        """Return the file with a name. None if there is none. Raises `ReconcilerError` if it cannot be read."""
        found = self._names.get(name.casefold())
        if found is None:
            return None
        if found not in self._sources:
            read = files.read(FoundFile(found, self._root / found))
            if not isinstance(read, SourceFile):
                raise ReconcilerError(read.diagnostic.message, where=found, advice=read.diagnostic.suggestion)
            self._sources[found] = read
        return self._sources[found]


def lay_out(
    drafts: Iterable[Draft], shared: Shared, existing: ExistingFiles, folder: str, render: Render
) -> dict[str, str]:
    """Return the text of each file that is written, by its name relative to the manifest folder.

    What other files need comes first. So if the program is killed while it renames files, those that are written are
    valid, and the next import adds the others.
    """
    order = {of.name: place for place, of in enumerate(imported_kinds())}
    by_file: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_file.setdefault(draft.file, []).append(draft)
    texts: dict[str, str] = {}
    for name, group in sorted(by_file.items()):
        group.sort(key=lambda draft: (order.get(draft.kind.name, len(order)), draft.name))
        new = _SEPARATOR.join(_text(draft, shared, render) for draft in group)
        texts[name] = appended(existing.source(name), new)
    if shared:
        name = f"{folder}{DEFAULTS_FILE}"
        new = defaults_text("imported", shared, _ABOUT_DEFAULTS, render)
        texts[name] = appended(existing.source(name), new)
    first = {f"{folder}{name}": place for place, name in enumerate((DEFAULTS_FILE, SETUP_FILE, PRODUCTS_FILE))}
    return {name: texts[name] for name in sorted(texts, key=lambda name: (first.get(name, len(first)), name))}


def _text(draft: Draft, shared: Shared, render: Render) -> str:
    return document_text(draft, without_shared(draft, shared), render)


def appended(source: SourceFile | None, new: str) -> str:
    """Return the text of a file with new documents at its end. The bytes of existing documents do not change."""
    if source is None or not source.text.strip():
        return new
    before = source.text
    end = _usual_line_end(before)
    more = (_SEPARATOR + new).replace("\n", end)
    after = before + ("" if before.endswith(("\n", "\r")) else end) + more
    kept = parse(before).documents
    if parse(after).documents[: len(kept)] != kept:
        what = "new documents cannot be added at the end of this file without changing the existing ones"
        raise ReconcilerError(what, where=source.name, advice="End the file with a line break, and import again.")
    return after


def _usual_line_end(text: str) -> str:
    counted = Counter({"\r\n": text.count("\r\n")})
    counted["\n"] = text.count("\n") - counted["\r\n"]
    return "\r\n" if counted["\r\n"] > counted["\n"] else "\n"
