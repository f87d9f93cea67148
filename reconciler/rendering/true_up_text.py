"""Show how the samples of a month compare with the console's own count of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text
from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import Paint, safe
from reconciler.rendering.tables import WIDTH, Column, table

Json = Mapping[str, Any]

_SHOWN = 20
"""How many customers are listed. `--json` has all."""
_COLUMNS: tuple[Column, ...] = (("customer", "left"), ("devices", "right"), ("GB more", "right"), ("worth", "right"))


def true_up_text(found: Json, currency: str | None, paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the comparison of one source."""
    source = safe(found["source"])
    if found["state"] == "unavailable":
        yield paint(f"No high-water report of {source}: {safe(found['why'])}", "yellow")
        return
    if found["state"] == "empty":
        yield paint(f"The high-water report of {source} has no device, so nothing is compared.", "yellow")
        return
    customers = found["customers"]
    yield (
        f"The high-water report of {source}: {numbered(found['devices'], 'device')}, {_size(found['console'])}. "
        f"Our samples: {_size(found['ours'])}."
    )
    if unknown := found["without_figure"]:
        yield f"Not compared, because the report gives no figure: {numbered(unknown, 'device')}."
    if not customers:
        yield "Every device has the same highest figure in both."
        return
    money = f", worth {amount_text(Decimal(found['money']), currency)}"
    if found["unknown_money"]:
        money += f" and {numbered(found['unknown_money'], 'customer')} without a known price"
    yield paint(f"The console counts {_signed(found['difference'])} GB more{money}:", "yellow")
    rows = [
        (
            f"{each['customer']} {each['name']}".rstrip(),
            str(len(each["devices"])),
            _signed(each["difference"]),
            "unknown" if each["money"] is None else amount_text(Decimal(each["money"]), currency),
        )
        for each in customers[:_SHOWN]
    ]
    yield from table(_COLUMNS, rows, width)
    if len(customers) > _SHOWN:
        yield f"{numbered(len(customers) - _SHOWN, 'more customer')}: --json shows all."


def _size(text: str) -> str:
    return f"{Decimal(text):,.2f} GB"


def _signed(text: str) -> str:
    return f"{Decimal(text):+,.2f}"
