"""What the manifests say: documents by address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reconciler.kinds.base import Kind, Metadata, Spec
from reconciler.manifests.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document stands."""

    file: str
    """As shown to people: relative to the manifest folder, with forward slashes."""
    index: int
    """Its place among the documents of that file, from 0."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document, its defaults filled in."""

    kind: Kind
    metadata: Metadata
    spec: Spec
    declared: frozenset[str]
    """YAML names of the spec fields that are managed: declared here or filled by defaults."""
    origin: Origin
    defaulted: Mapping[str, str]
    """Field → file of the `Defaults` that filled it."""

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def address(self) -> str:
        return f"{self.kind.name}/{self.metadata.name}"


@dataclass(frozen=True)
class Manifests:
    """A whole estate as declared, with everything in it checked against everything else."""

    root: Path
    workspace: Document
    documents: tuple[Document, ...]
    """All but workspaces, in the order of files and places in them."""
    digest: str
    """Over the parsed content with its defaults: comments, order and layout do not change it."""
    fallback: Mapping[str, Mapping[str, Any]]
    """The `Defaults` of the root folder per kind, as parsed: they price what no document maps."""
    warnings: tuple[Diagnostic, ...] = ()
    files: int = 0
    """How many files were read."""

    @cached_property
    def by_address(self) -> Mapping[str, Document]:
        return {document.address: document for document in self.documents}

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[Document, ...]]:
        found: dict[str, list[Document]] = {}
        for document in self.documents:
            found.setdefault(document.kind.name, []).append(document)
        return {name: tuple(documents) for name, documents in found.items()}

    def of_kind(self, name: str) -> tuple[Document, ...]:
        return self._by_kind.get(name, ())
