"""A table of the fields of a JSON Schema: name, value, default and meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.kinds.fields import NAME_PATTERN
from reconciler.manifests.scalars import plain

Schema = Mapping[str, Any]
Names = Mapping[str, str]
"""The name of a definition → how a reference to it is written."""

REFERENCE = "#/$defs/"
_LONGEST = 60
"""A longer default or example is left out: it is an object, and its own fields have theirs."""


@dataclass(frozen=True)
class Nested:
    """A definition that fields of a schema hold, and the paths of these fields."""

    name: str
    paths: tuple[str, ...]
    schema: Schema

    @property
    def type(self) -> str | None:
        """The only value of its field `type`, which tells it from others at its path. None if it has no such field."""
        found: str | None = self.schema.get("properties", {}).get("type", {}).get("const")
        return found

    @property
    def heading(self) -> str:
        """The heading of its table."""
        return ", ".join(f"`{path}`" for path in self.paths) + (f" with `type: {self.type}`" if self.type else "")

    @property
    def link(self) -> str:
        """A link to its table."""
        anchor = re.sub(r"[^\w\s-]", "", self.heading).strip().lower().replace(" ", "-")
        return f"[{f'`type: {self.type}`' if self.type else self.heading}](#{anchor})"


def nested(root: Schema, definitions: Mapping[str, Schema], written: Collection[str]) -> list[Nested]:
    """Return the definitions that the fields of `root` hold, directly or in each other, without those in `written`."""
    paths: dict[str, list[str]] = {}
    waiting = [("", root)]
    while waiting:
        path, schema = waiting.pop(0)
        for field, part in schema.get("properties", {}).items():
            for name, below in _held(part, f"{path}{field}"):
                if name in written:
                    continue
                if name not in paths:
                    waiting.append((f"{below}.", definitions[name]))
                if below not in paths.setdefault(name, []):
                    paths[name].append(below)
    return [Nested(name, tuple(those), definitions[name]) for name, those in paths.items()]


def _held(part: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the path of each definition that a field holds. `[]` stands for the items of a list."""
    if "$ref" in part:
        yield part["$ref"].removeprefix(REFERENCE), path
    for each in (*part.get("anyOf", ()), *part.get("oneOf", ())):
        yield from _held(each, path)
    if isinstance(part.get("items"), dict):
        yield from _held(part["items"], f"{path}[]")
    if isinstance(part.get("additionalProperties"), dict):
        yield from _held(part["additionalProperties"], f"{path}.*")


def table(rows: Collection[tuple[str, ...]], head: tuple[str, ...]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def fields(schema: Schema, required: Collection[str], names: Names, others: Mapping[str, str] | None = None) -> str:
    """Return the table of an object's fields. `others` replaces the value of single fields."""
    rows = [
        (
            f"`{name}`",
            (others or {}).get(name) or value(field, names),
            "required" if name in required else default(field),
            _meaning(field),
        )
        for name, field in schema.get("properties", {}).items()
    ]
    return table(rows, ("field", "value", "default", "meaning"))


def value(schema: Schema, names: Names) -> str:
    """Return the values that a schema allows, in words."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REFERENCE)
        return names[name]
    if "anyOf" in schema or "oneOf" in schema:
        found = [value(each, names) for each in schema.get("anyOf", schema.get("oneOf")) if each.get("type") != "null"]
        return _or(dict.fromkeys(found))
    if "const" in schema:
        return _code(schema["const"])
    if "enum" in schema:
        return _or(map(_code, schema["enum"]))
    kind = schema.get("type")
    if kind == "array":
        return f"list of {value(schema.get('items', {}), names)}"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"map of {value(values, names)}" if isinstance(values, dict) else "object"
    return _plain(kind, schema)


def _plain(kind: str | None, schema: Schema) -> str:
    """Return the words for a text, a number or a flag with its limits."""
    match kind:
        case "boolean":
            return "`true` or `false`"
        case "integer" | "number":
            return " ".join(["whole number" if kind == "integer" else "number", *_limits(schema)])
        case "string":
            return _text(schema)
        case _:
            return "any value"


def _text(schema: Schema) -> str:
    if schema.get("format") == "date":
        return 'day, such as `"2026-11-01"`'
    if schema.get("format") == "date-time":
        return "time in UTC"
    if schema.get("pattern") == NAME_PATTERN:
        return "name"
    longest = schema.get("maxLength")
    return "text" if longest is None else f"text, at most {longest} characters"


def _limits(schema: Schema) -> Iterator[str]:
    low, above, high = (schema.get(word) for word in ("minimum", "exclusiveMinimum", "maximum"))
    if low is not None and high is not None:
        yield f"from {low} to {high}"
    elif low is not None:
        yield f"of {low} or more"
    elif above is not None:
        yield f"above {above}"
    elif high is not None:
        yield f"of at most {high}"


def default(field: Schema) -> str:
    """Return the default of a field, or an empty text if it has none."""
    found = field.get("default")
    text = "" if found in (None, [], {}, "") else _code(found)
    return text if len(text) <= _LONGEST else ""


def cell(text: str) -> str:
    """Return text for a cell of a table: on one line, with its braces and bars as they are."""
    return " ".join(text.split()).replace("|", "\\|")


def _meaning(field: Schema) -> str:
    """Return the description of a field, with its first example if neither it nor the default says how to write one."""
    text = cell(field.get("description", ""))
    refers = REFERENCE in str(field)  # an object has a table of its own, and a reference is written as its value says
    given = [each for each in field.get("examples", ()) if each is not None and not (refers and isinstance(each, dict))]
    example = _code(given[0]) if given and given[0] != field.get("default") else ""
    if not example or len(example) > _LONGEST or example.strip("`") in text or "such as" in text:
        return text
    return f"{text} Example: {example}."


def _code(found: Any) -> str:
    return f"`{_written(found)}`"


def _written(found: Any) -> str:
    """Return a value as it is written in YAML, on one line."""
    match found:
        case str():
            return found if isinstance(plain(found), str) else json.dumps(found)
        case Mapping():
            return f"{{{', '.join(f'{name}: {_written(each)}' for name, each in found.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(_written, found))}]"
        case _:
            return json.dumps(found)


def _or(found: Iterable[str]) -> str:
    *all_but_last, last = found
    return f"{', '.join(all_but_last)} or {last}" if all_but_last else last
