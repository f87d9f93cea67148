"""Shell completion: typer's scripts, for the shell that is named or that called us.

typer looks for the shell among the processes above, which finds none in a container or a test. Here a name may follow
the option, and `$SHELL` is the last resort.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import PurePath
from typing import Any

from reconciler.cli.output import deliver_one
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import DONE

SHOW, INSTALL = "--show-completion", "--install-completion"
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
VARIABLE = "_RECONCILER_COMPLETE"


def wanted(argv: Sequence[str]) -> bool:
    return any(each.partition("=")[0] in {SHOW, INSTALL} for each in argv)


def complete(argv: Sequence[str], program: str, *, as_json: bool = False) -> int:
    """Print the script of a shell, or put it where that shell looks for it."""
    scripts: Any = import_module("typer.completion")  # imports more than most commands; its names are not exported

    place = next(place for place, each in enumerate(argv) if each.partition("=")[0] in {SHOW, INSTALL})
    option, _, value = argv[place].partition("=")
    after = argv[place + 1] if place + 1 < len(argv) else ""
    shell = _known(value or ("" if after.startswith("-") else after) or _calling(scripts._get_shell_name()))
    if option == SHOW:
        script = scripts.get_completion_script(prog_name=program, complete_var=VARIABLE, shell=shell)
        deliver_one(script, {"shell": shell, "script": script}, as_json=as_json)
        return DONE
    _, path = scripts.install(shell=shell, prog_name=program, complete_var=VARIABLE)
    text = f"{shell} completion installed in {path}. It works in every shell that you start from now on."
    deliver_one(text, {"shell": shell, "installed": str(path)}, as_json=as_json)
    return DONE


def _calling(found: str | None) -> str:
    """The shell that was found among the processes above us, or the one that this user logs in with."""
    return found or PurePath(os.environ.get("SHELL", "")).name


def _known(shell: str) -> str:
    if shell not in SHELLS:
        what = f"there is no completion for {shell}" if shell else "which shell you use cannot be told"
        raise ReconcilerError(what, advice=f"Name it: reconciler {SHOW} bash (or zsh, fish, powershell, pwsh)")
    return shell
