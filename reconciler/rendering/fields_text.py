"""Show a JSON object on the terminal, one line for each value. `show` prints additions and customers with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.rendering.paint import Paint, safe, shown


def fields_text(found: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    """Yield the address, then a line for each value. Values that are null or empty are left out."""
    yield paint(safe(str(found["address"])), "bold")
    yield from _lines({name: value for name, value in found.items() if name != "address"}, "    ")


def _lines(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    known = {name: value for name, value in values.items() if value not in (None, [], {})}
    width = max((len(name) for name, value in known.items() if not isinstance(value, dict | list)), default=0)
    for name, value in known.items():
        if isinstance(value, Mapping):
            yield f"{indent}{safe(name)}:"
            yield from _lines(value, f"{indent}    ")
        elif isinstance(value, list):
            for entry in value:
                yield f"{indent}{safe(name)}:"
                yield from _lines(entry if isinstance(entry, Mapping) else {"": entry}, f"{indent}    ")
        else:
            yield f"{indent}{safe(name).ljust(width)} = {safe(value) if isinstance(value, str) else shown(value)}"
