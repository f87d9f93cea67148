"""Check that every option named in a message exists. tests/test_docs.py checks the command names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.cli import commands
from reconciler.cli.main import global_options

PACKAGE = Path(commands.__file__).parent.parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
ELSEWHERE = {"--require-hashes", "--no-deps", "--hash", "--force", "--git"}
"""Options of other programs that the messages name."""


def options(command: Any) -> Iterator[str]:
    for param in command.params:
        yield from (*param.opts, *param.secondary_opts)
    for below in getattr(command, "commands", {}).values():
        yield from options(below)


def texts() -> Iterator[tuple[str, str]]:
    """Yield the file name and the text of every string in the package, except in the sandbox."""
    for path in PACKAGE.rglob("*.py"):
        if "sandbox" in path.relative_to(PACKAGE).parts or path.name == "git.py":  # git.py has the options of Git
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path.name, node.value


def test_every_option_named_in_a_message_exists() -> None:
    command = commands.command_line(global_options, ["--help"])
    known = {*options(command), "--help"}
    for name, (target, _) in {**commands.COMMANDS, **commands.GROUPS}.items():
        known |= {*options(commands._imported(target, name))}

    named = {(file, option) for file, text in texts() for option in OPTION.findall(text)}

    assert {each for each in named if each[1] not in known | ELSEWHERE} == set()
    assert ("apply.py", "--auto-approve") in named
