"""`make readme`: puts what the demo prints today into README.md.

A sample stands behind a comment that names the command: `<!-- demo: reconciler usage report -->`. It is all that the
command prints the last time that the demo runs it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = re.compile(r"(<!-- demo: (?P<command>.*?) -->\n```text\n)(?P<text>.*?)(```)", re.DOTALL)
WIDTH = "140"
"""Columns of a sample: a page can be scrolled, and a row is read more easily where it stands on one line."""


def told() -> str:
    """What `make demo` prints on a wide terminal."""
    command = [sys.executable, "-m", "demo"]
    environ = {**os.environ, "RECONCILER_COLUMNS": WIDTH}
    done = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return done.stdout


def outputs(story: str) -> dict[str, str]:
    """What each command of the story printed the last time, by the command."""
    parts = re.split(r"^(?:\$ (.*)|── .*)$", story, flags=re.MULTILINE)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return {command: text.strip("\n") for command, text in pairs if command is not None}


def refreshed(page: str, story: str) -> str:
    """The page with its samples as the story has them."""
    printed = outputs(story)

    def sample(found: re.Match[str]) -> str:
        lines = (line.rstrip() for line in printed[found["command"]].splitlines())
        return found[1] + "".join(f"{line}\n" for line in lines) + found[4]

    return SAMPLE.sub(sample, page)


def main() -> None:
    readme = ROOT / "README.md"
    readme.write_text(refreshed(readme.read_text(encoding="utf-8"), told()), encoding="utf-8")


if __name__ == "__main__":
    main()
