"""The part of each command in `commands.md`: its usage, its help, its arguments and options, and its exit codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache, partial
from typing import Any

from reconciler.cli.commands import COMMANDS, GROUPS, command_line
from reconciler.cli.main import PROGRAM, global_options
from tools.reference.exits import exit_codes_of
from tools.reference.fields import cell, table

GLOBAL = "options of every command"


@cache
def all_commands() -> dict[str, tuple[Any, Any]]:
    """Return each command and its context by its name, such as `usage pull`."""
    root = command_line(global_options, [])
    context = root.make_context(PROGRAM, [], resilient_parsing=True)
    found: dict[str, tuple[Any, Any]] = {}
    for name in (*COMMANDS, *GROUPS):
        _, command, _ = root.resolve_command(context, [name])
        found |= dict(_with_below(name, command, context))
    return found


def _with_below(name: str, command: Any, parent: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield a command, or the commands of a group."""
    context = command.make_context(name.rsplit(maxsplit=1)[-1], [], parent=parent, resilient_parsing=True)
    below = getattr(command, "commands", None)
    if below is None:
        yield name, (command, context)
        return
    for each, inner in below.items():
        yield from _with_below(f"{name} {each}", inner, context)


def parts() -> dict[str, Callable[[], str]]:
    """Return the generated parts of the page by name: one for each command, and the options of every command."""
    return {GLOBAL: _shared, **{name: partial(_command, name) for name in all_commands()}}


def _shared() -> str:
    root = command_line(global_options, [])
    return _options(root.params)


def _command(name: str) -> str:
    command, context = all_commands()[name]
    usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
    shown = [f"```text\n{usage}\n```", command.help]
    own = [each for each in command.params if not getattr(each, "hidden", False)]
    if own:
        shown.append(_options(own))
    shown.append(f"Exit codes: {exit_codes_of(name)}.")
    return "\n\n".join(shown)


def _options(these: list[Any]) -> str:
    return table([_row(each) for each in these], ("option", "does", "default"))


def _row(option: Any) -> tuple[str, str, str]:
    """Return the row of an argument or an option."""
    given = option.default.value if isinstance(option.default, Enum) else option.default
    none = given is None or given is False
    shown = "required" if option.required else "" if none else f"`{given}`"
    text = f"{option.help} `{option.envvar}` does the same." if option.envvar else option.help
    return _written(option), cell(text), shown


def _written(option: Any) -> str:
    """Return how an option is written: `-C DIR`, `--only setup|usage`, or the name of an argument."""
    value = option.metavar or _choices(option) or "VALUE"
    if option.param_type_name == "argument":
        names = [value]
    else:
        *others, last = option.opts
        names = [*others, last if option.is_flag else f"{last} {value}"]
    return cell(", ".join(f"`{name}`" for name in names))


def _choices(option: Any) -> str | None:
    """Return the values of an option with a fixed list of them, or None."""
    kind = option.type_descriptor.annotation
    return "|".join(each.value for each in kind) if isinstance(kind, type) and issubclass(kind, Enum) else None
