"""Drive a shell on a terminal: type a line, press the tab key, and read what the line has become."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.cli.completing.shells import script

PATIENCE = 60.0
"""Seconds after which a shell that says nothing has failed."""
START = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        "PS1=; bind 'set completion-query-items 0'; bind 'set page-completions off'\n"
        "bind 'set enable-bracketed-paste off'\n"
        'source {script}; bind -x \'"\\C-o": printf "<<%s>>" "$READLINE_LINE"\'; printf \'rea%s\\n\' dy\n',
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        "PROMPT=; unset zle_bracketed_paste; setopt no_beep; fpath=({folder} $fpath); autoload -Uz compinit\n"
        "compinit -u -d {folder}/dump; LISTMAX=9999\n"
        "show-line() {{ print -rn -- \"<<$BUFFER>>\" }}; zle -N show-line; bindkey '^O' show-line; print rea''dy\n",
    ),
}
"""The command of each shell, and what it reads first. `<<…>>` then shows the line after Ctrl-O."""
_LINE = re.compile(r"<<(.*?)>>", re.DOTALL)


def require(shell: str) -> str:
    """Return the path of a shell. Without it, the test is skipped, and fails in CI."""
    found = shutil.which(shell)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{shell} is not installed")
        pytest.skip(f"{shell} is not installed")
    return found


def environment(home: Path) -> Mapping[str, str]:
    """Return the variables of a shell that has our program, and nothing of this user."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "TERM": "dumb", "LANG": "C.UTF-8", "COLUMNS": "500", "LINES": "200"}


def script_of(shell: str, folder: Path) -> Path:
    """Write the script for a shell into a folder, as the shell expects it, and return its path."""
    name = {"bash": "reconciler.bash", "zsh": "_reconciler", "fish": "reconciler.fish"}[shell]
    (folder / name).write_text(script(shell), encoding="utf-8")
    return folder / name


class Terminal:
    """A shell on a terminal."""

    def __init__(self, shell: str, master: int) -> None:
        self._shell = shell
        self._master = master
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, pattern: str) -> str:
        """Return what the shell prints until a pattern matches, with the match."""
        start = len(self.seen)
        while not (found := re.search(pattern, self.seen[start:], re.DOTALL)):
            ready, _, _ = select.select([self._master], [], [], PATIENCE)
            if not ready:
                raise AssertionError(f"{self._shell} does not print {pattern}: {self.seen[start:]!r}")
            self.seen += os.read(self._master, 65536).decode(errors="replace")
        return self.seen[start : start + found.end()]

    def completed(self, line: str, *, tabs: int = 1) -> str:
        """Return what a line becomes when the tab key is pressed behind it."""
        self.type("\x15" + line + "\t" * tabs + "\x0f")
        return _LINE.findall(self.until("<<.*?>>"))[0]

    def words(self, line: str) -> list[str]:
        """Return the words of a line as the shell reads them, without the first two."""
        self.type("\x15set -- " + line + "\n")
        self.type("\x15printf '<<'; printf '%s\\0' \"$@\"; printf '>>'\n")
        return self.until("<<reconciler\0.*?\0>>").rpartition("<<")[2].split("\0")[2:-1]

    def listed(self, line: str, *, until: str) -> str:
        """Return what the shell lists when the tab key is pressed twice behind a line."""
        self.type("\x15" + line + "\t\t")
        return self.until(until)


@contextmanager
def terminal(shell: str, folder: Path, home: Path) -> Iterator[Terminal]:
    """Start bash or zsh in a folder, with the completion of `reconciler` loaded."""
    command, start = START[shell]
    require(shell)
    path = script_of(shell, home)
    process, master = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, dict(environment(home)))
    try:
        driven = Terminal(shell, master)
        driven.type(start.format(script=path, folder=home))
        driven.until("ready")
        yield driven
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(master)
