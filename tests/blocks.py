"""Read the code blocks of a Markdown page, and the output that a block of commands shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_FILE = re.compile(r"`([\w./-]+\.(?:yaml|json))`")
_EXIT = re.compile(r"\s+# exit (\d+)$")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    text: str
    file: str
    """The file that the text before the block names last, such as `manifests/products.yaml`. Empty if there is none."""


@dataclass(frozen=True)
class Shown:
    """One command of a `console` block, with its exit code and the output that the page shows."""

    command: str
    code: int = 0
    output: tuple[str, ...] = ()


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page in their order, also those in lists."""
    found, file = [], ""
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "inline":
            named = _FILE.findall(token.content)
            file = named[-1] if named else file
        elif token.type == "fence":
            found.append(Block(token.info.strip(), token.content, file))
    return found


def shown(block: Block) -> list[Shown]:
    """Return the commands of a block: the `$ …` lines of a console, each with the lines below it, or a whole script.

    `# exit N` behind a command names another exit code than 0.
    """
    if block.language in {"sh", "bash"}:
        return [Shown(block.text.strip())]
    if block.language != "console":
        return []
    found: list[Shown] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            said = _EXIT.search(line)
            found.append(Shown(_EXIT.sub("", line[2:]), int(said.group(1)) if said else 0))
        else:
            last = found.pop()
            found.append(Shown(last.command, last.code, (*last.output, line)))
    return found


def commands(page: Path) -> list[Shown]:
    """Return the commands that a page shows."""
    return [each for block in blocks(page) for each in shown(block)]


def missing(expected: tuple[str, ...], printed: str) -> str | None:
    """Return the first shown line that was not printed in its place. None if all were.

    A line `…` stands for any lines. A shown line may be the beginning of a longer one.
    """
    lines = iter(printed.splitlines())
    skip = False
    for line in expected:
        if line == "…":
            skip = True
            continue
        if not any(each.startswith(line) for each in (lines if skip else [next(lines, "")])):
            return line
        skip = False
    return None
