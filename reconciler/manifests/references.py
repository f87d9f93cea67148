"""References between documents: where a spec holds them, and what they lead to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from reconciler.kinds.base import LookUp, Reference, reference_fields, references_of
from reconciler.kinds.registry import all_kinds
from reconciler.manifests.documents import Document
from reconciler.manifests.masking import members
from reconciler.manifests.report import Report, Spot
from reconciler.manifests.suggestions import listed, near

_LOOK_UPS = get_args(LookUp)


@dataclass(frozen=True, slots=True)
class Index:
    """Documents by address and by what they can be looked up by."""

    by_address: Mapping[str, Document]
    looked_up: Mapping[tuple[str, str, Any], Document | None]
    """(kind, field, value) → the one document that has it; `None` where several have."""

    def find(self, target: str, reference: Any) -> Document | None:
        """The declared document that a reference means, by name or by look-up."""
        if isinstance(reference, str):
            return self.by_address.get(f"{target}/{reference}")
        field, value = look_up(reference)
        return self.looked_up.get((target, field, _folded(value)))

    def identity(self, target: str, reference: Any) -> Any:
        """What a reference counts as in a natural key: the same for a name and a look-up of the same document."""
        found = self.find(target, reference)
        if found is not None:
            return found.address
        return reference if isinstance(reference, str) else (look_up(reference)[0], _folded(look_up(reference)[1]))


def look_up(reference: BaseModel) -> tuple[str, Any]:
    field = next(iter(type(reference).model_fields))
    return field, getattr(reference, field)


def _folded(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


@cache
def look_ups() -> Mapping[str, tuple[str, ...]]:
    """Kind → the fields by which references look it up, `id` among them."""
    found: dict[str, dict[str, None]] = {}

    def gather(model: type[BaseModel]) -> None:
        for attribute, _, target, nested in reference_fields(model):
            for part in members(model.model_fields[attribute].annotation):
                if nested and isinstance(part, type) and issubclass(part, BaseModel):
                    gather(part)
                elif part in _LOOK_UPS:
                    found.setdefault(target, {}).update(dict.fromkeys(part.model_fields))

    for kind in all_kinds().values():
        gather(kind.spec)
    return {kind: tuple(fields) for kind, fields in found.items()}


def index(documents: Mapping[str, Document]) -> Index:
    looked_up: dict[tuple[str, str, Any], Document | None] = {}
    for document in documents.values():
        kind = document.kind.name
        for field in look_ups().get(kind, ()):
            value = document.metadata.__dict__.get("id") if field == "id" else document.spec.__dict__.get(field)
            if value is not None:
                key = (kind, field, _folded(value))
                looked_up[key] = document if key not in looked_up else None
    return Index(documents, looked_up)


@dataclass(frozen=True, slots=True)
class Unsure:
    """Documents that may well be there, in files and documents too broken to say: their lack is nobody else's error."""

    names: frozenset[str]
    texts: tuple[str, ...]

    def may_hold(self, name: str) -> bool:
        pattern = re.compile(rf"""name:\s*["']?{re.escape(name)}["']?\s*(?:$|[,}}#])""", re.MULTILINE)
        return name in self.names or any(pattern.search(text) for text in self.texts)


def check_references(found: Index, unsure: Unsure, report: Report) -> None:
    """Every manifest name leads to a document. What is looked up instead may exist live, and is not judged here."""
    names: dict[str, list[str]] = {}
    for document in found.by_address.values():
        names.setdefault(document.kind.name, []).append(document.name)
    for document in found.by_address.values():
        for reference in references_of(document.spec):
            name = reference.value
            if not isinstance(name, str) or f"{reference.kind}/{name}" in found.by_address or unsure.may_hold(name):
                continue
            _missing(document, reference, names.get(reference.kind, []), report)


def _missing(document: Document, reference: Reference, names: list[str], report: Report) -> None:
    advice = f"look it up with {listed(f'{{{by}: …}}' for by in look_ups()[reference.kind])} if no manifest declares it"
    if guesses := near(str(reference.value), names):
        advice = f"did you mean {listed(guesses)}? Or {advice}"
    if reference.path[0] in document.defaulted:
        advice += f"; the name comes from {document.defaulted[str(reference.path[0])]}"
    spot = Spot(document.origin, ("spec", *reference.path))
    report.add(spot, f"there is no {reference.kind}/{reference.value}", advice)
