"""Validate the metadata or the spec of a document against its model, and report all problems at once.

If pydantic finds an error, the fields are validated one by one. The valid ones form a partial spec, so that the checks
between fields and between documents still run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from reconciler.manifests.annotations import members
from reconciler.manifests.positions import Path
from reconciler.manifests.wording import Problem, problems

M = TypeVar("M", bound=BaseModel)
_LEADING_PATH = re.compile(r"([A-Za-z][A-Za-z0-9]*)(?:\[(\d+)\])?(?:\.([A-Za-z0-9]+))?")


@dataclass(frozen=True, slots=True)
class Checked(Generic[M]):
    """The result of a validation."""

    value: M
    """The model. If there are problems, it has only the valid attributes."""
    problems: tuple[Problem, ...] = ()


def check(model: type[M], raw: Mapping[str, Any]) -> Checked[M]:
    """Validate a mapping from YAML against a model."""
    try:
        return Checked(model.model_validate(raw))
    except ValidationError:
        return _field_by_field(model, raw)


def check_fields(model: type[BaseModel], raw: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of the given fields. Required fields may be missing, as in `Defaults`."""
    return _each(model, raw).problems


@dataclass(slots=True)
class _Fields:
    """The result of validating fields one by one. Keys are YAML names."""

    values: dict[str, Any] = field(default_factory=dict)
    remains: dict[str, Any] = field(default_factory=dict)
    """The values of fields with errors inside, without the wrong parts. References in them can still be checked."""
    problems: list[Problem] = field(default_factory=list)


def _field_by_field(model: type[M], raw: Mapping[str, Any]) -> Checked[M]:
    found = _each(model, raw)
    given = {name for name, info in model.model_fields.items() if (info.alias or name) in found.values}
    partial = model.model_construct(_fields_set=given, **found.values)
    for name, info in model.model_fields.items():
        alias = info.alias or name
        if alias in raw and alias not in found.values:
            partial.__dict__.pop(name, None)  # model_construct put the default here, but the YAML has a wrong value
        elif alias not in raw and info.is_required():
            found.problems.append(Problem((), f"{alias} is missing", f"add {alias}: …", at_key=True))
    found.problems += _between_fields(partial, raw)
    for name, info in model.model_fields.items():
        if (info.alias or name) in found.remains:
            partial.__dict__[name] = found.remains[info.alias or name]
    return Checked(partial, tuple(found.problems))


def _each(model: type[BaseModel], raw: Mapping[str, Any]) -> _Fields:
    """Validate each given field by itself."""
    attributes = {info.alias or name: name for name, info in model.model_fields.items()}
    found = _Fields()
    errors: list[ErrorDetails] = []
    for key, value in raw.items():
        if key not in attributes:
            errors.append({"type": "extra_forbidden", "loc": (key,), "msg": "", "input": None})
            continue
        adapter = _adapter(model, attributes[key])
        try:
            found.values[key] = adapter.validate_python(value)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            errors += [{**item, "loc": (key, *item["loc"])} for item in details]
    found.problems = problems(errors, raw, lambda path: field_names(model, path))
    for key in raw.keys() & attributes.keys() - found.values.keys():
        inside = [problem.path[1:] for problem in found.problems if problem.path[:1] == (key,)]
        with suppress(ValidationError):
            found.remains[key] = _adapter(model, attributes[key]).validate_python(_without(raw[key], inside))
    return found


def _without(value: Any, paths: list[Path]) -> Any:
    """Return a copy of a value without the parts at some paths in it."""
    left = deepcopy(value)
    for path in paths:
        place = left
        for part in path[:-1]:
            place = place[part]
        if path and isinstance(place, dict):
            place.pop(path[-1], None)
    return left


@cache
def _adapter(model: type[BaseModel], attribute: str) -> TypeAdapter[Any]:
    info = model.model_fields[attribute]
    annotation: Any = info.annotation
    for mark in info.metadata:
        annotation = Annotated[annotation, mark]
    return TypeAdapter(annotation)


def _between_fields(partial: BaseModel, raw: Mapping[str, Any]) -> list[Problem]:
    """Return the problems that the model's own validators find. One that needs an invalid field is skipped."""
    found = []
    for name in type(partial).__pydantic_decorators__.model_validators:
        try:
            getattr(partial, name)()
        except AttributeError:
            continue  # it needs a field that is invalid and already reported
        except ValueError as error:
            path = _leading_path(str(error), raw)
            found.append(Problem(path, str(error), at_key=not path))
    return found


def _leading_path(message: str, raw: Mapping[str, Any]) -> Path:
    """Return the path that a message begins with, as in `ranges[1].upTo 500 must be …`. Empty if there is none."""
    match = _LEADING_PATH.match(message)
    if match is None or match[1] not in raw:
        return ()
    path: list[str | int] = [match[1]]
    value = raw[match[1]]
    if match[2] and isinstance(value, list) and int(match[2]) < len(value):
        path.append(int(match[2]))
        value = value[int(match[2])]
        if match[3] and isinstance(value, Mapping) and match[3] in value:
            path.append(match[3])
    return tuple(path)


def field_names(model: type[BaseModel], path: Path) -> Iterable[str]:
    """Return the names of the fields that are allowed at a path."""
    models = [model]
    for part in path:
        if isinstance(part, int):
            continue
        infos = [info for item in models for name, info in item.model_fields.items() if (info.alias or name) == part]
        models = [
            member
            for info in infos
            for member in members(info.annotation)
            if isinstance(member, type) and issubclass(member, BaseModel)
        ]
    return [info.alias or name for item in models for name, info in item.model_fields.items()]
