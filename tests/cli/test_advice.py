"""Advice names options that are there. That commands are there is held by tests/test_docs.py."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.cli import commands
from reconciler.cli.main import _options

PACKAGE = Path(commands.__file__).parent.parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
ELSEWHERE = {"--require-hashes", "--no-deps"}
"""Of other programs."""


def options(command: Any) -> Iterator[str]:
    for param in command.params:
        yield from param.opts
    for below in getattr(command, "commands", {}).values():
        yield from options(below)


def texts() -> Iterator[tuple[str, str]]:
    """Every string of the package outside of the sandbox, with its file."""
    for path in PACKAGE.rglob("*.py"):
        if "sandbox" in path.relative_to(PACKAGE).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path.name, node.value


def test_every_option_that_a_text_names_is_there() -> None:
    command = commands.command_line(_options, ["--help"])
    known = {*options(command), "--help"}
    for name, (target, _) in {**commands.COMMANDS, **commands.GROUPS}.items():
        known |= {*options(commands._imported(target, name))}

    named = {(file, option) for file, text in texts() for option in OPTION.findall(text)}

    assert {each for each in named if each[1] not in known | ELSEWHERE} == set()
    assert ("apply.py", "--auto-approve") in named
