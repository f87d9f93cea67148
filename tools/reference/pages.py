"""The texts of all pages of `docs/reference/` that have something generated in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.kinds.registry import declarable_kinds
from tools.reference import commands, completion, exits, formats, guardrails, kinds, permissions
from tools.reference.regions import filled

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "reference"
COMPLETION = ROOT / "reconciler" / "cli" / "completing" / "commands.json"
KINDS = "kinds"
"""The folder of the pages of kinds, below `FOLDER`."""

Part = Callable[[], str]


def parts() -> dict[str, dict[str, Part]]:
    """Return the generated parts of each page that is written by hand, by the name of the page and of the part."""
    return {
        "commands.md": {**commands.parts(), "exit codes": exits.summary},
        "guardrails.md": {"guardrails": guardrails.listed},
        "manifests.md": {"metadata": kinds.metadata, "kinds": kinds.listed},
        "outcome.md": {"fields": lambda: formats.fields("outcome")},
        "permissions.md": {"roles": permissions.roles, "endpoints": permissions.endpoints},
        "plan-file.md": {"fields": lambda: formats.fields("plan")},
        "price-cases.md": {"fields": formats.case_fields},
    }


def pages() -> Mapping[Path, str]:
    """Return the text of each page, with its generated parts as the code gives them now, and of the file for shells."""
    found = {FOLDER / KINDS / f"{kind.name}.md": kinds.page(kind) for kind in declarable_kinds()}
    for name, those in parts().items():
        path = FOLDER / name
        found[path] = filled(path.read_text(encoding="utf-8"), those, where=name)
    found[COMPLETION] = completion.written()
    return found
