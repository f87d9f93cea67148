"""Check a request body against the fields of its kind, and report all problems at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from reconciler.sandbox.connectwise.schema.errors import Problem
from reconciler.sandbox.connectwise.schema.fields import PARTS, Entity, Field

Resolver = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Returns the stored reference for the body of one, and raises `Unfit` when there is no such object."""

CENTS = Decimal("0.01")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,7})?(?:Z|[+-]\d\d:\d\d)?)?$")
_REFERENCE_EXTRA: Final = frozenset({"id", "_info"})


class Unfit(Exception):  # noqa: N818  # one problem of a value, not a failure
    """One value that cannot be stored, with the error code that says why. `clean` turns it into a problem."""

    def __init__(self, message: str, code: str = "InvalidField") -> None:
        super().__init__(message)
        self.code = code


def clean(entity: Entity, body: dict[str, Any], resolve: Resolver) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values of a body as they are stored, and the problems of the body.

    Computed fields, `id` and `_info` are left out.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in body.items():
        if name in {"id", "_info"}:
            continue
        field = entity.fields.get(name)
        if field is None:
            problems.append(problem(entity, name, f"{name} is not a field of {entity.resource}"))
        elif not field.computed:
            try:
                values[name] = clean_value(field, value, resolve)
            except Unfit as unfit:
                problems.append(Problem(unfit.code, str(unfit), entity.resource, name))
    return values, problems


def problem(entity: Entity, field: str, message: str, code: str = "InvalidField") -> Problem:
    """Return a problem with one field."""
    return Problem(code, message, entity.resource, field)


def missing(entity: Entity, values: dict[str, Any]) -> list[Problem]:
    """Return a problem for each required field without a value. An empty text counts as no value."""
    return [
        problem(entity, name, f"The {name} field is required.", "MissingRequiredField")
        for name in entity.required
        if values.get(name) is None or (isinstance(values[name], str) and not values[name].strip())
    ]


def clean_value(field: Field, value: Any, resolve: Resolver) -> Any:
    """Return one value as it is stored. None clears a field, so every field accepts it.

    Raises:
        Unfit: the value does not fit the field.
    """
    if value is None:
        return None
    return _CLEANERS[field.kind](field, value, resolve)


def parse_date(text: str) -> str:
    """Return an ISO date or time as `YYYY-MM-DDThh:mm:ssZ`. A time without a zone is taken as UTC.

    Raises:
        Unfit: the text is not a date.
    """
    if not _DATE.match(text):
        raise Unfit(f"{text!r} is not a date of the form YYYY-MM-DDThh:mm:ssZ")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unfit(f"{text!r} is not a date of the calendar") from None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def money(value: Decimal | int) -> Decimal:
    """Return a number as the tenant stores it: at least two decimals, no exponent."""
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    return number.quantize(CENTS) if isinstance(exponent, int) and exponent > -2 else number


def _text(field: Field, value: Any, _resolve: Resolver) -> str:
    if not isinstance(value, str):
        raise Unfit(f"{field.name} must be a string")
    text = value.strip() if field.trimmed else value
    if field.max_length is not None and len(text) > field.max_length:
        raise Unfit(f"The field {field.name} must be a string with a maximum length of {field.max_length}.")
    if _CONTROL.search(text):
        raise Unfit(f"{field.name} holds control characters")
    return text


def _int(field: Field, value: Any, _resolve: Resolver) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit(f"{field.name} must be an integer")
    if abs(value) >= 2**31:
        raise Unfit(f"{field.name} does not fit into 32 bits")
    return value


def _number(field: Field, value: Any, _resolve: Resolver) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unfit(f"{field.name} must be a number")
    number = Decimal(value)
    if abs(number) >= 10**15:
        raise Unfit(f"{field.name} is too large")
    return money(number)


def _flag(field: Field, value: Any, _resolve: Resolver) -> bool:
    if not isinstance(value, bool):
        raise Unfit(f"{field.name} must be true or false")
    return value


def _date(field: Field, value: Any, _resolve: Resolver) -> str:
    if not isinstance(value, str):
        raise Unfit(f"{field.name} must be a date string")
    return f"{parse_date(value)[:10]}T00:00:00Z"


def _enum(field: Field, value: Any, _resolve: Resolver) -> str:
    if value not in field.options:
        raise Unfit(f"{value!r} is not one of {', '.join(field.options)}")
    return str(value)


def _ref(field: Field, value: Any, resolve: Resolver) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit(f'{field.name} must be a reference, such as {{"id": 1}}')
    return resolve(field.target, value)


def _refs(field: Field, value: Any, resolve: Resolver) -> list[dict[str, Any]]:
    return [_ref(field, each, resolve) for each in _list(field, value)]


def _objects(field: Field, value: Any, resolve: Resolver) -> list[dict[str, Any]]:
    return [_part(PARTS[field.target], field, each, resolve) for each in _list(field, value)]


def _custom(field: Field, value: Any, resolve: Resolver) -> list[dict[str, Any]]:
    return [_part(PARTS["CustomFieldValue"], field, each, resolve) for each in _list(field, value)]


def _part(entity: Entity, field: Field, value: Any, resolve: Resolver) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit(f"{field.name} must be a list of objects")
    values, problems = clean(entity, value, resolve)
    identity = value.get("id")
    if identity is not None:
        values["id"] = _int(entity.fields["id"], identity, resolve)
    problems += missing(entity, values)
    if problems:
        raise Unfit(f"{field.name}: {problems[0].message}", problems[0].code)
    return values


def _list(field: Field, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Unfit(f"{field.name} must be a list")
    return value


def _ints(field: Field, value: Any, resolve: Resolver) -> list[int]:
    return [_int(field, each, resolve) for each in _list(field, value)]


def _numbers(field: Field, value: Any, resolve: Resolver) -> list[Decimal]:
    return [_number(field, each, resolve) for each in _list(field, value)]


def _texts(field: Field, value: Any, resolve: Resolver) -> list[str]:
    return [_text(field, each, resolve) for each in _list(field, value)]


def _any(_field: Field, value: Any, _resolve: Resolver) -> Any:
    return value


_CLEANERS: dict[str, Callable[[Field, Any, Resolver], Any]] = {
    "text": _text,
    "int": _int,
    "number": _number,
    "flag": _flag,
    "date": _date,
    "enum": _enum,
    "ref": _ref,
    "refs": _refs,
    "objects": _objects,
    "custom": _custom,
    "ints": _ints,
    "numbers": _numbers,
    "texts": _texts,
    "any": _any,
}
