"""Habits of a server: the forms in which it stores values and shows them.

Each habit is a fault (`faults.py`) with a name of its own, so a test can have one at a time.

| habit | what happens |
|---|---|
| `trims` | text is stored without the spaces at its ends [seen] |
| `pads` | text comes back with a space after it [seen] |
| `nfc` | text is stored in Unicode NFC |
| `one-line` | each character of a line break in a text is stored as a space, so CR LF becomes two spaces [docs] |
| `bare-dates` | a date comes back as `2026-11-01` |
| `zoned-dates` | a date comes back with another hour, `hours=H` (default 5): `2026-11-01T05:00:00Z` |
| `bare-refs` | a reference comes back as `{"id"}` |
| `named-refs` | a reference that has a name comes back without its id |
| `wide-refs` | a reference comes back with more members than documented |
| `doubles` | a number comes back as the next larger double: `0.30000000000000004` |
| `zeros` | a number comes back with six decimals: `1.000000` |
| `sparse` | a field with no value, an empty text, an empty list or false is left out |
| `blanks` | a text field without a value comes back as an empty text [guess] |
| `empty-refs` | a reference without a target comes back as `{"id": 0, "name": ""}` [guess] |
| `float-ids` | an id comes back as `7.0` [guess] |
| `short-answers` | a POST or PATCH succeeds, and its response holds only the id [guess] |
| `refills` | a PATCH that clears a number stores 0; one that clears `billingTerms` stores the default terms [guess] |
| `forgets` | a PATCH returns 200 and stores nothing [seen] |
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from reconciler.sandbox.connectwise.schema.entities import ENTITIES
from reconciler.sandbox.connectwise.schema.fields import Entity
from reconciler.sandbox.shared.faults import Fault, Faults
from reconciler.sandbox.shared.messages import ENCODER, Response

_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT00:00:00Z")
_LABELS: Final = ("identifier", "name", "currencyCode", "summary")
_SHOWN: Final = ("pads", "bare-dates", "zoned-dates", "bare-refs", "named-refs", "wide-refs", "doubles", "zeros")
_ADDED: Final = ("sparse", "blanks", "empty-refs", "float-ids")
_HOURS: Final = 5


def stored(faults: Faults, path: str, body: Any) -> Any:
    """Return the body of a write, with its texts as the server stores them."""
    if faults.hit("trims", path):
        body = _texts(body, str.strip)
    if faults.hit("nfc", path):
        body = _texts(body, lambda text: unicodedata.normalize("NFC", text))
    if faults.hit("one-line", path):
        body = _texts(body, lambda text: text.replace("\r", " ").replace("\n", " "))
    return body


def answered(faults: Faults, path: str, response: Response, table: str | None) -> Response:
    """Return a response, with its values as the server shows them. `table` is the table of its objects."""
    if response.status >= 300 or not response.body:  # a refusal holds no object
        return response
    struck = {name: fault for name in (*_SHOWN, *_ADDED) if (fault := faults.hit(name, path)) is not None}
    if not struck:
        return response
    entity = None if table is None else ENTITIES.get(table)
    body = _shown(_DECODER.decode(response.body), struck, entity)
    return Response(response.status, ENCODER.encode(body), response.headers, response.fate, response.delay_ms)


def _texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_texts(each, change) for each in value]
    if isinstance(value, dict):
        return {
            name: each if name in {"path", "op", "communicationType"} else _texts(each, change)
            for name, each in value.items()
        }
    return value


def _shown(value: Any, struck: dict[str, Fault], entity: Entity | None = None) -> Any:
    if isinstance(value, list):
        return [_shown(each, struck, entity) for each in value]
    if isinstance(value, dict):
        return _shown_object(value, struck, entity)
    if isinstance(value, str):
        return _shown_text(value, struck)
    if isinstance(value, Decimal):
        return _shown_number(value, struck)
    return value


def _shown_object(value: dict[str, Any], struck: dict[str, Fault], entity: Entity | None) -> dict[str, Any]:
    if entity is not None and "blanks" in struck:
        empty = {field.name: "" for field in entity.fields.values() if field.kind == "text" and not field.writeonly}
        value = {**empty, **value}
    if entity is not None and "empty-refs" in struck:
        nothing = {"id": 0, "name": ""}
        empty_refs = {field.name: nothing for field in entity.fields.values() if field.kind == "ref"}
        value = {**empty_refs, **{name: each for name, each in value.items() if each is not None}}
    found = {name: _shown_member(name, each, struck) for name, each in value.items()}
    return {name: each for name, each in found.items() if "sparse" not in struck or not _is_nothing(each)}


def _shown_member(name: str, value: Any, struck: dict[str, Fault]) -> Any:
    if name == "_info":
        return value
    if name == "id" and isinstance(value, int) and "float-ids" in struck:
        return Decimal(f"{value}.0")
    return _shown(_reference(value, struck), struck) if _is_reference(value) else _shown(value, struck)


def _is_nothing(value: Any) -> bool:
    return value is None or value is False or value in ("", [])


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and "id" in value and any(name in value for name in (*_LABELS, "_info"))


def _reference(value: dict[str, Any], struck: dict[str, Fault]) -> dict[str, Any]:
    labels = {name: each for name, each in value.items() if name in _LABELS}
    if "bare-refs" in struck:
        return {"id": value["id"]}
    if "named-refs" in struck and labels:
        return labels
    if "wide-refs" in struck:
        return {**value, "_info": {"href": "https://example.test/1"}, "sortOrder": 4, "isDefault": True}
    return value


def _shown_text(value: str, struck: dict[str, Fault]) -> str:
    if _DATE.fullmatch(value):
        if "bare-dates" in struck:
            return value[:10]
        if (fault := struck.get("zoned-dates")) is not None:
            return f"{value[:10]}T{fault.options.get('hours', _HOURS):02}:00:00Z"
        return value
    return f"{value} " if "pads" in struck else value


def _shown_number(value: Decimal, struck: dict[str, Fault]) -> Decimal:
    if "doubles" in struck and value:
        return Decimal(repr(math.nextafter(float(value), math.inf)))
    return value.quantize(Decimal("0.000001")) if "zeros" in struck else value
