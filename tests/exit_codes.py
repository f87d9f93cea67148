"""Every command that a test runs ends with an exit code that the reference lists for it."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.cli import main
from reconciler.cli.commands import COMMANDS, GROUPS
from tools.reference.exits import codes_of

_run = main.run


def run(argv: Sequence[str]) -> int:
    """Run a command line. Fail if the reference does not list its exit code."""
    code = _run(argv)
    name = command_of(argv)
    assert name is None or code in codes_of(name), f"{name} ended with {code}: add it in tools/reference/exits.py"
    return code


def command_of(argv: Sequence[str]) -> str | None:
    """Return the command of a command line, such as `usage pull`. None if there is none."""
    for place, word in enumerate(argv):
        if word in COMMANDS:
            return word
        if word in GROUPS:
            return f"{word} {next((each for each in argv[place + 1 :] if not each.startswith('-')), '')}"
    return None


def watch() -> None:
    """Let all tests run commands by `run` above, which they know as `reconciler.cli.main.run`."""
    main.run = run
