"""Turn pydantic's validation errors into messages for people who write YAML.

Messages never repeat the value of a secret field, and shorten long values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic_core import ErrorDetails

from reconciler.kinds.dated_prices import INSIDE
from reconciler.kinds.fields import NAME_PATTERN
from reconciler.manifests.positions import Path
from reconciler.manifests.suggestions import did_you_mean, listed, nearest

_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
_SCALAR_MEMBERS = {
    "str": "text",
    "bool": "true or false",
    "int": "a number",
    "decimal": "a number",
    "dict[str,any]": "a mapping",
}
_LOOK_UPS = {"ByIdentifier": "identifier", "ByName": "name", "ByEmail": "email", "ById": "id"}
_SECRETS = {"EnvSecret", "FileSecret"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One error in a document."""

    path: Path
    message: str
    suggestion: str = ""
    at_key: bool = False
    """Whether the message points at the key and not at the value."""


def problems(errors: Iterable[ErrorDetails], value: Any, known: Callable[[Path], Iterable[str]]) -> list[Problem]:
    """Return messages for the errors of one model. `known` returns the allowed field names at a path."""
    unions: dict[Path, list[tuple[str, ErrorDetails]]] = {}
    found: list[Problem] = []
    for error in errors:
        path, member = _path(error["loc"], value, ends_in_key=error["type"] in {"missing", "extra_forbidden"})
        if error["type"] == "too_short" and _at(value, path):
            continue  # pydantic counts valid entries only, and the errors of the others are reported already
        if member is not None:
            unions.setdefault(path, []).append((member, error))
        else:
            found.append(_problem(path, error, value, known))
    found += [_union(path, members, _at(value, path)) for path, members in unions.items()]
    return found


def _path(loc: tuple[str | int, ...], value: Any, *, ends_in_key: bool) -> tuple[Path, str | None]:
    """Return the path in the YAML, and the name of the union member that the error is about, if there is one.

    pydantic puts the names of union members between the keys in `loc`. A part of `loc` that is no key of the value is
    such a name. The tag of a tagged union (`type: cove`) is skipped, because only one member is tried.
    """
    path: list[str | int] = []
    for place, part in enumerate(loc):
        if _holds(value, part):
            value = value[part]
        elif isinstance(value, Mapping) and value.get("type") == part:
            continue
        elif ends_in_key and place == len(loc) - 1:
            pass
        else:
            return tuple(path), str(part)
        path.append(part)
    return tuple(path), None


def _holds(value: Any, part: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, Mapping) and part in value


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def described(value: Any) -> str:
    """Return the type of a value in words, such as `a list`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | Decimal():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "…"


def _problem(path: Path, error: ErrorDetails, value: Any, known: Callable[[Path], Iterable[str]]) -> Problem:
    kind = error["type"]
    if kind == "missing":
        return Problem(path[:-1], f"{field_name(path)} is missing", f"add {path[-1]}: …", at_key=True)
    if kind == "extra_forbidden":
        return _unknown_field(path, known)
    got = _at(value, path)
    name = field_name(path)
    context = error.get("ctx") or {}
    if kind == "value_error":
        return Problem(path, _with_field(path, str(context["error"])))
    if kind == INSIDE:
        path = (*path, *context["at"])
        return Problem(path, _with_field(path, str(context["message"])))
    if kind in {"literal_error", "union_tag_invalid"}:
        return _choice(path, got, context, kind)
    if kind == "union_tag_not_found":
        return Problem(path, f"{name} has no type", "add type: cove, type: csv or type: json", at_key=True)
    if expected := _EXPECTED.get(kind):
        return _wrong_type(path, expected, got)
    return Problem(path, f"{name} {_limit(kind, got, context)}", _LIMIT_ADVICE.get(kind, ""))


def _with_field(path: Path, message: str) -> str:
    """Return a validator's message, with the field before it if the message does not begin with the field."""
    return message if not path or message.startswith(str(path[-1])) else f"{field_name(path)}: {message}"


