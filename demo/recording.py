"""`make readme`: draw `docs/demo.svg`, the README's picture of the demo, from what the demo prints today.

The demo runs on a pseudo-terminal, so the picture has the colours that a user sees.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "demo.svg"
WIDTH = 116
"""Columns of the picture."""
FIRST, END = "── Birchwood Legal grows", "$ reconciler usage coverage"
"""The picture shows the demo from the line that begins with `FIRST` up to the line that begins with `END`."""

THEME = TerminalTheme(
    background=(13, 17, 23),
    foreground=(201, 209, 217),
    normal=[
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (201, 209, 217),
    ],
)

TEMPLATE = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{unique_id}-name">
<title id="{unique_id}-name">A terminal: the plan, the apply and the usage report of a customer that grows</title>
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{ font-family: sans-serif; font-size: 18px; font-weight: bold; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own template loads a font from a content delivery network. This one has no network address to load from."""


def printed(width: int = WIDTH) -> str:
    """Run `make demo` on a pseudo-terminal of `width` columns; return what it prints, with its colour codes.

    Raises `subprocess.CalledProcessError` if a command of the demo ends with an unexpected exit code.
    """
    environ = {**os.environ, "RECONCILER_COLUMNS": str(width), "TERM": "xterm-256color"}
    environ.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "demo"]
    reader, writer = pty.openpty()
    try:
        with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=writer, stderr=subprocess.DEVNULL) as process:
            os.close(writer)
            text = _read_to_end(reader).decode("utf-8").replace("\r\n", "\n")
    finally:
        os.close(reader)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, text)
    return text


def _read_to_end(reader: int) -> bytes:
    """Read a pseudo-terminal until the program that writes to it has ended."""
    parts = []
    while True:
        try:
            part = os.read(reader, 65536)
        except OSError:  # Linux reports the end of a pseudo-terminal as EIO
            part = b""
        if not part:
            return b"".join(parts)
        parts.append(part)


def excerpt(story: str) -> Text:
    """Return the part of the demo's output that the picture shows, from `FIRST` to before `END`, with its colours."""
    text = Text.from_ansi(story)
    plain = text.plain
    first = plain.index(FIRST)
    return text[first : plain.index(END, first)]


def drawn(story: str) -> str:
    """Return the SVG picture of the demo's output. The same output always gives the same picture."""
    console = Console(
        file=StringIO(), record=True, width=WIDTH, force_terminal=True, color_system="truecolor", legacy_windows=False
    )
    shown = excerpt(story)
    shown.rstrip()
    for line in shown.split("\n", allow_blank=True):
        if line.plain.startswith("$ "):
            line.stylize("bold", 2)
        console.print(line, highlight=False)
    svg = console.export_svg(title="make demo", theme=THEME, code_format=TEMPLATE, unique_id="demo")
    return "".join(f"{line.rstrip()}\n" for line in svg.replace("</text><text", "</text>\n<text").splitlines())


def main() -> None:
    """Write `docs/demo.svg`."""
    PICTURE.write_text(drawn(printed()), encoding="utf-8")


if __name__ == "__main__":
    main()
