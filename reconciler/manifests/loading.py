"""A folder of YAML → an estate, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.kinds.base import Kind, Metadata
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.manifests import files, references, rules
from reconciler.manifests.defaults import Defaults, missing
from reconciler.manifests.diagnostics import Diagnostic, ManifestError
from reconciler.manifests.digest import digest
from reconciler.manifests.documents import Document, DocumentOf, Manifests, Origin, has_spec
from reconciler.manifests.envelope import Raw, open_document
from reconciler.manifests.files import SourceFile
from reconciler.manifests.parsing import parse
from reconciler.manifests.report import Report, Spot
from reconciler.manifests.suggestions import listed, nearest
from reconciler.manifests.uniqueness import check_natural_keys
from reconciler.manifests.validation import check
from reconciler.manifests.wording import Problem

WORKSPACE = "Workspace"


@dataclass(slots=True)
class _Loading:
    """An estate being put together."""

    report: Report
    defaults: Defaults = field(default_factory=Defaults)
    raw: list[Raw] = field(default_factory=list)
    specs: dict[str, Mapping[str, object]] = field(default_factory=dict)
    """Address → spec with its defaults, as parsed: what the digest is taken over."""
    documents: dict[str, Document] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    """Keys that the parser has looked at, shared by all files."""
    broken_texts: list[str] = field(default_factory=list)
    """Of files that could not be read to their end."""
    broken_names: set[str] = field(default_factory=set)
    """Names of documents that could not be looked into."""


def load(root: Path, *, workspace: str | None = None) -> Manifests:
    """Every manifest below a folder, read, filled in and checked.

    `workspace` chooses among several. Raises `ManifestError` with everything that is wrong, each at its place.
    """
    loading = _read(root)
    for raw in loading.raw:
        if raw.kind is None:
            _check_metadata(raw, loading.report)
            loading.defaults.add(raw.origin, raw.spec, loading.report)
    for raw in loading.raw:
        if raw.kind is not None:
            _document(raw, raw.kind, loading)
    chosen = _workspace(loading, workspace, str(root))
    _check_all(loading, chosen)
    found = loading.report.diagnostics()
    if chosen is None or any(item.severity == "error" for item in found):
        raise ManifestError(found, root)
    fallback = loading.defaults.fallback()
    others = tuple(item for item in loading.documents.values() if item.kind.name != WORKSPACE)
    content = digest(((item, loading.specs[item.address]) for item in (chosen, *others)), fallback)
    return Manifests(root, chosen, others, content, fallback, found, len(loading.report.sources))


def _read(root: Path) -> _Loading:
    """All files, parsed. Raises `ManifestError` when there is no folder, or nothing in it."""
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        advice = "name the manifest folder with -C: reconciler -C DIR validate"
        raise ManifestError([Diagnostic(f"the manifest folder {what}", advice, str(root))])
    sources: dict[str, SourceFile] = {}
    loading = _Loading(Report(sources))
    try:
        for path in files.find(root):
            found = files.read(path)
            if isinstance(found, SourceFile):
                sources[found.name] = found
                _parse(found, loading, known_as=path.known_as)
            else:
                loading.report.ready.append(found.diagnostic)
                loading.broken_texts.append(found.text)
    except OSError as error:
        what = f"{error.filename} cannot be read: {error.strerror}"
        raise ManifestError([Diagnostic(what, "check its permissions", str(root))]) from error
    if not sources and not loading.report.ready:
        advice = "put *.yaml files there: a kind: Workspace first, then what it manages"
        raise ManifestError([Diagnostic("there are no manifests in this folder", advice, str(root))])
    return loading


def _parse(source: SourceFile, loading: _Loading, *, known_as: str | None) -> None:
    """The documents of a file. Of one that was read by another name already, `Defaults` alone count once more: they
    fill in the folder that the link stands in."""
    parsed = parse(source.text, loading.keys)
    for flaw in parsed.flaws:
        loading.report.flaw(source.name, flaw)
    if not parsed.whole:
        loading.broken_texts.append(source.text)
    if not parsed.documents and not parsed.flaws:
        advice = "remove the file, or declare something in it"
        loading.report.ready.append(Diagnostic("there is no document in this file", advice, source.name, 1, 1))
    twice = False
    for index, value in parsed.documents:
        raw, problems = open_document(Origin(source.name, index), value)
        for problem in problems:
            loading.report.problem(Origin(source.name, index), problem)
        if raw is not None and raw.kind is not None and known_as is not None:
            twice = True
        elif raw is not None:
            loading.raw.append(raw)
        elif isinstance(value, dict) and isinstance(value.get("metadata"), dict):
            loading.broken_names.add(str(value["metadata"].get("name")))
    if twice:
        message = f"leads to {known_as}, which is read already: its documents count once"
        loading.report.ready.append(Diagnostic(message, "remove the link", source.name, severity="warning"))


def _check_metadata(raw: Raw, report: Report) -> Metadata:
    checked = check(Metadata, raw.metadata)
    for problem in checked.problems:
        report.problem(raw.origin, problem, below=("metadata",))
    rules.check_metadata(checked.value, Spot(raw.origin, ("metadata", "ensure")), report)
    return checked.value


def _document(raw: Raw, kind: Kind, loading: _Loading) -> None:
    """One document, its defaults filled in. One with mistakes counts as declared too, or others would seem broken."""
    metadata = _check_metadata(raw, loading.report)
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
            Spot(raw.origin, ("metadata", "name")),
            f"{document.address} is declared twice: also at {{other}}",
            "rename one of the two, or remove it",
            other=Spot(first.origin, ("metadata", "name")),
        )
        return
    loading.specs[document.address] = spec


def _report_problem(raw: Raw, problem: Problem, filled: dict[str, Origin], report: Report) -> None:
    """At the document, or at the `Defaults` that filled the field: there it has been reported when they were read."""
    if problem.path and problem.path[0] in filled:
        return
    report.problem(raw.origin, problem, below=("spec",))


def _workspace(loading: _Loading, chosen: str | None, root: str) -> DocumentOf[WorkspaceSpec] | None:
    workspaces = (item for item in loading.documents.values() if has_spec(item, WorkspaceSpec))
    found = {item.name: item for item in sorted(workspaces, key=lambda item: item.name)}
    if chosen is not None and chosen in found:
        return found[chosen]
    if chosen is None and len(found) == 1:
        return next(iter(found.values()))
    broken = any(item.kind is not None and item.kind.name == WORKSPACE for item in loading.raw)
    broken |= any(WORKSPACE in text for text in loading.broken_texts)
    if chosen is not None:
        guess = nearest(chosen, found)
        advice = f"did you mean {guess}?" if guess else f"there is {listed(found, 'and')}" if found else "declare one"
        loading.report.ready.append(Diagnostic(f"there is no Workspace/{chosen}", advice, root))
    elif found:
        names = listed(found, "and")
        loading.report.ready.append(
            Diagnostic(f"there are {len(found)} workspaces: {names}", "choose one with --workspace NAME", root)
        )
    elif not broken:
        advice = "declare kind: Workspace, with the connection, the usage sources and the billing rules"
        loading.report.ready.append(Diagnostic("there is no Workspace", advice, root))
    return None


def _check_all(loading: _Loading, workspace: Document | None) -> None:
    """What documents demand of each other."""
    index = references.index(loading.documents)
    unsure = references.Broken(frozenset(loading.broken_names), tuple(loading.broken_texts))
    references.check_references(index, unsure, loading.report)
    check_natural_keys(loading.documents.values(), index, loading.report)
    rules.check_rules(index, workspace, loading.report)
