"""Show on the terminal the manifest lines that would bring an undone change back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.rendering.paint import Paint, escaped, safe

_HIDDEN = (
    "it has characters that change what a terminal shows. `reconciler --json plan --undo RUN` has it in `undo.patch`"
)


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
    lines = _lines(undo["patch"])
    hidden = not all(map(_is_harmless, lines))
    if not undo["patch"] or hidden:
        reason = _HIDDEN if hidden else undo.get("no_patch")
        if reason:
            yield f"There is no patch here: {safe(reason)}."
        yield f"Edit these lines, or revert the commit that changed them{applied}."
        return
    yield f"Revert them with this patch, which `git apply` reads, or revert the commit that changed them{applied}:"
    yield ""
    yield from lines


def _is_harmless(line: str) -> bool:
    """Return whether a terminal may get a line as it is. Lines of Windows files end with a carriage return."""
    text = line.removesuffix("\r").replace("\t", "")
    return escaped(text) == text


def _lines(patch: str) -> list[str]:
    return patch.removesuffix("\n").split("\n")
