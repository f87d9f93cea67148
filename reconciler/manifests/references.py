"""Check that each manifest name in a reference has a document, and find the document for a reference."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from reconciler.kinds.fields import LookUp
from reconciler.kinds.meter import KIND as METER
from reconciler.kinds.meters import BUILT_IN
from reconciler.kinds.references import Reference, reference_fields, references_of
from reconciler.kinds.registry import all_kinds
from reconciler.manifests.annotations import members
from reconciler.manifests.documents import Document
from reconciler.manifests.report import Location, Report
from reconciler.manifests.suggestions import did_you_mean, listed, near

_LOOK_UPS = get_args(LookUp)


@dataclass(frozen=True, slots=True)
class Index:
    """Documents by address, and by the fields that references can look them up by."""

    by_address: Mapping[str, Document]
    by_lookup: Mapping[tuple[str, str, Any], Document | None]
    """(kind, field, value) → the document with that value. None if several documents have it."""

    def find(self, kind: str, reference: Any) -> Document | None:
        """Return the document of a kind for a manifest name or a look-up. None if there is not exactly one."""
        if isinstance(reference, str):
            return self.by_address.get(f"{kind}/{reference}")
        field, value = lookup_of(reference)
        return self.by_lookup.get((kind, field, folded(value)))

    def identity(self, kind: str, reference: Any) -> Any:
        """Return a value for comparing references: equal for a name and a look-up of the same document."""
        found = self.find(kind, reference)
        if found is not None:
            return found.address
        if isinstance(reference, str):
            return reference
        field, value = lookup_of(reference)
        return field, folded(value)


def lookup_of(reference: BaseModel) -> tuple[str, Any]:
    """Return the field and the value that a look-up looks for."""
    field = next(iter(type(reference).model_fields))
    return field, getattr(reference, field)


def folded(value: Any) -> Any:
    """Return a value as look-ups are compared: without case and outer blanks."""
    return value.strip().casefold() if isinstance(value, str) else value


@cache
def lookup_fields() -> Mapping[str, tuple[str, ...]]:
    """Return, by kind, the fields that references can look up its objects by. `id` is one of them."""
    found: dict[str, dict[str, None]] = {}

    def gather(model: type[BaseModel]) -> None:
        for field in reference_fields(model):
            for part in members(model.model_fields[field.attribute].annotation):
                if field.kind is None and isinstance(part, type) and issubclass(part, BaseModel):
                    gather(part)
                elif field.kind is not None and part in _LOOK_UPS:
                    found.setdefault(field.kind, {}).update(dict.fromkeys(part.model_fields))

    for kind in all_kinds().values():
        gather(kind.spec)
    return {kind: tuple(fields) for kind, fields in found.items()}


def index(documents: Mapping[str, Document]) -> Index:
    """Return the index of documents that are given by address."""
    by_lookup: dict[tuple[str, str, Any], Document | None] = {}
    for document in documents.values():
        for key in lookup_keys(document):
            by_lookup[key] = document if key not in by_lookup else None
    return Index(documents, by_lookup)


def lookup_keys(document: Document) -> Iterator[tuple[str, str, Any]]:
    """Yield the (kind, field, value) by which look-ups can find a document."""
    kind = document.kind.name
    for field in lookup_fields().get(kind, ()):
        value = document.metadata.__dict__.get("id") if field == "id" else document.spec.__dict__.get(field)
        if value is not None:
            yield kind, field, folded(value)


@dataclass(frozen=True, slots=True)
class Broken:
    """The names and texts that could not be read. A reference to a document probably among them is not reported."""

    names: frozenset[str]
    """Names of documents that could not be parsed."""
    texts: tuple[str, ...]
    """Texts of files that could not be parsed to the end."""

    def may_hold(self, name: str) -> bool:
        """Return whether a document with this name is probably among them."""
        pattern = re.compile(rf"""name:\s*["']?{re.escape(name)}["']?\s*(?:$|[,}}#])""", re.MULTILINE)
        return name in self.names or any(pattern.search(text) for text in self.texts)


def check_references(found: Index, broken: Broken, report: Report) -> None:
    """Report each manifest name in a reference for which there is no document. Look-ups are not checked here."""
    names: dict[str, list[str]] = {}
    for document in found.by_address.values():
        names.setdefault(document.kind.name, []).append(document.name)
    for document in found.by_address.values():
        for reference in references_of(document.spec):
            name = reference.value
            if not isinstance(name, str) or f"{reference.kind}/{name}" in found.by_address or broken.may_hold(name):
                continue
            _report_missing(document, reference, names.get(reference.kind, []), report)


def _built_in(reference: Reference) -> Collection[str]:
    """Return the names of a kind that need no document."""
    if reference.kind != METER.name:
        return ()
    return (*(("customer", "device") if reference.path[-1] == "per" else ()), *BUILT_IN)


def _report_missing(document: Document, reference: Reference, names: list[str], report: Report) -> None:
    fields = lookup_fields().get(reference.kind, ())
    if fields:
        lookups = listed(f"{{{by}: …}}" for by in fields)
        advice = f"if it exists in ConnectWise without a manifest, look it up with {lookups}"
    else:
        advice = f"declare it, or name one that is built in: {listed(_built_in(reference), 'and')}"
    if guess := did_you_mean(near(str(reference.value), [*names, *_built_in(reference)])):
        advice = f"{guess} Otherwise, {advice}"
    if file := document.defaulted.get(str(reference.path[0])):
        advice += f"; the name comes from {file}"
    location = Location(document.origin, ("spec", *reference.path))
    report.add(location, f"there is no {reference.kind}/{reference.value}", advice)
