"""The envelope of a document: the fields `apiVersion`, `kind`, `metadata` and `spec`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from reconciler.kinds.base import API_VERSION, Kind
from reconciler.kinds.registry import all_kinds, declarable_kinds
from reconciler.manifests.defaults import KIND as DEFAULTS
from reconciler.manifests.documents import Origin
from reconciler.manifests.suggestions import did_you_mean, listed, nearest
from reconciler.manifests.wording import Problem, described

_TOP: Final = ("apiVersion", "kind", "metadata", "spec")


@dataclass(frozen=True, slots=True)
class RawDocument:
    """A document with a valid envelope. Its metadata and spec are not checked yet."""

    origin: Origin
    kind: Kind | None
    """`None` for `Defaults`."""
    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]


def open_document(origin: Origin, value: Any) -> tuple[RawDocument | None, list[Problem]]:
    """Return a parsed document's parts and the problems of its envelope. The parts are None if they cannot be used."""
    if not isinstance(value, dict):
        advice = f"begin with apiVersion: {API_VERSION}, kind, metadata and spec"
        return None, [Problem((), f"a document must be a mapping, got {described(value)}", advice)]
    kind, metadata, spec = value.get("kind"), value.get("metadata"), value.get("spec")
    raw = None
    if isinstance(kind, str) and kind in _declarable() and isinstance(metadata, dict) and isinstance(spec, dict):
        raw = RawDocument(origin, _declarable()[kind], metadata, spec)
        if len(value) == len(_TOP) and value.get("apiVersion") == API_VERSION:
            return raw, []
    return raw, list(_problems(value))


@cache
def _declarable() -> Mapping[str, Kind | None]:
    """Return the allowed values of `kind`, each with its kind. `Defaults` has none."""
    return {DEFAULTS: None, **{kind.name: kind for kind in declarable_kinds()}}


def _problems(value: dict[str, Any]) -> Iterator[Problem]:
    for key in value:
        if key not in _TOP:
            advice = did_you_mean(nearest(key, _TOP)) or f"the fields are {listed(_TOP, 'and')}"
            yield Problem((key,), f"there is no field {key} here", advice, at_key=True)
    for key in _TOP:
        if key not in value:
            yield Problem((), f"{key} is missing", _ADVICE[key])
    if "apiVersion" in value and value["apiVersion"] != API_VERSION:
        yield Problem(("apiVersion",), f"this version reads {API_VERSION} only", f"write apiVersion: {API_VERSION}")
    if "kind" in value:
        yield from _kind_problems(value["kind"])
    for key in ("metadata", "spec"):
        if key in value and not isinstance(value[key], dict):
            yield Problem((key,), f"{key}: expected a mapping, got {described(value[key])}", _ADVICE[key])


def _kind_problems(kind: Any) -> Iterator[Problem]:
    kinds = _declarable()
    if isinstance(kind, str) and kind in kinds:
        return
    if isinstance(kind, str) and kind in all_kinds():
        message = f"a manifest cannot declare kind {kind}, because it is created from usage"
        yield Problem(("kind",), message, "write a CustomerMapping instead")
    elif isinstance(kind, str):
        advice = did_you_mean(nearest(kind, kinds)) or f"the kinds are {listed(sorted(kinds), 'and')}"
        yield Problem(("kind",), f"there is no kind {kind}", advice)
    else:
        yield Problem(("kind",), f"kind: expected text, got {described(kind)}")


_ADVICE: Final = {
    "apiVersion": f"add apiVersion: {API_VERSION}",
    "kind": "add kind: Company, or another kind",
    "metadata": "add metadata: {name: …}",
    "spec": "add spec: with the fields of the kind, or spec: {} if defaults give all of them",
}
