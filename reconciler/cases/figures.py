"""Sizes in case files: `460.4 GB`, a whole number of bytes, or the word `missing`."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from reconciler.metering.sources.cells import LARGEST, quoted

MISSING = "missing"
"""The word for a device that is listed without a figure, which is not 0."""

_DECIMAL = {"B": 0, "KB": 3, "MB": 6, "GB": 9, "TB": 12, "PB": 15}
_BINARY = {"KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40, "PiB": 50}
_UNITS = {**{unit: 10**power for unit, power in _DECIMAL.items()}, **{unit: 2**bits for unit, bits in _BINARY.items()}}
_PATTERN = rf"([0-9]{{1,30}}(?:\.[0-9]{{1,30}})?) ?({'|'.join(_UNITS)})"
_SIZE = re.compile(_PATTERN, re.ASCII)
_ADVICE = "write it like 460.4 GB, or as a whole number of bytes"


def size_of(value: Any) -> int | None:
    """Return a size in bytes. None for `missing`. Raises `ValueError` if it is no whole number of bytes ≥ 0."""
    if value == MISSING:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        size = Decimal(value)
    else:
        found = _SIZE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f"{quoted(value)} is not a size: {_ADVICE}")
        with localcontext(prec=100):
            size = Decimal(found[1]) * _UNITS[found[2]]
    if size < 0:
        raise ValueError(f"{quoted(value)} is below 0: a source reports 0 or more, and {MISSING} for no figure")
    if size != size.to_integral_value():
        raise ValueError(f"{quoted(value)} is no whole number of bytes, and a source reports whole bytes")
    if size > LARGEST:
        raise ValueError(f"{quoted(value)} is more than the ledger can store, which is {LARGEST} bytes")
    return int(size)


Size = Annotated[
    int | None,
    BeforeValidator(size_of),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": LARGEST},
                {"type": "string", "pattern": f"^{_PATTERN}$"},
                {"const": MISSING},
            ]
        }
    ),
]
"""A number of bytes. None: the source lists the device without a figure."""
