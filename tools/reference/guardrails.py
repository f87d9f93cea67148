"""The table of the guardrails, from their names and from the limits in the workspace."""

from __future__ import annotations

from reconciler.manifests.schemas import schemas
from reconciler.planning.approvals import ALWAYS_ON, NAMES
from tools.reference.fields import cell, default, table


def listed() -> str:
    """Return each guardrail with its limit, as it is written in `guardrails` of the workspace, and what it does."""
    limits = schemas()["Workspace"]["$defs"]["Guardrails"]["properties"]
    rows = []
    for name in NAMES:
        if name in ALWAYS_ON:
            rows.append((f"`{name}`", "–", ALWAYS_ON[name]))
        else:
            limit = default(limits[name]).strip("`") or "null"
            rows.append((f"`{name}`", f"`{name}: {limit}`", cell(limits[name]["description"])))
    return table(rows, ("name", "limit and default", "does"))
