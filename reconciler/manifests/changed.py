"""Find the documents that differ between a commit and the working tree, with their defaults filled in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from reconciler.errors import ReconcilerError
from reconciler.manifests import files
from reconciler.manifests.corpus import Corpus
from reconciler.manifests.defaults import KIND as DEFAULTS
from reconciler.manifests.documents import Document
from reconciler.manifests.files import SourceFile
from reconciler.manifests.git import WHERE, Differences
from reconciler.manifests.loading import WORKSPACE, Loading, add_defaults, add_document, add_source
from reconciler.manifests.report import Report


@dataclass(frozen=True, slots=True)
class Changed:
    """The documents that differ from a commit."""

    addresses: frozenset[str] = frozenset()
    """Documents that were added, or whose fields, defaults or metadata differ."""
    removed: tuple[str, ...] = ()
    """Documents that no file declares any longer."""
    before: Mapping[str, Document] = field(default_factory=dict)
    """By address: the document in the commit, if it differs or was removed."""
    files: frozenset[str] = frozenset()
    """The files that differ and still exist."""
    everything: bool = False
    """Whether all documents count as changed: the workspace or a link differs."""


def changed_documents(corpus: Corpus, found: Differences) -> Changed:
    """Return the documents that differ. Only the files that differ are parsed, and those whose defaults differ."""
    check_submodules(corpus, found)
    if found.links:
        return Changed(everything=True)
    before = files_before(corpus, found)
    present = frozenset(name for name in before if name in corpus.sources)
    old, new = _estate(corpus, before, present, old=True), _estate(corpus, before, present, old=False)
    names = {*before, *_with_other_defaults(corpus, old, new)}
    for name in sorted(names):
        if (source := before[name] if name in before else corpus.sources[name]) is not None:
            add_source(source, old, first_name=None)
        if name in corpus.sources:
            add_source(corpus.sources[name], new, first_name=corpus.found[name].first_name)
    for loading in (old, new):
        for raw in loading.raw:
            if raw.kind is not None:
                add_document(raw, raw.kind, loading)
    return _compared(corpus, old, new, present)


def _compared(corpus: Corpus, old: Loading, new: Loading, present: frozenset[str]) -> Changed:
    same = {
        address
        for address, document in new.documents.items()
        if address in old.documents
        and document.metadata == old.documents[address].metadata
        and new.specs[address] == old.specs[address]
    }
    before = {address: document for address, document in old.documents.items() if address not in same}
    addresses = new.documents.keys() - same
    # A document may have moved to a file that did not differ only as a second declaration, which is an error there.
    removed = [each for each in before if each not in new.documents and each not in corpus.by_address]
    everything = any(each.startswith(f"{WORKSPACE}/") for each in (*addresses, *before))
    return Changed(frozenset(addresses), tuple(sorted(removed)), before, present, everything)


def check_submodules(corpus: Corpus, found: Differences) -> None:
    """Raise an error for a submodule that differs and has manifests. Git does not list the files that differ in it."""
    for path in found.submodules:
        if corpus.below(path, corpus.found):
            raise ReconcilerError(
                f"{path} is a submodule of Git that has changed, and it is not known what changed in it",
                where=WHERE,
                advice="Leave --changed-since out.",
            )


def files_before(corpus: Corpus, found: Differences) -> dict[str, SourceFile | None]:
    """Return the old content of the files that differ, by name in the manifest folder. None for a new file."""
    by_real = corpus.names_by_real_path()
    before: dict[str, SourceFile | None] = {}
    for path, content in found.before.items():
        names = by_real.get(path, [])
        names = names or ([path] if _is_visible_manifest(path) else [])
        for name in names:
            source = None if content is None else files.decode(name, content)
            before[name] = source if isinstance(source, SourceFile) else None
    for folder in found.folders:
        before |= dict.fromkeys((name for name in corpus.below(folder, corpus.found)), None)
    return before


def _is_visible_manifest(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return files.is_manifest(path) and not any(part.startswith(".") for part in parts)


def _estate(corpus: Corpus, before: Mapping[str, SourceFile | None], present: Collection[str], *, old: bool) -> Loading:
    """Return a load that has only the defaults of the estate, either those of the commit or the present ones."""
    replaced = {name: source for name, source in before.items() if source is not None} if old else {}
    loading = Loading(Report({**corpus.sources, **replaced}))  # a mistake in the YAML is placed when it is found
    unchanged = (name for name in corpus.defaults_files if name not in before)
    sources = [(corpus.sources[name], corpus.found[name].first_name) for name in unchanged]
    if old:
        sources += [(source, None) for source in before.values() if source is not None]
    else:
        sources += [(corpus.sources[name], corpus.found[name].first_name) for name in present]
    for source, first_name in sources:
        if DEFAULTS in source.text or "\\" in source.text:
            add_source(source, loading, first_name=first_name)
    loading.raw = [raw for raw in loading.raw if raw.kind is None]
    add_defaults(loading)
    loading.raw = []
    return loading


def _with_other_defaults(corpus: Corpus, old: Loading, new: Loading) -> Iterator[str]:
    """Yield the files with documents of a kind for which their folder has other defaults than in the commit."""
    for folder, kind in _places_that_differ(old, new):
        yield from corpus.below(folder, corpus.by_kind.get(kind, ()))


def _places_that_differ(old: Loading, new: Loading) -> Iterable[tuple[str, str]]:
    """Return (folder, kind) of the defaults that differ."""
    before, now = old.defaults.values(), new.defaults.values()
    return [place for place in {**before, **now} if before.get(place) != now.get(place)]
