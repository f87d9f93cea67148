"""Read a log as GitHub's runner does: some of its lines are commands to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAMES = (
    "add-mask add-matcher add-path debug echo endgroup error group notice remove-matcher save-state set-env set-output "
    "stop-commands warning internal-set-repo-path"
)
_COMMANDS = frozenset(_NAMES.split())
_NEW = re.compile(r"\s*::(?P<name>[\w-]+)(?: (?P<properties>.*?))?::(?P<data>.*)")
"""A command at the start of a line."""
_OLD = re.compile(r"##\[(?P<name>[\w-]+)(?: (?P<properties>[^\]]*))?\](?P<data>.*)")
"""The older form, which the runner finds anywhere in a line."""


@dataclass(frozen=True)
class Command:
    """A command that the runner would carry out."""

    name: str
    properties: str
    data: str


def commands(log: str) -> Iterator[Command]:
    """Yield the commands in a log. `stop-commands` ends them until a line has its token."""
    token = ""
    for line in log.splitlines():
        if token:
            token = "" if line.strip() == f"::{token}::" else token
            continue
        found = _NEW.match(line) or _OLD.search(line)
        if found is None or found["name"] not in _COMMANDS:
            continue
        if found["name"] == "stop-commands":
            token = found["data"]
        yield Command(found["name"], found["properties"] or "", found["data"])
