"""What the commands take, for completion in a shell: `reconciler/cli/completing/commands.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

from reconciler.cli.commands import COMMANDS, GROUPS, command_line
from reconciler.cli.main import PROGRAM, global_options
from reconciler.cli.schema import every_schema
from reconciler.kinds.registry import declarable_kinds
from reconciler.planning.approvals import NAMES

SOURCES: Final = {
    "ADDRESS": "address",
    "ADDRESS|NAME": "address",
    "ADDRESS|all": "proposed address",
    "[ADDRESS]...": "proposed address",
    "ADDRESS=REASON": "gap",
    "DIR": "folder",
    "FILE": "file",
    "FILE|ADDRESS": "file or address",
    "KIND": "schema",
    "NAME[=ADDRESS]": "approval",
    "PATH|URL": "file",
    "PLANFILE": "file",
    "RUN": "run",
    "[PATH]...": "file",
    "shrink[=SOURCE]": "approval of a pull",
}
"""How an option writes its value → where its values come from."""
UNKNOWN: Final = {
    "DIGEST", "DURATION", "FAULT", "IDENT", "MONTH", "N", "NAME", "NUMBER:DIGEST", "REV", "TEXT", "TIME", "WHEN",
    "ZONE", None,
}  # fmt: skip
"""Values that only the user knows."""
_KEPT: Final = {"directory": "folder", "workspace": "workspace"}


def written() -> str:
    """Return the text of the file."""
    root = command_line(global_options, [])
    context = root.make_context(PROGRAM, [], resilient_parsing=True)
    commands = {}
    for name, (_, text) in {**COMMANDS, **GROUPS}.items():
        _, command, _ = root.resolve_command(context, [name])
        commands[name] = _command(command, text)
    found = {
        "options": [*_options(root.params), *_completion()],
        "commands": commands,
        "kinds": [kind.name for kind in declarable_kinds()],
        "guardrails": list(NAMES),
        "schemas": list(every_schema()),
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _command(command: Any, text: str) -> dict[str, Any]:
    below = getattr(command, "commands", None)
    if below is not None:
        return {"help": text, "commands": {name: _command(each, _sentence(each.help)) for name, each in below.items()}}
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    return {
        "help": text,
        "options": [*_options(command.params)],
        "arguments": [_taken(each) | ({"many": True} if each.nargs == -1 else {}) for each in arguments],
    }


def _options(params: Any) -> Iterator[dict[str, Any]]:
    for each in params:
        if each.param_type_name == "argument" or each.hidden:
            continue
        found = {"names": list(each.opts), "help": _sentence(each.help)}
        found |= {"flag": True} if each.is_flag else _taken(each)
        found |= {"many": True} if each.multiple else {}
        found |= {"keep": _KEPT[each.name]} if each.name in _KEPT else {}
        yield found


def _completion() -> Iterator[dict[str, Any]]:
    """Yield the options of every command that typer or `completion.py` reads."""
    shells = {"choices": ["bash", "zsh", "fish"]}
    yield {"names": ["--help"], "help": "Show the options and exit.", "flag": True}
    yield {"names": ["--show-completion"], "help": "Print the script that a shell completes with.", **shells}
    yield {"names": ["--install-completion"], "help": "Install completion for a shell.", **shells}


def _taken(param: Any) -> dict[str, Any]:
    """Return where the values of an option or argument come from."""
    kind = param.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"choices": [each.value for each in kind]}
    if param.name == "workspace":
        return {"values": "workspace"}
    if param.metavar in SOURCES:
        return {"values": SOURCES[param.metavar]}
    if param.metavar not in UNKNOWN:
        raise ValueError(f"say in {__name__} where the values of {param.opts} ({param.metavar}) come from")
    return {}


def _sentence(text: str) -> str:
    """Return the first sentence of a help text, which a shell shows on one line."""
    line = " ".join((text or "").split())
    first, stop, _ = line.partition(". ")
    return first + stop.strip()
