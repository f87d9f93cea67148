"""Load a manifest folder: read all files, fill in defaults, and check every document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from reconciler.kinds.base import Kind, Metadata
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.manifests import files, references, rules
from reconciler.manifests.defaults import Defaults, missing
from reconciler.manifests.diagnostics import Diagnostic, ManifestError
from reconciler.manifests.digest import digest
from reconciler.manifests.documents import Document, DocumentOf, Manifests, Origin, has_spec
from reconciler.manifests.envelope import RawDocument, open_document
from reconciler.manifests.files import SourceFile
from reconciler.manifests.parsing import parse
from reconciler.manifests.price_dates import check_price_dates
from reconciler.manifests.renames import check_renames
from reconciler.manifests.report import Finding, Location, Report
from reconciler.manifests.retirement import check_ensure
from reconciler.manifests.suggestions import did_you_mean, listed, nearest
from reconciler.manifests.uniqueness import check_natural_keys
from reconciler.manifests.validation import check
from reconciler.manifests.wording import Problem

WORKSPACE = "Workspace"


@dataclass(slots=True)
class Loading:
    """The state of one load. Loading a part of a folder fills it too."""

    report: Report
    defaults: Defaults = field(default_factory=Defaults)
    raw: list[RawDocument] = field(default_factory=list)
    specs: dict[str, Mapping[str, object]] = field(default_factory=dict)
    """Address → spec with its defaults, as parsed. The digest is computed from it."""
    documents: dict[str, Document] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    """Keys that the parser has already checked, shared by all files."""
    broken_texts: list[str] = field(default_factory=list)
    """Texts of files that could not be parsed to the end."""
    broken_names: set[str] = field(default_factory=set)
    """Names of documents with a broken envelope."""


def load(root: Path, *, workspace: str | None = None, now: datetime | None = None) -> Manifests:
    """Return the documents of a manifest folder, with their defaults, after all checks.

    `workspace` is the name of the workspace to use, if there are several. With `now`, the prices must be in force at
    that moment. Raises `ManifestError` with all errors.
    """
    return finish(_read(root), root, workspace, now)


def load_valid(root: Path, *, workspace: str | None = None) -> Manifests:
    """Return the documents that are valid, each on its own. The errors of the others are in `warnings`.

    It serves commands that only need the workspace and names. Raises `ManifestError` if there is no single workspace.
    """
    loading = _read(root)
    chosen = _checked(loading, workspace, str(root))
    if chosen is None:
        raise ManifestError(loading.report.diagnostics(), root)
    return _built(root, loading, chosen, loading.report.diagnostics())


def finish(loading: Loading, root: Path, workspace: str | None, now: datetime | None = None) -> Manifests:
    """Return the documents that were read, with their defaults, after all checks. See `load`."""
    chosen = _checked(loading, workspace, str(root), now)
    return _manifests(root, loading, chosen)


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of loading a manifest folder together with files that are not written yet."""

    manifests: Manifests | None
    """None if there are errors."""
    errors: tuple[Finding, ...]
    """The errors in documents, by their place."""
    documents: Mapping[str, Document]
    """All documents by address, also those with errors."""


def try_out(root: Path, texts: Mapping[str, str], *, workspace: str) -> Trial:
    """Load a manifest folder together with `texts`, by the names of their files relative to `root`.

    Nothing is written. Raises `ManifestError` if there are errors that are not in a document, such as YAML errors.
    """
    loading = _read(root, texts)
    chosen = _checked(loading, workspace, str(root))
    errors = loading.report.errors()
    if errors and not loading.report.ready:
        return Trial(None, errors, loading.documents)
    return Trial(_manifests(root, loading, chosen), (), loading.documents)


def add_defaults(loading: Loading) -> None:
    """Add the defaults of the documents that were read."""
    for raw in loading.raw:
        if raw.kind is None:
            _check_metadata(raw, None, loading.report)
            loading.defaults.add(raw.origin, raw.spec, loading.report)


