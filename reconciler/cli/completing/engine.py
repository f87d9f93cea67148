"""Find what the last word of a command line may become."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

Table = Mapping[str, Any]
"""The content of `commands.json`: what a command or a group takes."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may stand in the place of the last one."""

    text: str
    help: str = ""
    unfinished: bool = False
    """True if more has to follow, as behind `Company/`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The candidates for the last word."""

    candidates: tuple[Candidate, ...] = ()
    paths: str = ""
    """`files` or `folders`, if the shell shall complete paths as well."""


Values = Callable[[str, str, Mapping[str, str]], Iterable[Candidate]]
"""(source of values such as `address`, begin of the word, options such as `folder`) → candidates."""
_PATHS: Final = {"file": "files", "folder": "folders", "file or address": "files"}


def table() -> Table:
    """Return what the commands take."""
    text = Path(__file__).with_name("commands.json").read_text(encoding="utf-8")  # faster than `importlib.resources`
    found: Table = json.loads(text)
    return found


def complete(words: Sequence[str], root: Table, values: Values) -> Reply:
    """Return what the last of the words may become. The words are those after the name of the program."""
    *given, last = words
    line = _Line(root, root)
    for word in given:
        line.read(word)
    if line.lost:
        return Reply()
    if line.waiting is not None:
        return _values(line.waiting, last, values, line.options)
    name, equals, value = last.partition("=")
    if not line.ended and last.startswith("--") and equals:
        option = line.option(name)
        return Reply() if option is None else _values(option, value, values, line.options, before=f"{name}=")
    if not line.ended and last.startswith("-"):
        return Reply(tuple(_starting(last, line.free_options())))
    if "commands" in line.command:
        below = (Candidate(name, each["help"]) for name, each in line.command["commands"].items())
        return Reply(tuple(_starting(last, below)))
    argument = line.argument()
    return Reply() if argument is None else _values(argument, last, values, line.options)


def _values(
    taker: Mapping[str, Any], word: str, values: Values, options: Mapping[str, str], *, before: str = ""
) -> Reply:
    """Return the candidates for the value of an option or an argument. Each begins with `before`."""
    listed = (Candidate(each) for each in taker.get("choices", ()))
    found = [*listed, *values(taker.get("values", ""), word, options)]
    whole = tuple(
        Candidate(before + each.text, each.help, each.unfinished) if before else each for each in _starting(word, found)
    )
    return Reply(whole, _PATHS.get(taker.get("values", ""), ""))


def _starting(word: str, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    return (each for each in candidates if each.text.startswith(word))


@dataclass(slots=True)
class _Line:
    """The part of a command line that was read."""

    root: Table
    command: Table
    """The command or group that was named last."""
    waiting: Mapping[str, Any] | None = None
    """The option whose value comes next."""
    ended: bool = False
    """True after `--`."""
    lost: bool = False
    """True after a word that names no command."""
    arguments: int = 0
    used: set[str] = field(default_factory=set)
    """The options that were given, by their first name."""
    options: dict[str, str] = field(default_factory=dict)
    """The values of the options for the folder and the workspace."""

    def read(self, word: str) -> None:
        """Read one more word."""
        if self.waiting is not None:
            self._keep(self.waiting, word)
            self.waiting = None
        elif self.ended or not word.startswith("-") or word == "-":
            self._name(word)
        elif word == "--":
            self.ended = True
        else:
            self._option(word)

    def _name(self, word: str) -> None:
        below = self.command.get("commands")
        if below is None:
            self.arguments += 1
        elif word in below:
            self.command = below[word]
        else:
            self.lost = True

    def _option(self, word: str) -> None:
        name, equals, value = word.partition("=")
        option = self.option(name if word.startswith("--") else word[:2])
        if option is None:
            return
        self.used.add(option["names"][0])
        if not word.startswith("--"):
            equals, value = word[2:], word[2:]
        if not option.get("flag") and not equals:
            self.waiting = option
        else:
            self._keep(option, value)

    def _keep(self, option: Mapping[str, Any], value: str) -> None:
        if option.get("keep"):
            self.options[option["keep"]] = value

    def option(self, name: str) -> Mapping[str, Any] | None:
        """Return an option of the command, or of every command."""
        return next((each for each in self._all_options() if name in each["names"]), None)

    def free_options(self) -> Iterator[Candidate]:
        """Yield the names of the options that can still be given."""
        for option in self._all_options():
            if option["names"][0] not in self.used or option.get("many"):
                yield from (Candidate(name, option["help"]) for name in option["names"])

    def argument(self) -> Mapping[str, Any] | None:
        """Return the argument that the next word is."""
        arguments: Sequence[Mapping[str, Any]] = self.command.get("arguments", ())
        if self.arguments < len(arguments):
            return arguments[self.arguments]
        return arguments[-1] if arguments and arguments[-1].get("many") else None

    def _all_options(self) -> Iterator[Mapping[str, Any]]:
        if self.command is not self.root:
            yield from self.command.get("options", ())
        yield from self.root["options"]
