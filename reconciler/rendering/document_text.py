"""Show one document on the terminal: its fields, the defaults that filled them in, and its values in ConnectWise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.rendering.paint import Paint, safe, shown


def document_text(found: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    """Yield the lines of one document. `found` is what `show --format json` prints; it has no `live` if offline."""
    yield f"{paint(found['address'], 'bold')}  {paint(safe(found['file']), 'dim')}"
    if found.get("proposed"):
        yield paint(
            "    proposed: nothing is done for it until you remove `proposed: true` from its metadata", "yellow"
        )
    spec: Mapping[str, Any] = found["spec"]
    width = max((len(name) for name in spec), default=0)
    live = found.get("live")
    fields = live["fields"] if live else {}
    for name, value in spec.items():
        source = found["defaulted"].get(name)
        line = f"    {safe(name).ljust(width)} = {shown(value)}"
        if source:
            line += paint(f"  (from {safe(source)})", "dim")
        if name in fields:
            line += paint(f"  live: {shown(fields[name])}", "cyan")
        yield line
    if "live" in found:
        yield (
            f"live: id {live['id']}, last updated {live['last_updated'] or 'unknown'}"
            if live
            else "live: not in ConnectWise"
        )
