"""The size of a Markdown text in bytes, kept under a limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


def size_of(lines: Iterable[str]) -> int:
    """Return the size of lines with their line ends, in bytes of UTF-8."""
    return sum(len(line.encode()) + 1 for line in lines)


@dataclass(slots=True)
class Budget:
    """Lines that are written, and the room that is left for more, in bytes of UTF-8."""

    room: int
    lines: list[str] = field(default_factory=list)

    def write(self, *lines: str) -> None:
        """Write lines, whether there is room or not."""
        self.lines += lines
        self.room -= size_of(lines)

    def write_if_room(self, lines: list[str]) -> bool:
        """Write lines if there is room for them, and return whether they were written."""
        if size_of(lines) > self.room:
            return False
        self.write(*lines)
        return True

    def text(self) -> str:
        """Return the text of all lines."""
        return "\n".join(self.lines) + "\n"