def _checked(
    loading: Loading, workspace: str | None, root: str, now: datetime | None = None
) -> DocumentOf[WorkspaceSpec] | None:
    """Check all documents, and return the workspace to use. None if there is no single one."""
    add_defaults(loading)
    for raw in loading.raw:
        if raw.kind is not None:
            add_document(raw, raw.kind, loading)
    chosen = _workspace(loading, workspace, root)
    _check_all(loading, chosen, now)
    return chosen


def _manifests(root: Path, loading: Loading, chosen: DocumentOf[WorkspaceSpec] | None) -> Manifests:
    """Return the documents that were loaded. Raises `ManifestError` if there are errors."""
    found = loading.report.diagnostics()
    if chosen is None or any(item.severity == "error" for item in found):
        raise ManifestError(found, root)
    return _built(root, loading, chosen, found)


def _built(root: Path, loading: Loading, chosen: DocumentOf[WorkspaceSpec], found: tuple[Diagnostic, ...]) -> Manifests:
    fallback = loading.defaults.fallback()
    others = tuple(item for item in loading.documents.values() if item.kind.name != WORKSPACE)
    content = digest(((item, loading.specs[item.address]) for item in (chosen, *others)), fallback)
    return Manifests(
        root, chosen, others, content, fallback, loading.defaults.places(), found, len(loading.report.sources)
    )


def _read(root: Path, texts: Mapping[str, str] = MappingProxyType({})) -> Loading:
    """Read and parse all files. Raises `ManifestError` if the folder does not exist or has no manifests.

    A text in `texts` replaces the file with its name, or counts as one more file of the folder.
    """
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        advice = "pass the manifest folder with -C: reconciler -C DIR validate"
        raise ManifestError([Diagnostic(f"the manifest folder {what}", advice, str(root))])
    sources: dict[str, SourceFile] = {}
    loading = Loading(Report(sources))
    try:
        for path in files.find(root, texts):
            text = texts.get(path.name)
            found = files.read(path) if text is None else files.decode(path.name, text.encode())
            if isinstance(found, SourceFile):
                sources[found.name] = found
                add_source(found, loading, first_name=path.first_name)
            else:
                loading.report.ready.append(found.diagnostic)
                loading.broken_texts.append(found.text)
    except OSError as error:
        what = f"{error.filename} cannot be read: {error.strerror}"
        raise ManifestError([Diagnostic(what, "check its permissions", str(root))]) from error
    if not sources and not loading.report.ready:
        advice = "put *.yaml files there, beginning with kind: Workspace"
        raise ManifestError([Diagnostic("there are no manifests in this folder", advice, str(root))])
    return loading


def add_source(source: SourceFile, loading: Loading, *, first_name: str | None) -> None:
    """Add the documents of a file.

    `first_name` is set if the same file was already read under another name. Then only its `Defaults` count again,
    because they also apply to the folder of the link.
    """
    parsed = parse(source.text, loading.keys)
    for flaw in parsed.flaws:
        loading.report.flaw(source.name, flaw)
    if not parsed.whole:
        loading.broken_texts.append(source.text)
    if not parsed.documents and not parsed.flaws:
        advice = "remove the file, or write a document into it"
        loading.report.ready.append(Diagnostic("there is no document in this file", advice, source.name, 1, 1))
    twice = False
    for index, value in parsed.documents:
        raw, problems = open_document(Origin(source.name, index), value)
        for problem in problems:
            loading.report.problem(Origin(source.name, index), problem)
        if raw is not None and raw.kind is not None and first_name is not None:
            twice = True
        elif raw is not None:
            loading.raw.append(raw)
        elif isinstance(value, dict) and isinstance(value.get("metadata"), dict):
            loading.broken_names.add(str(value["metadata"].get("name")))
    if twice:
        message = f"is a link to {first_name}, which is already read: its documents count once"
        loading.report.ready.append(Diagnostic(message, "remove the link", source.name, severity="warning"))


