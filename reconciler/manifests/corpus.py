"""Find documents in a manifest folder without parsing all of its files.

A search can return files that do not match, but it leaves out none that does. A text with a backslash can spell a word
in another way (`"\\x61cme"`), so its file is in the result of every search.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from reconciler.manifests import files
from reconciler.manifests.defaults import KIND as DEFAULTS
from reconciler.manifests.files import FoundFile, SourceFile, Unreadable
from reconciler.manifests.heads import heads_of

_WORDS: Final = re.compile(r"[a-z0-9]+")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


class Corpus:
    """The files of a manifest folder as text."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.found: dict[str, FoundFile] = {}
        self.sources: dict[str, SourceFile] = {}
        self.unreadable: dict[str, Unreadable] = {}
        for each in files.find(root):
            self.found[each.name] = each
            source = files.read(each)
            if isinstance(source, SourceFile):
                self.sources[each.name] = source
            else:
                self.unreadable[each.name] = source

    @cached_property
    def _lower(self) -> Mapping[str, str]:
        return {name: source.text.lower() for name, source in self.sources.items()}

    @cached_property
    def escaped(self) -> frozenset[str]:
        """Return the files that may spell a word in another way."""
        return frozenset(name for name, source in self.sources.items() if "\\" in source.text)

    def with_text(self, text: str) -> set[str]:
        """Return the files that may contain a text, in upper or lower case."""
        if _NAME.fullmatch(text):
            whole = re.compile(rf"(?<![a-z0-9._-]){re.escape(text.lower())}(?![a-z0-9._-])")
            folded = text.lower()
            found = {name for name, lower in self._lower.items() if folded in lower and whole.search(lower)}
        else:
            words = _WORDS.findall(text.lower())  # a scalar can be broken into lines at its blanks
            found = {name for name, lower in self._lower.items() if all(word in lower for word in words)}
        return found | self.escaped

    @cached_property
    def _heads(self) -> Mapping[str, Collection[tuple[str, str]]]:
        return {name: heads_of(source.text) for name, source in self.sources.items()}

    @cached_property
    def by_address(self) -> Mapping[str, tuple[str, ...]]:
        """Return the files that declare each address."""
        found: dict[str, tuple[str, ...]] = {}
        for name, heads in self._heads.items():
            if self.found[name].first_name is None:
                only = (name,)  # one for all documents of the file: most addresses are declared once
                for kind, document in heads:
                    before = found.setdefault(f"{kind}/{document}", only)
                    if name not in before:
                        found[f"{kind}/{document}"] = (*before, name)
        return found

    @cached_property
    def by_kind(self) -> Mapping[str, frozenset[str]]:
        """Return the files that declare documents of each kind."""
        found: dict[str, set[str]] = defaultdict(set)
        for name, heads in self._heads.items():
            for kind, _ in heads:
                found[kind].add(name)
        return {kind: frozenset(names) for kind, names in found.items()}

    @cached_property
    def defaults_files(self) -> tuple[str, ...]:
        """Return the files that may contain `Defaults`."""
        return tuple(name for name, source in self.sources.items() if DEFAULTS in source.text or name in self.escaped)

    def names_by_real_path(self) -> Mapping[str, list[str]]:
        """Return the names of each file by its path in the folder without links. A file can have several names."""
        prefix = f"{os.path.realpath(self.root)}/"
        found: dict[str, list[str]] = defaultdict(list)
        for name, each in self.found.items():
            found[each.real.removeprefix(prefix)].append(name)
        return found

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.found)}

    def place(self, name: str) -> int:
        """Return the place of a file in the order of all files."""
        return self._places[name]

    def below(self, folder: str, names: Iterable[str]) -> set[str]:
        """Return those of the files that are in a folder or below it."""
        prefix = f"{folder}/" if folder else ""
        return {name for name in names if name.startswith(prefix)}
