"""Fill in the files of a new repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.scaffold.texts import filled

_FILES = {
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "env.example": ".env.example",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
    "vscode-settings.json": ".vscode/settings.json",
    "vscode-extensions.json": ".vscode/extensions.json",
    "manifests/workspace.yaml": "manifests/workspace.yaml",
    "manifests/defaults.yaml": "manifests/defaults.yaml",
    "manifests/setup.yaml": "manifests/setup.yaml",
    "manifests/products.yaml": "manifests/products.yaml",
    "manifests/customers/example.yaml": "manifests/customers/example.yaml",
    "tests/prices.yaml": "tests/prices.yaml",
    "policies/names.json": "schemas/policies/names.json",
    "policies/Product.price-floor.json": "schemas/policies/Product.price-floor.json",
    "policies/CustomerMapping.price-floor.json": "schemas/policies/CustomerMapping.price-floor.json",
    "policies/actions.retirement-reason.json": "schemas/policies/actions.retirement-reason.json",
}
"""The path in a repository of each file in `files/`. Names without a dot in front are seen in a listing."""

_LEDGER = (
    "",
    "# The history of all runs. The pipelines share it, so it is a database of PostgreSQL.",
    "ledger: {env: LEDGER_URL}",
)
_LEDGER_VARIABLE = (
    "",
    "# The database of the ledger: postgresql://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full",
    "LEDGER_URL=",
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a new repository is made for."""

    workspace: str
    """The name of the workspace, as in `metadata.name`."""
    timezone: str
    """The IANA name of the zone in which billing months begin and end."""
    currency: str
    start: str
    """The first day of the running month in that zone, as `2026-11-01`."""
    guide: str = ""
    """The file in `files/` with the part of the README about the pipelines. Empty without pipelines."""


def repository(answers: Answers, schemas: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each file of a new repository, by its path. `schemas` has texts by file name."""
    places = {
        "workspace": answers.workspace,
        "timezone": answers.timezone,
        "currency": answers.currency,
        "start": answers.start,
        "month": answers.start[: len("2026-11")],
    }
    guide = filled(answers.guide).splitlines() if answers.guide else []
    blocks = {
        "pipelines": guide,
        "ledger": _LEDGER if guide else (),
        "ledger_variable": _LEDGER_VARIABLE if guide else (),
    }
    found = {path: filled(name, places, blocks) for name, path in _FILES.items()}
    return found | {f"schemas/{name}": text for name, text in schemas.items()}
