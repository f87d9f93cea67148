"""Fill in the files of a new repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from string import Template

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
    "policies/actions.retirement-reason.json": "schemas/policies/actions.retirement-reason.json",
}
"""The path in a repository of each file in `files/`. Names without a dot in front are seen in a listing."""


class _Text(Template):
    """A text with places such as `@@workspace`. Neither YAML nor a workflow has a use for two at signs."""

    delimiter = "@@"


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


def repository(answers: Answers, schemas: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each file of a new repository, by its path. `schemas` has texts by file name."""
    places = {
        "workspace": answers.workspace,
        "timezone": answers.timezone,
        "currency": answers.currency,
        "start": answers.start,
        "month": answers.start[: len("2026-11")],
    }
    folder = resources.files(__package__).joinpath("files")
    found = {
        path: _Text(folder.joinpath(name).read_text(encoding="utf-8")).substitute(places)
        for name, path in _FILES.items()
    }
    return found | {f"schemas/{name}": text for name, text in schemas.items()}