def _check_metadata(raw: RawDocument, kind: Kind | None, report: Report) -> Metadata:
    """Return the metadata of a document, and report its problems."""
    checked = check(Metadata, raw.metadata)
    for problem in checked.problems:
        report.problem(raw.origin, problem, below=("metadata",))
    check_ensure(checked.value, kind, Location(raw.origin, ("metadata", "ensure")), report)
    return checked.value


def add_document(raw: RawDocument, kind: Kind, loading: Loading) -> None:
    """Add one document with its defaults. A document with errors is added too, so that references to it resolve."""
    metadata = _check_metadata(raw, kind, loading.report)
    defaults = missing(kind, loading.defaults.of(raw.origin.file.rpartition("/")[0], kind), raw.spec)
    filled = {name: origin for name, (_, origin) in defaults.items()}
    spec = {**{name: value for name, (value, _) in defaults.items()}, **raw.spec} if filled else raw.spec
    checked = check(kind.spec, spec)
    for problem in checked.problems:
        _report_problem(raw, problem, filled, loading.report)
    name = metadata.__dict__.get("name")
    if name is None:
        return
    document = Document(
        kind,
        metadata,
        checked.value,
        frozenset(spec),
        raw.origin,
        {name: origin.file for name, origin in filled.items()},
    )
    first = loading.documents.setdefault(document.address, document)
    if first is not document:
        loading.report.add(
            Location(raw.origin, ("metadata", "name")),
            f"{document.address} is declared twice; the first one is at {{other}}",
            "rename one of the two, or remove it",
            other=Location(first.origin, ("metadata", "name")),
        )
        return
    loading.specs[document.address] = spec


def _report_problem(raw: RawDocument, problem: Problem, filled: dict[str, Origin], report: Report) -> None:
    """Report a problem of a spec. Problems of default values are skipped: they are reported at the `Defaults`."""
    if problem.path and problem.path[0] in filled:
        return
    report.problem(raw.origin, problem, below=("spec",))


def _workspace(loading: Loading, chosen: str | None, root: str) -> DocumentOf[WorkspaceSpec] | None:
    """Return the workspace to use. If there is none, or no single one, report it and return None."""
    workspaces = (item for item in loading.documents.values() if has_spec(item, WorkspaceSpec))
    found = {item.name: item for item in sorted(workspaces, key=lambda item: item.name)}
    if chosen is not None and chosen in found:
        return found[chosen]
    if chosen is None and len(found) == 1:
        return next(iter(found.values()))
    broken = any(item.kind is not None and item.kind.name == WORKSPACE for item in loading.raw)
    broken |= any(WORKSPACE in text for text in loading.broken_texts)
    if chosen is not None:
        there_is = f"there is {listed(found, 'and')}" if found else "add a document with kind: Workspace"
        advice = did_you_mean(nearest(chosen, found)) or there_is
        loading.report.ready.append(Diagnostic(f"there is no Workspace/{chosen}", advice, root))
    elif found:
        names = listed(found, "and")
        loading.report.ready.append(
            Diagnostic(f"there are {len(found)} workspaces: {names}", "choose one with --workspace NAME", root)
        )
    elif not broken:
        advice = "add kind: Workspace, with the connection, the usage sources and the billing rules"
        loading.report.ready.append(Diagnostic("there is no Workspace", advice, root))
    return None


def _check_all(loading: Loading, workspace: Document | None, now: datetime | None) -> None:
    """Check the documents against each other."""
    index = references.index(loading.documents)
    broken = references.Broken(frozenset(loading.broken_names), tuple(loading.broken_texts))
    references.check_references(index, broken, loading.report)
    check_natural_keys(loading.documents.values(), index, loading.report)
    check_renames(loading.documents.values(), index, loading.report)
    rules.check_rules(index, workspace, loading.report)
    check_price_dates(loading.documents.values(), loading.defaults, workspace, now, loading.report)
