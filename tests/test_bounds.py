"""Libraries whose internals we use have an upper bound, and docs/explanation/libraries.md gives the reason for each."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| ([\w.-]+) \| `(<[\d.]+)` \| .+ \| (`\S+`(?:, `\S+`)*) \|$", re.MULTILINE)


def bounds() -> dict[str, str]:
    """Return the upper bounds of the package's requirements and of its extras, except those for development."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    listed = [*project["dependencies"], *(each for name in extras if name != "dev" for each in extras[name])]
    requirements = map(Requirement, listed)
    return {each.name: str(spec) for each in requirements for spec in each.specifier if spec.operator == "<"}


def rows() -> list[tuple[str, str, str]]:
    """Return library, bound and places of each row in docs/explanation/libraries.md."""
    return ROW.findall((ROOT / "docs" / "explanation" / "libraries.md").read_text(encoding="utf-8"))


def test_each_upper_bound_has_its_row_in_the_documentation() -> None:
    assert {name: bound for name, bound, _ in rows()} == bounds()


def test_each_row_names_modules_that_import_the_library() -> None:
    modules = {"PyYAML": "yaml", "ruamel.yaml": "ruamel", "SQLAlchemy": "sqlalchemy", "httpx-aiohttp": "httpx_aiohttp"}
    for name, _, places in rows():
        for place in re.findall(r"`(\S+?)`", places):
            text = (ROOT / "reconciler" / place).read_text(encoding="utf-8")
            assert re.search(rf"\b{modules.get(name, name)}\b", text), f"{place} does not use {name}"
