"""Only `live/reader.py` sends requests that read objects, so that one place builds every query."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "reconciler"
READS = {"get", "list", "list_children", "list_where_in", "count"}
"""Methods of the ConnectWise client that read."""
MODULES = [path for room in ("live", "applying", "planning") for path in sorted((PACKAGE / room).glob("*.py"))]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_only_the_reader_reads_objects(path: Path) -> None:
    found = [
        f"{path.name}:{node.lineno}: client.{node.func.attr}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in READS
        and ast.unparse(node.func.value).endswith("client")
    ]
    assert bool(found) == (path == PACKAGE / "live" / "reader.py"), found
