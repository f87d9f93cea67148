"""Load only the documents that a change touches, and those that they need. All other files are only searched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.kinds.references import references_of
from reconciler.kinds.registry import all_kinds
from reconciler.manifests import git
from reconciler.manifests.changed import Changed, changed_documents
from reconciler.manifests.corpus import Corpus
from reconciler.manifests.documents import Document, Manifests
from reconciler.manifests.envelope import RawDocument
from reconciler.manifests.loading import WORKSPACE, Loading, add_defaults, add_document, add_source, finish, load
from reconciler.manifests.references import lookup_keys, lookup_of
from reconciler.manifests.relations import Relations, customer_of, former_values, renamed_value
from reconciler.manifests.report import Report


@dataclass(frozen=True, slots=True)
class LoadedPart:
    """A part of a manifest folder, and the addresses that the change removed."""

    manifests: Manifests
    touched: tuple[str, ...] = ()
    """The addresses of the documents to plan. Empty: all."""
    context: tuple[str, ...] = ()
    """The addresses of documents that changed ones referred to before."""
    changed: int = 0
    """How many documents differ from the commit."""
    removed: tuple[str, ...] = ()
    """The addresses of documents that no file declares any longer."""
    whole: bool = False
    """Whether every document counts as changed."""
    commit: str = ""
    """The commit with which the files were compared."""


def load_changed(root: Path, revision: str, *, workspace: str | None = None) -> LoadedPart:
    """Return the documents that differ from a revision of Git, with those that refer to them and that they need.

    The revision is compared where `HEAD` branched off it. Raises `ReconcilerError` if Git cannot tell the difference,
    and `ManifestError` for mistakes in the files that were read.
    """
    if not root.is_dir():
        load(root)  # raises the error of a folder that does not exist
    return load_difference(root, git.differences(root, revision), workspace=workspace)


def load_difference(root: Path, found: git.Differences, *, workspace: str | None = None) -> LoadedPart:
    """Return what `load_changed` returns, for differences that Git has found."""
    corpus = Corpus(root)
    changed = changed_documents(corpus, found)
    if changed.everything:
        whole = load(root, workspace=workspace)
        number = len(whole.documents)
        manifests = replace(whole, elsewhere={}, from_ledger=True)
        return LoadedPart(manifests, changed=number, removed=changed.removed, whole=True, commit=found.commit)
    pool = _Pool(corpus)
    touched = _touched(pool, changed)
    context = frozenset(_referred_before(changed)) & corpus.by_address.keys()
    manifests = _part(pool, root, workspace, touched, context, changed.files)
    return LoadedPart(
        manifests,
        tuple(sorted(touched)),
        tuple(sorted(context)),
        len(changed.addresses),
        changed.removed,
        commit=found.commit,
    )


def load_documents(
    root: Path, touched: Sequence[str], context: Sequence[str] = (), *, workspace: str | None = None
) -> LoadedPart:
    """Return these documents with all that they need, as `load_changed` does. Unknown addresses are left out."""
    if not root.is_dir():
        load(root)  # raises the error of a folder that does not exist
    pool = _Pool(Corpus(root))
    manifests = _part(pool, root, workspace, frozenset(touched), frozenset(context), frozenset())
    return LoadedPart(manifests, tuple(touched), tuple(context))


class _Pool:
    """The documents of the files that were parsed so far."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.parsed = Loading(Report(corpus.sources))
        self._checked = Loading(Report(corpus.sources))
        self._names: set[str] = set()
        self._parse(corpus.defaults_files)
        self._checked.raw = [raw for raw in self.parsed.raw if raw.kind is None]
        add_defaults(self._checked)
        self._add_documents(self.parsed.raw)

    @property
    def documents(self) -> Mapping[str, Document]:
        """Return the documents by address. Their mistakes are reported later."""
        return self._checked.documents

    def load(self, names: Iterable[str]) -> None:
        """Parse these files, unless they were parsed before."""
        self._add_documents(self._parse(names))

    def _parse(self, names: Iterable[str]) -> list[RawDocument]:
        start = len(self.parsed.raw)
        for name in sorted(set(names) - self._names):
            self._names.add(name)
            add_source(self.corpus.sources[name], self.parsed, first_name=self.corpus.found[name].first_name)
        return self.parsed.raw[start:]

    def _add_documents(self, raws: Iterable[RawDocument]) -> None:
        for raw in raws:
            if raw.kind is not None:
                add_document(raw, raw.kind, self._checked)

    def load_addresses(self, addresses: Iterable[str]) -> None:
        """Parse the files that declare these addresses."""
        self.load(name for address in addresses for name in self.corpus.by_address.get(address, ()))

    def load_with(self, texts: Collection[str]) -> None:
        """Parse the files with a document that may contain all of these texts, in itself or in its defaults."""
        found: set[str] | None = None
        for text in texts:
            names = self.corpus.with_text(text)
            names |= self._filled_with(text)
            found = names if found is None else found & names
        self.load(found or ())

    def _filled_with(self, text: str) -> set[str]:
        """Return the files with documents that a default fills in with this text."""
        found: set[str] = set()
        for (folder, kind), fields in self._checked.defaults.values().items():
            if text.casefold() in str(fields).casefold():
                found |= self.corpus.below(folder, self.corpus.by_kind.get(kind, ()))
        return found


