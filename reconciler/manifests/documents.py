"""The loaded manifests: documents, by address and by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeGuard, TypeVar

from reconciler.kinds.base import Kind, Metadata, Spec, SpecField
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.manifests.diagnostics import Diagnostic

S = TypeVar("S", bound=Spec)
S_co = TypeVar("S_co", bound=Spec, covariant=True)


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that a document is in."""

    file: str
    """The path that messages show: relative to the manifest folder, with forward slashes."""
    index: int
    """The position of the document in that file, from 0."""


@dataclass(frozen=True)
class DocumentOf(Generic[S_co]):
    """One document with its defaults filled in. `S_co` is the spec model of its kind."""

    kind: Kind
    metadata: Metadata
    spec: S_co
    declared: frozenset[str]
    """YAML names of the spec fields that are managed: fields of the document itself or of its defaults."""
    origin: Origin
    defaulted: Mapping[str, str]
    """Field → file of the `Defaults` document that filled the field."""
    of_today: Mapping[str, Any] = field(default_factory=dict)
    """Field → its value in the running month, for fields that follow from dated entries. They are in `declared`."""

    def value(self, item: SpecField) -> Any:
        """Return the declared value of a field that ConnectWise stores."""
        return self.of_today.get(item.name, getattr(self.spec, item.attribute))

    @property
    def name(self) -> str:
        """Return the manifest name."""
        return self.metadata.name

    @property
    def address(self) -> str:
        """Return `Kind/name`."""
        return f"{self.kind.name}/{self.metadata.name}"

    @property
    def retired(self) -> bool:
        """Return whether the document says that its object is retired."""
        return self.metadata.ensure == "retired"


Document = DocumentOf[Spec]
"""A document of any kind."""


@dataclass(frozen=True)
class Manifests:
    """All documents of a manifest folder, validated against each other."""

    root: Path
    workspace: DocumentOf[WorkspaceSpec]
    documents: tuple[Document, ...]
    """All documents except workspaces, in the order of files and of positions in them."""
    digest: str
    """A digest of the parsed content with its defaults. Comments, order and layout do not change it."""
    fallback: Mapping[str, Mapping[str, Any]]
    """By kind: the `Defaults` of the root folder, as parsed. They price unmapped customers."""
    with_defaults: frozenset[tuple[str, str]] = frozenset()
    """(folder, kind) of all `Defaults`."""
    warnings: tuple[Diagnostic, ...] = ()
    files: int = 0
    """How many files were read."""
    elsewhere: Mapping[str, int] | None = None
    """By kind: the number of documents of the folder that are not in `documents`. None: all are in it."""

    planned: frozenset[str] | None = None
    """The addresses of the documents to compare with ConnectWise. The objects of the others are only found, and created
    if they do not exist. None: all documents are compared."""
    created_first: frozenset[str] = frozenset()
    """The addresses of documents that are read only if an object must be created that comes after theirs."""
    from_ledger: bool = False
    """Whether usage is taken from the newest stored pull, so that no source is read."""

    @property
    def is_partial(self) -> bool:
        """Return whether `documents` are only a part of the folder's documents."""
        return self.elsewhere is not None

    def compares(self, document: Document) -> bool:
        """Return whether the fields of a document are compared with ConnectWise."""
        return self.planned is None or document.address in self.planned

    @cached_property
    def by_address(self) -> Mapping[str, Document]:
        """Return the documents by `Kind/name`."""
        return {document.address: document for document in self.documents}

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[Document, ...]]:
        found: dict[str, list[Document]] = {}
        for document in self.documents:
            found.setdefault(document.kind.name, []).append(document)
        return {name: tuple(documents) for name, documents in found.items()}

    def of_kind(self, name: str) -> tuple[Document, ...]:
        """Return the documents of a kind, by the kind's name."""
        return self._by_kind.get(name, ())

    def of(self, spec: type[S]) -> tuple[DocumentOf[S], ...]:
        """Return the documents of the kind with the spec model `spec`."""
        kinds = (documents for documents in self._by_kind.values() if documents[0].kind.spec is spec)
        return tuple(document for document in next(kinds, ()) if has_spec(document, spec))

    def find(self, spec: type[S], address: str | None) -> DocumentOf[S] | None:
        """Return the document with an address if its spec is a `spec`. None if there is none."""
        document = self.by_address.get(address) if address is not None else None
        return document if document is not None and has_spec(document, spec) else None

    def get(self, spec: type[S], address: str) -> DocumentOf[S]:
        """Return the document with an address. Raises `KeyError` if there is none, or if its spec is not a `spec`."""
        document = self.find(spec, address)
        if document is None:
            raise KeyError(address)
        return document


def has_spec(document: Document, spec: type[S]) -> TypeGuard[DocumentOf[S]]:
    """Return whether a document's spec is a `spec`."""
    return isinstance(document.spec, spec)
