"""The page of each kind, from its schema and its example in `manifests/`, and the parts of `manifests.md`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel

from reconciler.kinds.base import Kind, attribute_of
from reconciler.kinds.field_mapping import FieldMapping
from reconciler.kinds.fields import Model
from reconciler.kinds.references import reference_fields
from reconciler.kinds.registry import declarable_kinds
from reconciler.kinds.retirement import Retirement
from reconciler.manifests.schemas import schemas
from tools.reference.fields import Names, Schema, fields, nested, table, value

MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"
_KIND = re.compile(r"^kind: (\w+)$", re.MULTILINE)
WRITTEN = {
    "EnvSecret": "`{env: NAME}`",
    "FileSecret": "`{file: PATH}`",
    "ByIdentifier": "`{identifier: …}`",
    "ByName": "`{name: …}`",
    "ByEmail": "`{email: …}`",
    "ById": "`{id: …}`",
}
"""How the models of references and secrets are written in a manifest."""


@cache
def _schemas() -> Mapping[str, Schema]:
    return schemas()


def page(kind: Kind) -> str:
    """Return the page of one kind."""
    schema = _schemas()[kind.name]
    spec = schema["properties"]["spec"]
    below = nested(spec, schema["$defs"], WRITTEN)
    names = WRITTEN | {each.name: each.link for each in below}
    parts = [
        f"# {kind.name}",
        _linked(kind.describes, "../"),
        "\n".join(f"- {fact}" for fact in _facts(kind)),
        "## Fields",
        f"These are the fields of `spec`. [Manifests](../manifests.md) has those of `metadata`.{_rest(kind)}",
        fields(spec, _required(kind.spec, spec), names, dict(_targets(kind.spec, spec, names))),
    ]
    for each in below:
        part = each.schema
        others = dict(_targets(_models()[each.name], part, names))
        parts += [f"## {each.heading}", part["description"], fields(part, part.get("required", ()), names, others)]
    if (example := _examples().get(kind.name)) is not None:
        parts += ["## Example", "This document is from the example estate.", f"```yaml\n{example}\n```"]
    return "\n\n".join(parts) + "\n"


def _required(spec: type[BaseModel], schema: Schema) -> set[str]:
    """Return the fields that a document must have, itself or from `Defaults`."""
    return {name for name in schema["properties"] if spec.model_fields[str(attribute_of(spec, name))].is_required()}


def _models() -> Mapping[str, type[Model]]:
    """Return all models of the fields of manifests by name."""
    found, waiting = {}, [Model]
    while waiting:
        for each in waiting.pop().__subclasses__():
            found[each.__name__] = each
            waiting.append(each)
    return found


def _rest(kind: Kind) -> str:
    if kind.collection is None:
        return ""
    return " An optional field that you leave out is not managed, and `null` clears it."


def _facts(kind: Kind) -> Iterator[str]:
    """Yield what is said about a kind above its fields: its natural key and its place in ConnectWise."""
    if kind.key:
        also = f", and {_and(kind.key_if_given)} if it is given" if kind.key_if_given else ""
        yield f"Natural key: {_and(kind.key)}{also}"
    yield (
        f"In ConnectWise: `{kind.collection}`"
        if kind.collection
        else "In ConnectWise: nothing. Only `reconciler` reads it"
    )
    if kind.retirement is not None:
        yield f"Retired by: {_retirement(kind.retirement)}"


def _retirement(how: Retirement) -> str:
    if how.deletes:
        return "deleting it"
    if how.entry is not None:
        return f"the entry `{how.entry_name}` in `{how.entry}`"
    written = [f"`{name}: {str(each).lower()}`" for name, each in how.retired.items()]
    return _joined([*written, *([f"its last day in `{how.last_day}`"] if how.last_day else [])])


def _targets(model: type[BaseModel], schema: Schema, names: Names) -> Iterator[tuple[str, str]]:
    """Yield each field of a model that refers to a document or to a setup table, with its value in words."""
    properties = schema["properties"]
    for field in reference_fields(model):
        if field.kind is not None:
            link = f"[{field.kind}]({field.kind}.md)"
            yield (
                field.name,
                value(properties[field.name], names).replace("name", f"name of {_article(field.kind)} {link}", 1),
            )
    for attribute, info in model.model_fields.items():
        for mark in info.metadata:
            if isinstance(mark, FieldMapping) and mark.target is not None and mark.target.table is not None:
                name = info.alias or attribute
                what = "list of entries" if "list of" in value(properties[name], names) else "entry"
                yield name, f"{what} of the setup table `{mark.target.table}`"


@cache
def _examples() -> Mapping[str, str]:
    """Return the first document of each kind in the example estate, as it is written there."""
    found: dict[str, str] = {}
    for path in sorted(MANIFESTS.rglob("*.yaml")):
        for text in re.split(r"^---$", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            name = _KIND.search(text)
            if name is not None:
                found.setdefault(name.group(1), text[text.index("apiVersion:") :].strip())
    return found


def metadata() -> str:
    """Return the table of the fields of `metadata`, which every document has."""
    definition = _schemas()["Company"]["$defs"]["Metadata"]
    return fields(definition, definition["required"], WRITTEN)


def listed() -> str:
    """Return the table of all kinds."""
    rows = [
        (f"[{kind.name}](kinds/{kind.name}.md)", _and(kind.key), _linked(kind.describes, ""))
        for kind in declarable_kinds()
    ]
    return table(rows, ("kind", "natural key", "describes"))


def _linked(text: str, up: str) -> str:
    """Return a description with a link to the vendor's guide, step by step. `up` leads to the folder of that page."""
    return text.replace("the vendor's guide", f"[the vendor's guide]({up}seed-steps.md)")


def _article(kind: str) -> str:
    return "an" if kind[0] in "AEIO" else "a"


def _and(names: tuple[str, ...]) -> str:
    return _joined([f"`{name}`" for name in names])


def _joined(texts: list[str]) -> str:
    *all_but_last, last = texts
    return f"{', '.join(all_but_last)} and {last}" if all_but_last else last