def _touched(pool: _Pool, changed: Changed) -> frozenset[str]:
    """Return the addresses that changed, and those of all documents that refer to them, or referred to them before."""
    pool.load_addresses(changed.addresses)
    touched = frozenset(changed.addresses)
    roots = touched | changed.before.keys()
    searched: set[str] = set()
    while new := (touched | roots) - searched:
        searched |= new
        for address in new:
            for document in filter(None, (pool.documents.get(address), changed.before.get(address))):
                for texts in _texts_of(document):
                    pool.load_with(texts)
        present = pool.documents
        former = {**present, **changed.before}
        found: frozenset[str] = frozenset()
        for documents in (present, former):
            known = [each for each in roots | touched if each in documents]
            found |= Relations(documents.values()).dependents(known)
        touched |= found & present.keys()
    return touched & pool.documents.keys()


def _texts_of(document: Document) -> Iterator[list[str]]:
    """Yield the texts that a document contains, in itself or in its defaults, if it refers to this one."""
    yield [document.name]
    for _, _, value in lookup_keys(document):
        yield [str(value)]
    if (customer := customer_of(document)) is not None:
        yield [customer[1]]
    yield from _texts_of_renames(document)
    for kind in all_kinds().values():
        for below in kind.nested_reads:
            if below.kind == document.kind.name and below.unless:
                yield _named_values(document, below.unless)


def _texts_of_renames(document: Document) -> Iterator[list[str]]:
    """Yield the texts of documents that have a former name of this one, or that had its name before."""
    yield from ([old] for old in former_values(document))
    name = renamed_value(document)
    if isinstance(name, str):
        yield ["previously", name]


def _named_values(document: Document, attributes: Iterable[str]) -> list[str]:
    """Return the texts of some attributes. References are left out, because they can be written in several ways."""
    referring = {each.path[0] for each in references_of(document.spec)}
    values = ((name, document.spec.__dict__.get(name)) for name in attributes)
    return [value for name, value in values if isinstance(value, str) and name not in referring]


def _referred_before(changed: Changed) -> Iterator[str]:
    """Yield the addresses that changed documents referred to. A moved mapping may still bill on its old agreement."""
    for document in changed.before.values():
        for reference in references_of(document.spec):
            if isinstance(reference.value, str):
                yield f"{reference.kind}/{reference.value}"


def _load_needed(pool: _Pool, document: Document) -> None:
    """Parse the files with all documents that a document may need."""
    for reference in references_of(document.spec):
        if isinstance(reference.value, str):
            pool.load_addresses([f"{reference.kind}/{reference.value}"])
        else:
            pool.load_with([str(lookup_of(reference.value)[1])])
    for kind, _, _ in document.kind.created_after:
        pool.load(pool.corpus.by_kind.get(kind, ()))
    for below in document.kind.nested_reads:
        if below.unless:
            pool.load_with(_named_values(document, below.unless))
    if (customer := customer_of(document)) is not None:
        pool.load_with([customer[1]])
    for texts in _texts_of_renames(document):
        pool.load_with(texts)


def _part(
    pool: _Pool,
    root: Path,
    workspace: str | None,
    touched: frozenset[str],
    context: frozenset[str],
    changed_files: Collection[str],
) -> Manifests:
    """Return the manifests with the touched documents and all that they need."""
    corpus = pool.corpus
    pool.load([*changed_files, *corpus.by_kind.get(WORKSPACE, ())])
    pool.load_addresses(touched | context)
    expanded: set[str] = set()
    while True:
        known = [each for each in touched | context if each in pool.documents]
        relations = Relations(pool.documents.values())
        needed = relations.closure(known)
        if not (new := needed - expanded):
            break
        expanded |= new
        for address in new:
            _load_needed(pool, pool.documents[address])
    referred = relations.closure(known, created_first=False)
    final = _final(pool, needed, changed_files)
    manifests = finish(final, root, workspace)
    selected = manifests.by_address.keys()
    rest = Counter(each.partition("/")[0] for each in corpus.by_address if each not in selected)
    elsewhere = {kind: number for kind, number in rest.items() if kind in all_kinds() and kind != WORKSPACE}
    return replace(
        manifests,
        elsewhere=elsewhere,
        planned=touched & selected,
        created_first=needed - referred,
        from_ledger=True,
    )


def _final(pool: _Pool, needed: Collection[str], changed_files: Collection[str]) -> Loading:
    """Return a load of the needed documents alone, and of those in changed files that cannot be read."""
    parsed = pool.parsed

    def is_kept(raw: RawDocument) -> bool:
        if raw.kind is None or raw.kind.name == WORKSPACE:
            return True
        address = f"{raw.kind.name}/{raw.metadata.get('name')}"
        return address in needed or (raw.origin.file in changed_files and address not in pool.documents)

    report = parsed.report
    report.ready += [each.diagnostic for each in pool.corpus.unreadable.values()]
    raws = sorted(filter(is_kept, parsed.raw), key=lambda raw: (pool.corpus.place(raw.origin.file), raw.origin.index))
    return replace(parsed, defaults=type(parsed.defaults)(), raw=raws, specs={}, documents={})
