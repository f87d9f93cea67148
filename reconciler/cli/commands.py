"""List the commands, import the one that is called, and give every command the global options.

Global options such as `--json` work before and after the command's name. Each command has hidden copies of them. A
copy that is given replaces the value in the context.
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
    "init": ("reconciler.cli.init:init", "Write a new repository."),
    "validate": ("reconciler.cli.validate:validate", "Check the manifests offline."),
    "plan": ("reconciler.cli.plan:plan", "Show what would change in ConnectWise."),
    "apply": ("reconciler.cli.apply:apply", "Make the changes of a plan in ConnectWise."),
    "test": ("reconciler.cli.test:run_cases", "Run the price cases offline."),
    "import": ("reconciler.cli.import_:import_", "Write manifests for what exists."),
    "show": ("reconciler.cli.show:show", "Show a plan file or a document."),
    "history": ("reconciler.cli.history:history", "Show what was written when, and by whom."),
    "fmt": ("reconciler.cli.fmt:fmt", "Format the manifests."),
    "schema": ("reconciler.cli.schema:schema", "Print the JSON Schemas."),
    "unlock": ("reconciler.cli.unlock:unlock", "Free the lock of a run that has ended."),
    "sandbox": ("reconciler.cli.sandbox:sandbox", "Run a local ConnectWise and backup console."),
    "version": ("reconciler.cli.version:version", "Print the version."),
}
"""Each command's function and its line in the help, which must fit a terminal of 60 columns."""

GROUPS = {
    "usage": ("reconciler.cli.usage:app", "Read the usage and account for it."),
    "alerts": ("reconciler.cli.alerts:app", "Try the receivers of alerts, list what is open."),
    "ledger": ("reconciler.cli.ledger:app", "Check the ledger, export it, back it up."),
}
"""Each group of commands, like `COMMANDS`."""

EVERYWHERE = "Options of every command (-C, --workspace, --json, --no-color, -v, --now): reconciler --help"
_COMPLETION = ("--install-completion", "--show-completion", "--help")


class LazyGroup(TyperGroup):
    """The group of all commands. It imports a command's module only when the command is called."""

    shared: Sequence[Any] = ()
    """The global options, which every command takes too."""
    as_json = False
    """True if the command line has `--json` anywhere. Help and version are printed before options are parsed."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command that is called, and return it with its name and arguments."""
        name = args[0] if args else ""
        target = {**COMMANDS, **GROUPS}.get(name)
        if target is not None:
            self.commands[name] = _with_shared(_imported(target[0], name), self.shared)
        return super().resolve_command(ctx, args)


def command_line(options: Callable[..., None], argv: Sequence[str]) -> Any:
    """Return the click command of `reconciler`. `options` is the callback that makes the context of its options."""
    completing = "_RECONCILER_COMPLETE" in os.environ or any(each.split("=")[0] in _COMPLETION for each in argv)
    app = typer.Typer(
        cls=LazyGroup,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=completing,  # importing it takes longer than reading most manifests
        rich_markup_mode=None,  # importing rich's help takes longer than everything else here together
    )
    app.callback()(options)
    for name, (_, text) in {**COMMANDS, **GROUPS}.items():
        app.command(name, help=text)(_not_called)
    root: Any = get_command(app)
    root.shared = [_hidden_copy(each) for each in root.params if each.name in _CONTEXT_FIELDS]
    root.as_json = wants_json(argv)
    return _with_help(root)


def as_json(ctx: Any) -> bool:
    """Return true if the command line has `--json`, even if its options are not parsed yet."""
    return bool(ctx.find_root().command.as_json)


def _imported(target: str, name: str) -> Any:
    """Return the click command of `module:attribute`, which is a function or a typer application."""
    module, _, attribute = target.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        found.rich_markup_mode = None
        command: Any = get_command(found)
    else:
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        app.command(name)(found)
        command = get_command(app)
    command.name = name
    return command


def _with_shared(command: Any, shared: Sequence[Any]) -> Any:
    """Return a command, and all commands below it, with the global options."""
    command.params = [*command.params, *shared]
    command.epilog = EVERYWHERE
    for below in getattr(command, "commands", {}).values():
        _with_shared(below, shared)
    return _with_help(command)


def _with_help(command: Any) -> Any:
    """Return a command whose help is printed like every result: as JSON if `--json` is given, or as text."""
    original = command.get_help_option

    def print_help(ctx: Any, _option: Any, given: bool) -> None:
        if given and not ctx.resilient_parsing:
            text = ctx.get_help()
            deliver_one(text, {"help": text}, as_json=as_json(ctx))
            ctx.exit()

    def get_help_option(ctx: Any) -> Any:
        option = original(ctx)
        option.callback = print_help
        return option

    command.get_help_option = get_help_option
    return command


_CONTEXT_FIELDS: dict[str, Callable[[Context, Any], Context]] = {
    "directory": lambda context, value: replace(context, root=value),
    "workspace": lambda context, value: replace(context, workspace=value),
    "json": lambda context, _: replace(context, json=True),
    "no_color": lambda context, _: replace(context, color=False),
    "verbose": lambda context, _: replace(context, verbose=True),
    "now": lambda context, value: context.at(value),
}


def _hidden_copy(option: Any) -> Any:
    """Return a hidden copy of a global option for the commands. If it is given, it replaces the context's value."""

    def replace_in_context(ctx: Any, _option: Any, value: Any) -> Any:
        if value not in {None, False} and isinstance(ctx.obj, Context):
            ctx.obj = _CONTEXT_FIELDS[option.name](ctx.obj, value)
        return value

    hidden = copy.copy(option)
    hidden.default, hidden.envvar, hidden.callback = None, None, replace_in_context
    hidden.expose_value, hidden.hidden = False, True
    return hidden


def _not_called() -> None:
    """Do nothing: this is the placeholder of a command in the help. `LazyGroup` replaces it when it is called."""
