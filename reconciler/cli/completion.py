"""Print or install the scripts for shell completion: ours for bash, zsh and fish, and typer's for PowerShell.

typer finds the shell among the parent processes, which fails in a container or a test. So the name of the shell may
follow the option, as in `--show-completion bash`. `$SHELL` is the last resort. typer also knows where each shell looks
for its scripts, and what the shell's start file must have.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import PurePath
from typing import Any

from reconciler.cli.completing.shells import SHELLS as OURS
from reconciler.cli.completing.shells import VARIABLE, script
from reconciler.cli.output import deliver_one, write_file
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import DONE

SHOW, INSTALL = "--show-completion", "--install-completion"
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")


def wanted(argv: Sequence[str]) -> bool:
    """Return true if a command line asks for completion."""
    return any(each.partition("=")[0] in {SHOW, INSTALL} for each in argv)


def complete(argv: Sequence[str], program: str, *, as_json: bool = False) -> int:
    """Print the completion script of a shell, or install it for that shell. Return the exit code.

    Raises `ReconcilerError` for a shell without completion, or if the shell is not known.
    """
    scripts: Any = import_module("typer.completion")  # slow to import; its names are not exported

    index = next(index for index, each in enumerate(argv) if each.partition("=")[0] in {SHOW, INSTALL})
    option, _, value = argv[index].partition("=")
    following = argv[index + 1] if index + 1 < len(argv) else ""
    named = value or ("" if following.startswith("-") else following)
    shell = _supported(named or scripts._get_shell_name() or _login_shell())
    ours = script(shell) if shell in OURS else None
    if option == SHOW:
        text = ours or scripts.get_completion_script(prog_name=program, complete_var=VARIABLE, shell=shell)
        deliver_one(text, {"shell": shell, "script": text}, as_json=as_json)
        return DONE
    _, path = scripts.install(shell=shell, prog_name=program, complete_var=VARIABLE)
    if ours is not None:
        write_file(path, ours)
    text = f"Installed {shell} completion in {path}. Start a new shell to use it."
    deliver_one(text, {"shell": shell, "installed": str(path)}, as_json=as_json)
    return DONE


def _login_shell() -> str:
    return PurePath(os.environ.get("SHELL", "")).name


def _supported(shell: str) -> str:
    """Return the name of the shell. Raises `ReconcilerError` if there is no completion for it."""
    if shell not in SHELLS:
        what = f"there is no completion for {shell}" if shell else "your shell could not be detected"
        raise ReconcilerError(what, advice=f"Name a shell: reconciler {SHOW} bash (or zsh, fish, powershell, pwsh)")
    return shell
