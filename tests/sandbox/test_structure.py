"""The folders of the sandbox form layers: each imports only folders below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "reconciler" / "sandbox"
LAYERS = (
    "shared",
    "connectwise/schema",
    "connectwise/schema/entities",
    "connectwise/store",
    "connectwise/rules",
    "connectwise/query",
    "connectwise/tenant",
    "connectwise/api",
    "cove/data",
    "cove",
    "messy",
    "state",
    "server/control",
    "server",
)
"""Every folder with modules, from the lowest to the highest."""


def imported(path: Path) -> Iterator[Path]:
    """Return the modules of the sandbox that a module imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("reconciler.sandbox"):
            package = ROOT.joinpath(*str(node.module).split(".")[2:])
            for alias in node.names:
                inner = package / alias.name
                module = inner if inner.is_dir() or inner.with_suffix(".py").exists() else package
                yield module / "__init__.py" if module.is_dir() else module.with_suffix(".py")


def folder(path: Path) -> str:
    return path.parent.relative_to(ROOT).as_posix()


MODULES = [path for path in sorted(ROOT.rglob("*.py")) if path.name != "__init__.py" or list(imported(path))]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_folder_imports_only_lower_folders(path: Path) -> None:
    own = LAYERS.index(folder(path))

    assert {folder(each) for each in imported(path)} <= set(LAYERS[: own + 1])


def test_modules_import_each_other_in_one_direction_only() -> None:
    left = {path: set(imported(path)) - {path} for path in ROOT.rglob("*.py")}
    while lowest := {path for path, needs in left.items() if not needs & left.keys()}:
        left = {path: needs for path, needs in left.items() if path not in lowest}

    assert sorted(path.relative_to(ROOT).as_posix() for path in left) == []
