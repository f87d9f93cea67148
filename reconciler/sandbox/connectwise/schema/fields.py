"""How the tables of fields are written and read.

One line is one field: `name kind modifiers…`.

| kind | JSON |
|---|---|
| `text`, `text(N)` | string, at most N characters |
| `int`, `number`, `flag`, `date` | 32-bit integer · decimal number · boolean · `YYYY-MM-DDThh:mm:ssZ` |
| `enum(A|B)`, `enum(Name)` | one of these strings, or of those under that name below |
| `ref(X)`, `refs(X)` | a reference to an object that must exist · a list of them |
| `objects(X)` | a list of objects that have no address of their own |
| `ints`, `numbers`, `texts`, `custom` | lists · custom field values |

| modifier | meaning |
|---|---|
| `required` | must be in a POST and a PUT, and may not be cleared |
| `unique` | no two live objects share it, compared without case |
| `trimmed` | outer spaces are cut on the way in; other text comes back as it was sent |
| `computed` | the server's own: ignored in POST and PUT, refused in PATCH [guess] |
| `postonly` | honoured in a POST; a PATCH of it answers 200 and stores nothing [seen] |
| `writeonly` | never comes back |
| `=V` | the value when a POST leaves it out |
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

_KIND = re.compile(r"(?P<kind>[a-z]+)(?:\((?P<argument>[^)]*)\))?$")
#: Enumerations too long for a line.
_ENUMS = {
    "ApplicationCycle": "Contract2Weeks Contract4Weeks ContractYear ContractQuarter"
    " CalendarWeek CalendarMonth CalendarQuarter CalendarYear",
    "CustomFieldType": "TextArea Button Currency Date Hyperlink IPAddress Checkbox Number Percent Text Password",
}
_FLAGS = ("required", "unique", "trimmed", "computed", "postonly", "writeonly")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entity."""

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
    """One kind of object: its name here, the `resource` that errors name, and its fields (without id and _info)."""

    name: str
    resource: str
    fields: dict[str, Field]
    required: tuple[str, ...] = field(default=())
    unique: tuple[str, ...] = field(default=())
    defaults: tuple[tuple[str, Any], ...] = field(default=())


def parse_field(line: str) -> Field:
    """Read one line of a table."""
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
    """Read a whole table."""
    fields = {parsed.name: parsed for parsed in map(parse_field, filter(str.strip, table.splitlines()))}
    return Entity(
        name,
        resource,
        fields,
        required=tuple(each.name for each in fields.values() if each.required),
        unique=tuple(each.name for each in fields.values() if each.unique),
        defaults=tuple((each.name, each.default) for each in fields.values() if each.default is not None),
    )


#: Objects inside objects; they are checked like the others but have no address.
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