def field_name(path: Path) -> str:
    """Return a path as text, such as `ranges[0].upTo`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "this"


def _unknown_field(path: Path, known: Callable[[Path], Iterable[str]]) -> Problem:
    names = sorted(known(path[:-1]))
    place = f"in {field_name(path[:-1])}" if len(path) > 1 else "here"
    message = f"there is no field {path[-1]} {place}"
    allowed = f"the fields are {listed(names, 'and')}" if names else ""
    return Problem(path, message, did_you_mean(nearest(str(path[-1]), names)) or allowed, at_key=True)


def _choice(path: Path, got: Any, context: Mapping[str, Any], kind: str) -> Problem:
    if kind == "union_tag_invalid":
        path, got = (*path, "type"), context["tag"]
    choices = _QUOTED.findall(str(context.get("expected") or context.get("expected_tags")))
    guess = nearest(got, choices) if isinstance(got, str) else None
    shown = _short(got) if isinstance(got, str) else described(got)
    message = f"{field_name(path)} cannot be {shown}"
    return Problem(path, message, did_you_mean(guess) or f"use {listed(choices)}")


_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "tuple_type": "a list",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "date_type": 'a date as text, "2026-11-01"',
}


def _wrong_type(path: Path, expected: str, got: Any) -> Problem:
    message = f"{field_name(path)}: expected {expected}, got {described(got)}"
    if got is None:
        return Problem(path, message, "this field cannot be cleared: give it a value, or leave it out")
    if expected == "text" and isinstance(got, (bool, int, Decimal)):
        return Problem(path, message, "put it in quotes")
    if expected == "a list" and isinstance(got, str):
        return Problem(path, message, f"write [{_short(got)}]")
    if expected in {"a number", "a whole number"} and isinstance(got, str):
        return Problem(path, message, "write it without quotes" if _looks_numeric(got) else "")
    if expected == "a whole number" and isinstance(got, Decimal):
        return Problem(path, f"{field_name(path)}: expected a whole number, got {got}")
    if expected == "true or false" and isinstance(got, str):
        return Problem(path, message, "write true or false: in YAML 1.2, yes, no, on and off are text")
    return Problem(path, message)


def _looks_numeric(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d+(\.\d+)?", text.strip()) is not None


def _limit(kind: str, got: Any, context: Mapping[str, Any]) -> str:
    match kind:
        case "string_too_long":
            return f"has {len(got)} characters, and at most {context['max_length']} are allowed"
        case "string_too_short":
            return "is empty" if not got else f"has {len(got)} characters, and needs {context['min_length']} or more"
        case "too_short":
            return "is an empty list"
        case "string_pattern_mismatch":
            return f"cannot be {_short(got)}: {_PATTERNS.get(context['pattern'], 'it does not have the right form')}"
        case "greater_than":
            return f"is {got} but must be more than {context['gt']}"
        case "greater_than_equal":
            return f"is {got} but must be at least {context['ge']}"
        case "less_than_equal":
            return f"is {got} but must be at most {context['le']}"
        case _ if kind.startswith("date"):
            return f"is not a date: {_short(got)}"
        case _:
            return f"cannot be {_short(got)}"


_PATTERNS = {
    r"^[0-9]+$": "it must be digits only",
    r"^[^@\s]+@[^@\s]+$": "it is not an e-mail address",
    r"^[A-Z]{3}$": "it must be a currency code of three capital letters, such as USD",
    NAME_PATTERN: "a name may contain letters, digits, dots, dashes and underscores",
}
_LIMIT_ADVICE = {
    "too_short": "write at least one entry, or leave the field out",
    "string_too_long": "shorten it, or ConnectWise refuses it",
    "date_from_datetime_parsing": 'write a date in the form "2026-11-01"',
    "date_from_datetime_inexact": 'write it as "2026-11-01", without a time',
    "date_parsing": 'write a date in the form "2026-11-01"',
}


def _union(path: Path, errors: list[tuple[str, ErrorDetails]], got: Any) -> Problem:
    """Return one problem for a value that fits no member of a union. The message lists all allowed forms."""
    members = list(dict.fromkeys(member for member, _ in errors))
    name = field_name(path)
    if _SECRETS & set(members):
        return _secret(path, name, members, got)
    if lookups := [_LOOK_UPS[member] for member in members if member in _LOOK_UPS]:
        return _reference(path, name, lookups, got)
    allowed = listed(dict.fromkeys(_SCALAR_MEMBERS.get(member, member) for member in members))
    return Problem(path, f"{name}: expected {allowed}, got {described(got)}")


def _secret(path: Path, name: str, members: list[str], got: Any) -> Problem:
    if not set(members) <= _SECRETS:
        if isinstance(got, str):
            return Problem(path, f"{name} is empty", "write a text, {env: NAME} or {file: PATH}")
        message = f"{name}: expected text, {{env: NAME}} or {{file: PATH}}, got {described(got)}"
        return Problem(path, message, "put it in quotes" if isinstance(got, (bool, int, Decimal)) else "")
    if isinstance(got, (str, int, Decimal)) and not isinstance(got, bool):
        return Problem(
            path,
            f"{name} is a secret and must not be written into a manifest",
            "write {env: NAME} or {file: PATH} instead. Change the secret, because others may have read it",
            at_key=True,
        )
    return Problem(path, f"{name}: expected {{env: NAME}} or {{file: PATH}}, got {described(got)}", "", at_key=True)


def _reference(path: Path, name: str, lookups: list[str], got: Any) -> Problem:
    forms = listed(f"{{{key}: …}}" for key in lookups)
    if isinstance(got, Mapping):
        if len(got) == 1 and (key := next(iter(got))) in lookups:
            expected = "a whole number above 0" if key == "id" else "text"
            return Problem((*path, key), f"{name}: {key} must be {expected}")
        message = f"{name} is looked up by one field: {listed(lookups)}"
        guess = nearest(str(next(iter(got), "")), lookups) if len(got) == 1 else None
        return Problem(path, message, did_you_mean(f"{{{guess}: …}}" if guess else None) or f"write {forms}")
    if isinstance(got, str):
        message = f"{name} cannot be {_short(got)}: {_PATTERNS[NAME_PATTERN]}"
        return Problem(path, message, f"write a manifest name, or look it up in ConnectWise with {forms}")
    return Problem(path, f"{name}: expected a manifest name or {forms}, got {described(got)}")
