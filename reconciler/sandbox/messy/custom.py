"""Values of custom fields."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any, Final

from reconciler.sandbox.messy.chances import chance

Fields = dict[str, list[tuple[int, str]]]
"""The custom fields of each table: id and type."""
_TEXTS: Final = ("North", "-", "  spaced  ", "7", "true", "é", "'single'", "EMEA: south")


def custom_values(fields: Fields, dice: Random, table: str) -> list[dict[str, Any]]:
    """Return values for some custom fields of a table, or none for most objects."""
    if not chance(dice, 120):
        return []
    return [{"id": key, "value": _value(dice, kind)} for key, kind in fields.get(table, ()) if not chance(dice, 300)]


def _value(dice: Random, kind: str) -> Any:
    match kind:
        case "Checkbox":
            return chance(dice, 500)
        case "Currency" | "Number" | "Percent":
            return Decimal(dice.randrange(100_000)) / 100
        case "Date":
            return f"20{dice.randrange(10, 27)}-0{dice.randrange(1, 10)}-1{dice.randrange(10)}"
        case "Hyperlink":
            return f"https://intranet.example/?id={dice.randrange(999)}&x=#y"
        case "TextArea":
            return f"line one: {dice.choice(_TEXTS)}\n- line two\n\n# line four"
        case _:
            return dice.choice(_TEXTS)
