"""Policies: your own rules for manifests and plans, such as "no price below 0.10", written as JSON Schemas.

A policy of documents sees `{apiVersion, kind, metadata, spec}` with defaults filled in. A policy of actions sees the
JSON of each action of a plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import ValidationError
from referencing.exceptions import Unresolvable

from reconciler.kinds.base import API_VERSION
from reconciler.manifests import files
from reconciler.manifests.defaults import KIND as DEFAULTS
from reconciler.manifests.diagnostics import Diagnostic
from reconciler.manifests.documents import Document, Manifests, Origin
from reconciler.manifests.files import SourceFile
from reconciler.manifests.parsing import Parsed, parse
from reconciler.manifests.policy_files import ACTIONS, Policy, PolicyError, outside, words_of
from reconciler.manifests.report import Location, Report

_DECIMAL = re.compile(r"Decimal\('([^']*)'\)")
_ADDITION, _MAPPING = "Addition/", "CustomerMapping/"


def _violations(policy: Policy, content: Mapping[str, Any]) -> Iterator[ValidationError]:
    """Yield each violation of a policy. Raises `PolicyError` if its references cannot be followed."""
    try:
        yield from policy.validator.iter_errors(content)
    except Unresolvable as error:
        reference = f"#{error.ref}" if error.ref.startswith("/") else error.ref
        what, advice = outside(reference)
        raise PolicyError(what, where=policy.name, advice=advice) from None
    except RecursionError:
        raise PolicyError("refers to itself without end", where=policy.name, advice="Correct its `$ref`.") from None


def check_policies(manifests: Manifests, policies: Iterable[Policy]) -> tuple[Diagnostic, ...]:
    """Return an error for every place at which a document violates a policy."""
    found = [each for policy in policies for each in _in_documents(manifests, policy)]
    return _reported(manifests, found)


def check_actions(
    manifests: Manifests, policies: Iterable[Policy], actions: Sequence[Mapping[str, Any]]
) -> tuple[Diagnostic, ...]:
    """Return an error for every action of a plan that violates a policy, at its document if it has one.

    `actions` is their JSON. An addition is reported at its mapping, and what has no document at the workspace.
    """
    found: list[Violation] = []
    for policy in policies:
        for action in actions if policy.target == ACTIONS else ():
            place = Location(_document_of(action["address"], manifests).origin, ())
            found += [(place, action["address"], error, policy) for error in _violations(policy, action)]
    return _reported(manifests, found)


def _document_of(address: str, manifests: Manifests) -> Document:
    if address.startswith(_ADDITION):
        name = address.removeprefix(_ADDITION).partition(":")[0]
        candidates = (_MAPPING + name, _MAPPING + name.rpartition(".")[0])
    else:
        candidates = (address, "")
    found = (manifests.by_address[each] for each in candidates if each in manifests.by_address)
    return next(found, manifests.workspace)


Violation = tuple[Location, str, ValidationError, Policy]


def _in_documents(manifests: Manifests, policy: Policy) -> Iterator[Violation]:
    for document in (manifests.workspace, *manifests.documents):
        if policy.target in ("", document.kind.name):
            for error in _violations(policy, _content(document)):
                path = tuple(error.absolute_path)
                yield Location(document.origin, path), document.address, error, policy


def _reported(manifests: Manifests, found: Sequence[Violation]) -> tuple[Diagnostic, ...]:
    if not found:
        return ()
    report = Report(_sources(manifests.root))
    places = _DefaultPlaces(manifests, report.sources)
    addresses: dict[tuple[Location, str, str, str], list[str]] = {}
    for location, address, error, policy in found:
        title, description = words_of(error.schema)
        title, description = title or policy.title, description or policy.description
        # A `false` in a schema allows nothing. The message of jsonschema repeats the whole value.
        what = "this is not allowed" if error.validator is None else _DECIMAL.sub(r"\1", error.message)
        required = f"the policy {policy.name} requires this"
        advice = f"{description} ({required})" if description else required
        place = places.of(location, address)
        # A default value is one error, and not one for each document that it fills in.
        own = address if place == location else ""
        addresses.setdefault((place, own, f"{title}: {what}" if title else what, advice), []).append(address)
    for (place, _, what, advice), named in addresses.items():
        others = f" and {len(named) - 1:,} more" if len(named) > 1 else ""
        report.add(place, f"{named[0]}{others}: {what}", advice)
    return report.diagnostics()


@dataclass(frozen=True, slots=True)
class _DefaultPlaces:
    """Finds the places of values that `Defaults` filled in."""

    manifests: Manifests
    sources: Mapping[str, SourceFile]
    _parsed: dict[str, Parsed] = field(default_factory=dict)
    """By name of the file."""

    def of(self, location: Location, address: str) -> Location:
        """Return the place of a value in its `Defaults`, or the given place if the document itself has the value."""
        document = self.manifests.by_address.get(address)
        if document is None or len(location.path) < 2 or location.path[0] != "spec":
            return location
        file = document.defaulted.get(str(location.path[1]))
        if file is None:
            return location
        if file not in self._parsed:
            self._parsed[file] = parse(self.sources[file].text)
        kind, name = document.kind.name, location.path[1]
        places = (
            Location(Origin(file, index), ("spec", kind, *location.path[1:]))
            for index, value in self._parsed[file].documents
            if value.get("kind") == DEFAULTS and name in value["spec"].get(kind, ())
        )
        return next(places, location)


def _content(document: Document) -> Mapping[str, Any]:
    spec = document.spec
    return {
        "apiVersion": API_VERSION,
        "kind": document.kind.name,
        "metadata": _listed(document.metadata.model_dump(by_alias=True, exclude_unset=True)),
        "spec": _listed(spec.model_dump(by_alias=True, exclude_unset=True)),
    }


def _listed(content: Any) -> Any:
    """Return content for a JSON Schema validator: tuples as lists, dates as text."""
    if isinstance(content, Mapping):
        return {name: _listed(value) for name, value in content.items()}
    if isinstance(content, tuple | list):
        return [_listed(value) for value in content]
    return content.isoformat() if hasattr(content, "isoformat") else content


def _sources(root: Path) -> dict[str, SourceFile]:
    read = map(files.read, files.find(root))
    return {found.name: found for found in read if isinstance(found, SourceFile)}
