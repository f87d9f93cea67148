"""Show on the terminal the manifest lines that would bring an undone change back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.rendering.paint import Paint, escaped, safe


def undo_text(undo: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    """Yield the lines about the manifests, and the patch that reverts them. `undo` is from the JSON of the plan."""
    if not undo["lines"]:
        return
    yield ""
    yield paint("The next plan would bring these changes back, because the manifests still say so:", "bold")
    for line in undo["lines"]:
        field = f" {line['path']}" if line["path"] else ""
        place = f"{line['file']}:{line['line']}:{line['column']}"
        yield f"  {safe(place)}: {safe(line['address'] + field)}: {safe(line['message'])}"
    applied = f" (run {undo['run']} applied {safe(undo['commit'])})" if undo["commit"] else ""
    if not undo["patch"]:
        yield f"Edit these lines, or revert the commit that changed them{applied}."
        return
    yield f"Revert them with this patch, which `git apply` reads, or revert the commit that changed them{applied}:"
    yield ""
    yield from (escaped(line.replace("\t", " ") if not line.isprintable() else line) for line in _lines(undo["patch"]))


def _lines(patch: str) -> list[str]:
    return patch.removesuffix("\n").split("\n")
