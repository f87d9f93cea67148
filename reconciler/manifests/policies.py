"""Policies: your own rules for manifests and plans, such as "no price below 0.10", written as JSON Schemas.

A policy of documents sees `{apiVersion, kind, metadata, spec}` with defaults filled in. A policy of actions sees the
JSON of each action of a plan.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, SchemaError, TypeChecker, ValidationError, validators
from referencing import Registry
from referencing.exceptions import Unresolvable

from reconciler.errors import ReconcilerError
from reconciler.kinds.base import API_VERSION
from reconciler.kinds.registry import all_kinds
from reconciler.manifests import files
from reconciler.manifests.diagnostics import Diagnostic
from reconciler.manifests.documents import Document, Manifests
from reconciler.manifests.files import SourceFile
from reconciler.manifests.report import Location, Report


def _is_integer(_checker: TypeChecker, value: Any) -> bool:
    """Return whether a value is a whole number. A decimal can be one."""
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


_Validator: Any = validators.extend(  # type: ignore[no-untyped-call] # its types lack this function
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
)
_DECIMAL = re.compile(r"Decimal\('([^']*)'\)")

ACTIONS = "actions"
"""The first word of the name of a policy file for actions."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy."""

    name: str
    """The path of its file."""
    target: str
    """`actions`, the kind of the documents that it is for, or empty for all documents."""
    title: str
    description: str
    validator: Any
    """A validator of jsonschema that knows decimals."""


class PolicyError(ReconcilerError):
    """A policy file cannot be used."""


def read_policies(root: Path) -> list[Policy]:
    """Return the policies in the folder of a repository, in the order of their names. None is no error."""
    return [read_policy(path) for path in sorted(Path(files.shown(files.policy_folder(root))).glob("*.json"))]


def read_policy(path: Path) -> Policy:
    """Return the policy in a file. Raises `PolicyError` if it is not a JSON Schema (2020-12).

    The first word of the file's name says what it is for: `Product.price-floor.json` is for products.
    """
    try:
        # Prices are decimals. As a float, a limit of 0.13 would be a little more than a price of 0.13.
        schema = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        Draft202012Validator.check_schema(schema)
    except OSError as error:
        raise PolicyError(f"cannot be read: {error.strerror}", where=str(path), advice="Check the path.") from None
    except ValueError as error:
        raise PolicyError(f"is not JSON: {error}", where=str(path), advice="A policy is a JSON Schema.") from None
    except SchemaError as error:
        place = "/".join(str(part) for part in error.absolute_path) or "the top"
        raise PolicyError(
            f"is not a JSON Schema: at {place}: {error.message}", where=str(path), advice="Correct the schema."
        ) from None
    target = path.name.split(".", 1)[0]
    title, description = _words(schema)
    return Policy(
        str(path),
        target if target == ACTIONS or target in all_kinds() else "",
        title,
        description,
        # A registry of its own finds nothing outside the file. The default one would request a `$ref` from the network.
        _Validator(schema, registry=Registry()),
    )


def _violations(policy: Policy, content: Mapping[str, Any]) -> Iterator[ValidationError]:
    """Yield each violation of a policy. Raises `PolicyError` if its references cannot be followed."""
    try:
        yield from policy.validator.iter_errors(content)
    except Unresolvable as error:
        reference = f"#{error.ref}" if error.ref.startswith("/") else error.ref
        raise PolicyError(
            f"refers to {reference}, which is not in this file",
            where=policy.name,
            advice="A policy can refer only to parts of itself, such as #/$defs/price.",
        ) from None
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

    `actions` is their JSON. An action without a document, such as that of an addition, is reported at the workspace.
    """
    documents = {each.address: each for each in manifests.documents}
    found: list[Violation] = []
    for policy in policies:
        for action in actions if policy.target == ACTIONS else ():
            document = documents.get(action["address"], manifests.workspace)
            place = Location(document.origin, ())
            found += [(place, action["address"], error, policy) for error in _violations(policy, action)]
    return _reported(manifests, found)


Violation = tuple[Location, str, ValidationError, Policy]


def _in_documents(manifests: Manifests, policy: Policy) -> Iterator[Violation]:
    for document in (manifests.workspace, *manifests.documents):
        if policy.target in ("", document.kind.name):
            for error in _violations(policy, _content(document)):
                yield Location(document.origin, tuple(error.absolute_path)), document.address, error, policy


def _reported(manifests: Manifests, found: Sequence[Violation]) -> tuple[Diagnostic, ...]:
    if not found:
        return ()
    report = Report(_sources(manifests.root))
    for location, address, error, policy in found:
        title, description = _words(error.schema)
        title, description = title or policy.title, description or policy.description
        what = _DECIMAL.sub(r"\1", error.message)
        message = f"{address}: {title}: {what}" if title else f"{address}: {what}"
        required = f"the policy {policy.name} requires this"
        report.add(location, message, f"{description} ({required})" if description else required)
    return report.diagnostics()


def _words(schema: Any) -> tuple[str, str]:
    """Return the title and the description of a schema. Empty if it has none."""
    words = schema if isinstance(schema, Mapping) else {}
    return str(words.get("title") or ""), str(words.get("description") or "")


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
