"""The outer form of a document: `apiVersion`, `kind`, `metadata`, `spec`, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from reconciler.kinds.base import API_VERSION, Kind
from reconciler.kinds.registry import all_kinds, declarable_kinds
from reconciler.manifests.defaults import KIND as DEFAULTS
from reconciler.manifests.documents import Origin
from reconciler.manifests.suggestions import listed, nearest
from reconciler.manifests.wording import Problem, described

_TOP: Final = ("apiVersion", "kind", "metadata", "spec")


@dataclass(frozen=True, slots=True)
class Raw:
    """A document with its outer form in order and nothing in it looked at yet."""

    origin: Origin
    kind: Kind | None
    """`None` for `Defaults`."""
    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]


def open_document(origin: Origin, value: Any) -> tuple[Raw | None, list[Problem]]:
    """A parsed document taken apart; `None` when it is too broken to look inside."""
    if not isinstance(value, dict):
        advice = f"begin with apiVersion: {API_VERSION}, kind, metadata and spec"
        return None, [Problem((), f"a document has to be a mapping, got {described(value)}", advice)]
    kind, metadata, spec = value.get("kind"), value.get("metadata"), value.get("spec")
    raw = None
    if isinstance(kind, str) and kind in _declarable() and isinstance(metadata, dict) and isinstance(spec, dict):
        raw = Raw(origin, _declarable()[kind], metadata, spec)
        if len(value) == len(_TOP) and value.get("apiVersion") == API_VERSION:
            return raw, []
    return raw, list(_problems(value))


@cache
def _declarable() -> Mapping[str, Kind | None]:
    """Everything that `kind` may say; `None` stands for `Defaults`."""
    return {DEFAULTS: None, **{kind.name: kind for kind in declarable_kinds()}}


def _problems(value: dict[str, Any]) -> Iterator[Problem]:
    for key in value:
        if key not in _TOP:
            guess = nearest(key, _TOP)
            advice = f"did you mean {guess}?" if guess else f"a document holds {listed(_TOP, 'and')}"
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
        yield Problem(("kind",), f"{kind} is written by usage, and never declared", "declare a CustomerMapping")
    elif isinstance(kind, str):
        guess = nearest(kind, kinds)
        advice = f"did you mean {guess}?" if guess else f"the kinds are {listed(sorted(kinds), 'and')}"
        yield Problem(("kind",), f"there is no kind {kind}", advice)
    else:
        yield Problem(("kind",), f"kind: expected text, got {described(kind)}")


_ADVICE: Final = {
    "apiVersion": f"add apiVersion: {API_VERSION}",
    "kind": "add kind: Company, or another",
    "metadata": "add metadata: {name: …}",
    "spec": "add spec: with the fields of the kind; spec: {} where defaults give them all",
}
