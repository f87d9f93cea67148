"""Print the result of `ledger check`, from its JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.rendering.counts import numbered
from reconciler.rendering.paint import Paint

_ADVICE = (
    "Keep the ledger as it is, and copy it: it shows what was changed.",
    "Compare these rows with those of your last backup, and find out who could write the ledger.",
    "What is billed from now on follows from these rows. See docs/how-to/ledger.md for how to restore a backup.",
)


def check_text(found: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    """Yield what `ledger check` found: the problems and what to do, or that the ledger is whole."""
    for each in found["problems"]:
        more = f" (and {each['rows'] - 1:,} more)" if each["rows"] > 1 else ""
        yield paint(f"{each['table']} {each['row']}: {each['what']}{more}", "red")
    if found["problems"]:
        yield ""
        yield paint(f"The ledger is not whole: {numbered(len(found['problems']), 'problem')}.", "bold")
        yield from (f"  {line}" for line in _ADVICE)
        return
    yield paint(f"The ledger is whole: {found['entries']:,} entries in its chain, and nothing was changed.", "bold")
    if found["not_covered"]:
        yield f"  From before the chain began, and not covered by it: {_rows(found['not_covered'])}."
    if found["not_final"]:
        yield f"  Not in the chain yet, because their result is not known: {_rows(found['not_final'])}."
    for seal in found["seals"]:
        yield f"  Sealed up to {seal['period']}: {seal['samples']:,} samples deleted on {seal['sealed_at'][:10]}."
    if found["head"] is not None:
        yield f"  The end of the chain: {found['head']}"


def _rows(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{rows:,} of {name}" for name, rows in counts.items())
