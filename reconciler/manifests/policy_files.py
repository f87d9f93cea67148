"""Read the files of policies. What would silently check nothing, such as a misspelt keyword, is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, TypeChecker, validators
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import declarable_kinds
from reconciler.manifests import files
from reconciler.manifests.suggestions import did_you_mean, likeness, listed, nearest

ACTIONS = "actions"
"""The first word of the name of a policy file for actions."""
_ALIKE = 85
"""How alike the first word of a file's name and a kind must be, from 0 to 100, so that it is taken for a slip."""
_LARGEST_POWER = 30
"""Larger numbers stay decimals, because a whole number of 1e999999 would fill the memory."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAMES = re.compile("^(definitions|x-.*)$")
_KEYWORDS = frozenset(Draft202012Validator.VALIDATORS) | {
    *("$anchor", "$comment", "$defs", "$dynamicAnchor", "$id", "$schema", "$vocabulary"),
    *("contentEncoding", "contentMediaType", "contentSchema", "default", "deprecated", "description", "else"),
    *("examples", "maxContains", "minContains", "readOnly", "then", "title", "writeOnly"),
}
FORMATS = ("date", "email", "ipv4", "ipv6", "regex", "uuid")
"""The formats that are checked. For others, jsonschema needs more libraries."""


def _is_integer(_checker: TypeChecker, value: Any) -> bool:
    """Return whether a value is a whole number. A decimal can be one."""
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


_Validator: Any = validators.extend(  # type: ignore[no-untyped-call] # its types lack this function
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
)


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
    """Return the policies in the folder of a repository and in its subfolders, in the order of their names.

    Files whose names do not end in `.json`, and hidden ones, are ignored. No policy is no error.
    """
    folder = files.policy_folder(root)
    if not folder.is_dir():
        if folder.is_symlink() or folder.exists():
            raise PolicyError("is not a folder", where=files.shown(folder), advice="Put your policies into a folder.")
        return []
    shown = Path(files.shown(folder))
    below = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() == ".json")
    return [read_policy(shown / path) for path in sorted(below) if not any(part.startswith(".") for part in path.parts)]


def read_policy(path: Path) -> Policy:
    """Return the policy in a file. Raises `PolicyError` if it is not a JSON Schema (2020-12), or checks nothing.

    The first word of the file's name says what it is for: `Product.price-floor.json` is for products.
    """
    target = _target(path)
    try:
        schema = _parsed(path.read_text(encoding="utf-8-sig"))
        _check_dialect(schema)
        Draft202012Validator.check_schema(schema)
        _check_keywords(schema)
        _check_references(schema)
    except OSError as error:
        raise PolicyError(f"cannot be read: {error.strerror}", where=str(path), advice="Check the path.") from None
    except RecursionError:
        raise PolicyError("is nested too deeply", where=str(path), advice="Divide it by $defs.") from None
    except _FlawError as flaw:
        raise PolicyError(flaw.what, where=str(path), advice=flaw.advice) from None
    except ValueError as error:
        raise PolicyError(f"is not JSON: {error}", where=str(path), advice="A policy is a JSON Schema.") from None
    except SchemaError as error:
        place = "/".join(str(part) for part in error.absolute_path) or "the top"
        raise PolicyError(
            f"is not a JSON Schema: at {place}: {error.message}", where=str(path), advice="Correct the schema."
        ) from None
    title, description = words_of(schema)
    # A registry of its own finds nothing outside the file. The default one would request a `$ref` from the network.
    validator = _Validator(schema, registry=Registry(), format_checker=FormatChecker(FORMATS))
    return Policy(str(path), target, title, description, validator)


def words_of(schema: Any) -> tuple[str, str]:
    """Return the title and the description of a schema. Empty if it has none."""
    words = schema if isinstance(schema, dict) else {}
    return str(words.get("title") or ""), str(words.get("description") or "")


def _target(path: Path) -> str:
    """Return what a policy is for. Raises `PolicyError` if the first word of the name is almost a kind."""
    word = path.name.split(".", 1)[0]
    targets = [ACTIONS, *(kind.name for kind in declarable_kinds())]
    if word in targets:
        return word
    if word == "Addition":
        advice = f"For additions, name it {ACTIONS}.NAME.json and compare `kind` with Addition."
        raise PolicyError("is for Addition, of which there are no documents", where=str(path), advice=advice)
    for each in targets:
        if likeness(word.lower(), each.lower()) >= _ALIKE:
            what = f"has a name that begins with {word}, so it would be for all documents"
            advice = f"Name it {each}.NAME.json. If it is for all documents, let its name begin with another word."
            raise PolicyError(what, where=str(path), advice=advice)
    return ""


class _FlawError(Exception):
    """What is wrong with a schema, and what to do."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


def _parsed(text: str) -> Any:
    # Prices are decimals. As a float, a limit of 0.13 would be a little more than a price of 0.13.
    return json.loads(text, parse_float=_number, parse_constant=_no_number, object_pairs_hook=_object)


def _number(text: str) -> Decimal | int:
    value = Decimal(text)
    return int(value) if value.adjusted() < _LARGEST_POWER and value == value.to_integral_value() else value


def _no_number(text: str) -> NoReturn:
    raise _FlawError(f"is not JSON: {text} is no number", "Write a number.")


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _FlawError(f'has "{key}" twice in one object, and only the second would count', "Join the two.")
        found[key] = value
    return found


def _check_dialect(schema: Any) -> None:
    dialect = schema.get("$schema", _DIALECT) if isinstance(schema, dict) else _DIALECT
    if str(dialect).rstrip("#") != _DIALECT:
        advice = f'Write "$schema": "{_DIALECT}", and check that the keywords mean the same there.'
        raise _FlawError(f"is written for another version of JSON Schema: {dialect}", advice)


def _check_keywords(schema: Any) -> None:
    """Raise `_FlawError` for the first keyword or format that would check nothing."""
    for part in _parts(schema):
        for keyword in part:
            if keyword not in _KEYWORDS and not _NAMES.match(keyword):
                guess = did_you_mean(nearest(keyword, _KEYWORDS)).capitalize()
                advice = f"{guess} A note of your own begins with x-.".strip()
                raise _FlawError(f'has the unknown keyword "{keyword}", which checks nothing', advice)
        name = part.get("format", FORMATS[0])
        if name not in FORMATS:
            what = f'has the format "{name}", which is not checked'
            raise _FlawError(what, f"The formats are {listed(FORMATS, 'and')}. For others, write a pattern.")


def _check_references(schema: Any) -> None:
    """Raise `_FlawError` for a `$ref` to something else than a part of the schema, also if no document reaches it."""
    parts = [*_parts(schema)]
    if any("$id" in part for part in parts):
        return  # references are then relative to the ids; the validator resolves them when it reaches them
    resolver = Registry().with_resource("", DRAFT202012.create_resource(schema)).resolver()
    for part in parts:
        try:
            if "$ref" in part:
                resolver.lookup(part["$ref"])
        except Unresolvable:
            raise _FlawError(*outside(part["$ref"])) from None


def outside(reference: str) -> tuple[str, str]:
    """Return what is wrong with a reference that leads out of a policy, and what to do."""
    advice = "A policy can refer only to parts of itself, such as #/$defs/price."
    return f"refers to {reference}, which is not in this file", advice


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and all schemas in it."""
    if isinstance(schema, dict):
        yield schema
        for below in DRAFT202012.subresources_of(schema):
            yield from _parts(below)
