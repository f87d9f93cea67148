"""The commands, imported only when they are called, and the options that every one of them takes.

The options of `reconciler` itself stand before or after a command's name: each command and group gets hidden copies of
them, and a copy that is given replaces the value in the context.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from reconciler.cli.context import Context
from reconciler.cli.output import deliver_one, wants_json

COMMANDS = {
    "validate": ("reconciler.cli.validate:validate", "Check everything that can be known offline."),
    "plan": ("reconciler.cli.plan:plan", "Show what would change, and what it does to the money."),
    "apply": ("reconciler.cli.apply:apply", "Do exactly what a plan says."),
    "show": ("reconciler.cli.show:show", "Render a plan file."),
    "fmt": ("reconciler.cli.fmt:fmt", "Write every manifest in one layout."),
    "schema": ("reconciler.cli.schema:schema", "Print the JSON Schemas of manifests."),
    "unlock": ("reconciler.cli.unlock:unlock", "Show who holds the workspace's lock, and free a dead one."),
    "sandbox": ("reconciler.cli.sandbox:sandbox", "Run stand-ins of ConnectWise and of the backup console."),
    "version": ("reconciler.cli.version:version", "Print the version."),
}
GROUPS = {"usage": ("reconciler.cli.usage:app", "The metering side: pull, coverage, report.")}

EVERYWHERE = "Options of every command (-C, --workspace, --json, --no-color, -v, --now): reconciler --help"
_COMPLETION = ("--install-completion", "--show-completion", "--help")


class LazyGroup(TyperGroup):
    """Knows its commands by name and sentence; imports the one that is called."""

    shared: Sequence[Any] = ()
    """The options that every command takes too."""
    as_json = False
    """Whether this call asks for JSON, anywhere in it: its help and its version are told before options are read."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0] if args else ""
        target = {**COMMANDS, **GROUPS}.get(name)
        if target is not None:
            self.commands[name] = _with_shared(_imported(target[0], name), self.shared)
        return super().resolve_command(ctx, args)


def command_line(options: Callable[..., None], argv: Sequence[str]) -> Any:
    """The click command of `reconciler`. `options` is its callback: it makes the context of its options."""
    completing = "_RECONCILER_COMPLETE" in os.environ or any(each.split("=")[0] in _COMPLETION for each in argv)
    app = typer.Typer(
        cls=LazyGroup,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=completing,  # what it imports costs more than to read most manifests
        rich_markup_mode=None,  # rich's help costs more to import than everything else here together
    )
    app.callback()(options)
    for name, (_, text) in {**COMMANDS, **GROUPS}.items():
        app.command(name, help=text)(_not_called)
    made: Any = get_command(app)
    made.shared = [_shared(each) for each in made.params if each.name in _CONTEXT_FIELDS]
    made.as_json = wants_json(argv)
    return _with_help(made)


def as_json(ctx: Any) -> bool:
    """Whether the call asks for JSON, also where its options are not read yet."""
    return bool(ctx.find_root().command.as_json)


def _imported(target: str, name: str) -> Any:
    module, _, attribute = target.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        found.rich_markup_mode = None
        made: Any = get_command(found)
    else:
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(name)(found)
        made = get_command(alone)
    made.name = name
    return made


def _with_shared(command: Any, shared: Sequence[Any]) -> Any:
    command.params = [*command.params, *shared]
    command.epilog = EVERYWHERE
    for below in getattr(command, "commands", {}).values():
        _with_shared(below, shared)
    return _with_help(command)


def _with_help(command: Any) -> Any:
    """Its help is a result like any other: told as JSON where that is asked for, and to a reader who may leave."""
    made = command.get_help_option

    def told(ctx: Any, _option: Any, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            text = ctx.get_help()
            deliver_one(text, {"help": text}, as_json=as_json(ctx))
            ctx.exit()

    def option(ctx: Any) -> Any:
        found = made(ctx)
        found.callback = told
        return found

    command.get_help_option = option
    return command


_CONTEXT_FIELDS: dict[str, Callable[[Context, Any], Context]] = {
    "directory": lambda context, value: replace(context, root=value),
    "workspace": lambda context, value: replace(context, workspace=value),
    "json": lambda context, _: replace(context, json=True),
    "no_color": lambda context, _: replace(context, color=False),
    "verbose": lambda context, _: replace(context, verbose=True),
    "now": lambda context, value: context.at(value),
}


def _shared(option: Any) -> Any:
    """A hidden copy of an option, for the commands: where it is given it replaces what the context has."""

    def given(ctx: Any, _option: Any, value: Any) -> Any:
        if value not in {None, False} and isinstance(ctx.obj, Context):
            ctx.obj = _CONTEXT_FIELDS[option.name](ctx.obj, value)
        return value

    made = copy.copy(option)
    made.default, made.envvar, made.callback = None, None, given
    made.expose_value, made.hidden = False, True
    return made


def _not_called() -> None:
    """Stands in the list of commands for one that this call does not name."""
