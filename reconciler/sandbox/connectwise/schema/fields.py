"""Read the tables of fields in `entities`.

One line is one field: `name kind modifiers…`.

| kind | JSON |
|---|---|
| `text`, `text(N)` | string, at most N characters |
| `int`, `number`, `flag`, `date` | 32-bit integer · decimal number · boolean · `YYYY-MM-DDThh:mm:ssZ` |
| `enum(A|B)`, `enum(Name)` | one of these strings, or of those under that name in `_ENUMS` |
| `ref(X)`, `refs(X)` | a reference to an existing object · a list of them |
| `objects(X)` | a list of objects that have no address of their own |
| `ints`, `numbers`, `texts`, `custom` | lists · values of custom fields |

| modifier | meaning |
|---|---|
| `required` | a POST and a PUT must have it, and a PATCH cannot clear it |
| `unique` | no two objects have the same value, compared without case; deleted objects do not count |
| `trimmed` | spaces at both ends are removed; other texts are stored as sent |
| `computed` | set by the server: ignored in POST and PUT, refused in PATCH [guess] |
| `postonly` | stored in a POST; a PATCH of it returns 200 and stores nothing [seen] |
| `writeonly` | never returned |
| `=V` | the value when a POST leaves it out |
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

_KIND = re.compile(r"(?P<kind>[a-z]+)(?:\((?P<argument>[^)]*)\))?$")
_ENUMS = {
    "ApplicationCycle": "Contract2Weeks Contract4Weeks ContractYear ContractQuarter"
    " CalendarWeek CalendarMonth CalendarQuarter CalendarYear",
    "CustomFieldType": "TextArea Button Currency Date Hyperlink IPAddress Checkbox Number Percent Text Password",
}
"""Enumerations that are too long for one line of a table, by name."""
_FLAGS = ("required", "unique", "trimmed", "computed", "postonly", "writeonly")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind."""

    name: str
    kind: str
    max_length: int | None = None
    options: tuple[str, ...] = ()
    target: str = ""
    required: bool = False
    unique: bool = False
    trimmed: bool = False
    computed: bool = False
    postonly: bool = False
    writeonly: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of object: its name, the `resource` that errors name, and its fields without `id` and `_info`."""

    name: str
    resource: str
    fields: dict[str, Field]
    required: tuple[str, ...] = field(default=())
    unique: tuple[str, ...] = field(default=())
    defaults: tuple[tuple[str, Any], ...] = field(default=())


def parse_field(line: str) -> Field:
    """Return the field that one line of a table describes."""
    name, kind_text, *modifiers = line.split()
    match = _KIND.match(kind_text)
    if match is None:
        raise ValueError(f"unreadable field kind {kind_text!r} in {line!r}")
    kind, argument = match["kind"], match["argument"]
    return Field(
        name=name,
        kind=kind,
        max_length=int(argument) if kind == "text" and argument else None,
        options=_options(argument) if kind == "enum" else (),
        target=argument if kind in {"ref", "refs", "objects"} else "",
        default=_default(kind, modifiers),
        **{flag: flag in modifiers for flag in _FLAGS},
    )


def _options(argument: str) -> tuple[str, ...]:
    return tuple(_ENUMS[argument].split() if argument in _ENUMS else argument.split("|"))


def _default(kind: str, modifiers: list[str]) -> Any:
    given = next((modifier[1:] for modifier in modifiers if modifier.startswith("=")), None)
    if given is None:
        return None
    if kind == "flag":
        return given == "true"
    if kind == "int":
        return int(given)
    return Decimal(given).quantize(Decimal("0.01")) if kind == "number" else given


def entity(name: str, resource: str, table: str) -> Entity:
    """Return the kind that a whole table describes."""
    fields = {parsed.name: parsed for parsed in map(parse_field, filter(str.strip, table.splitlines()))}
    return Entity(
        name,
        resource,
        fields,
        required=tuple(each.name for each in fields.values() if each.required),
        unique=tuple(each.name for each in fields.values() if each.unique),
        defaults=tuple((each.name, each.default) for each in fields.values() if each.default is not None),
    )


PARTS: dict[str, Entity] = {
    each.name: each
    for each in (
        entity(
            "ContactCommunicationItem",
            "contactCommunicationItem",
            """
            id int
            type ref(CommunicationType)
            value text(250)
            extension text(15)
            defaultFlag flag
            domain text
            communicationType enum(Email|Fax|Phone)
            """,
        ),
        entity(
            "UserDefinedFieldOption",
            "userDefinedFieldOption",
            """
            id int
            optionValue text
            defaultFlag flag
            inactiveFlag flag
            sortOrder int
            """,
        ),
        entity(
            "CustomFieldValue",
            "customFieldValue",
            """
            id int required
            caption text
            type text
            entryMethod text
            numberOfDecimals int
            value any
            connectWiseId text
            rowNum int
            userDefinedFieldRecId int
            podId text
            """,
        ),
    )
}
"""Objects inside objects, by name. They are checked like other objects and have no address."""
