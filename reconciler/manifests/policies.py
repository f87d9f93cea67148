"""Policies: your own rules for manifests, such as "no price below 0.10", written as JSON Schemas.

Every document must satisfy every policy. A policy sees `{apiVersion, kind, metadata, spec}` with defaults filled in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from reconciler.errors import ReconcilerError
from reconciler.kinds.base import API_VERSION
from reconciler.manifests import files
from reconciler.manifests.diagnostics import Diagnostic
from reconciler.manifests.documents import Document, Manifests
from reconciler.manifests.files import SourceFile
from reconciler.manifests.report import Location, Report


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy."""

    name: str
    """The path of its file, as given on the command line."""
    validator: Draft202012Validator


class PolicyError(ReconcilerError):
    """A policy file cannot be used."""


def read_policy(path: Path) -> Policy:
    """Return the policy in a file. Raises `PolicyError` if it is not a JSON Schema (2020-12)."""
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
    except OSError as error:
        raise PolicyError(f"cannot be read: {error.strerror}", where=str(path), advice="check the path") from None
    except ValueError as error:
        raise PolicyError(f"is not JSON: {error}", where=str(path), advice="a policy is a JSON Schema") from None
    except SchemaError as error:
        place = "/".join(str(part) for part in error.absolute_path) or "the top"
        raise PolicyError(
            f"is not a JSON Schema: at {place}: {error.message}", where=str(path), advice="correct the schema"
        ) from None
    return Policy(str(path), Draft202012Validator(schema))


def check_policies(manifests: Manifests, policies: Iterable[Policy]) -> tuple[Diagnostic, ...]:
    """Return an error for every place at which a document violates a policy."""
    found = list(_violations(manifests, list(policies)))
    if not found:
        return ()
    report = Report(_sources(manifests.root))
    for location, message, policy in found:
        report.add(location, message, f"the policy {policy} requires this")
    return report.diagnostics()


def _violations(manifests: Manifests, policies: list[Policy]) -> Iterator[tuple[Location, str, str]]:
    for document in (manifests.workspace, *manifests.documents):
        content = _content(document)
        for policy in policies:
            for error in policy.validator.iter_errors(content):
                location = Location(document.origin, tuple(error.absolute_path))
                yield location, f"{document.address}: {error.message}", policy.name


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
