"""Make many edits of one text at once, in time that grows linearly with their number.

As in `editing`, all other text stays the same, and an edit that cannot be made so returns False.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from reconciler.manifests.editing import Splice, value_splice
from reconciler.manifests.nodes import Node, Steps, documents_of, line_start, steps_of, written
from reconciler.manifests.positions import Path

_BEFORE_ITEM = re.compile(r"[ \t]*-[ \t]+")


class Edits:
    """Edits of a text. Each names its place in the text as it was: earlier edits move nothing."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._documents = [*documents_of(text)]
        self._splices: list[Splice] = []

    def result(self) -> str:
        """Return the text with all edits."""
        parts, place = [], 0
        for start, end, new in sorted(self._splices, key=lambda each: each[:2]):
            parts += [self._text[place:start], new]
            place = end
        return "".join([*parts, self._text[place:]])

    @contextmanager
    def together(self) -> Iterator[list[bool]]:
        """Make all edits of the block, or none. The list gets what each of them returns."""
        before = len(self._splices)
        made: list[bool] = []
        yield made
        if not all(made):
            del self._splices[before:]

    def replace(self, index: int, path: Path, value: Any) -> bool:
        """Replace the value at a path in the document with this index in the file, counted from 0."""
        steps = self._steps(index, path)
        return self._add(None if steps is None else value_splice(self._text, steps, value))

    def change_items(self, index: int, path: Path, removed: Collection[int], added: Sequence[Any]) -> bool:
        """Remove items of a list, by their places in it, and add others at its end. Each new item is on one line."""
        steps = self._steps(index, path)
        if steps is None or steps[-1][1].what != "list":
            return False
        node = steps[-1][1]
        items = [item for _, item in node.entries]
        new = [written(each) for each in added]
        if len(removed) == len(items):
            return self._add(self._rewritten(steps, new))
        if node.flow:
            self._splices += _flow_cuts(items, removed)
            self._splices.append((items[-1].end, items[-1].end, "".join(f", {each}" for each in new)))
            return True
        return self._change_block(items, removed, new)

    def _change_block(self, items: Sequence[Node], removed: Collection[int], new: Sequence[str]) -> bool:
        begins = [self._line_of(item) for item in items]
        if None in begins:
            return False
        self._splices += [(begins[place] or 0, self._line_end(items[place]), "") for place in removed]
        if new:
            dash = self._text[begins[-1] or 0 : items[-1].start]
            end, line_break = self._line_end(items[-1]), self._line_break
            before = "" if self._text[:end].endswith("\n") else line_break
            self._splices.append((end, end, before + "".join(f"{dash}{each}{line_break}" for each in new)))
        return True

    def _rewritten(self, steps: Steps, entries: Sequence[str]) -> Splice | None:
        """Return the splice that writes a list of which no item is kept. None if it cannot be written."""
        key, node = steps[-1]
        if key is None:
            return None
        if steps[-2][1].flow or not entries:
            return key.end, node.end, f": [{', '.join(entries)}]"
        indent = " " * (key.start - line_start(self._text, key.start) + 2)
        return key.end, node.end, ":" + "".join(f"{self._line_break}{indent}- {entry}" for entry in entries)

    def _line_of(self, item: Node) -> int | None:
        """Return where the line of an item of a block begins. None if something else stands before its dash."""
        start = line_start(self._text, item.start)
        return start if _BEFORE_ITEM.fullmatch(self._text[start : item.start]) else None

    def _line_end(self, item: Node) -> int:
        """Return the place after the last line of an item, with a comment behind it."""
        end = self._text.find("\n", max(item.start, item.end - 1))
        return len(self._text) if end < 0 else end + 1

    @property
    def _line_break(self) -> str:
        return "\r\n" if "\r\n" in self._text else "\n"

    def _steps(self, index: int, path: Path) -> Steps | None:
        return steps_of(self._text, self._documents[index], path) if index < len(self._documents) else None

    def _add(self, splice: Splice | None) -> bool:
        if splice is not None:
            self._splices.append(splice)
        return splice is not None


def _flow_cuts(items: Sequence[Node], removed: Collection[int]) -> Iterator[Splice]:
    """Yield the splices that remove some items of a list in brackets, each with one of its commas."""
    first_kept = next(place for place in range(len(items)) if place not in removed)
    for place in removed:
        if place > first_kept:
            yield items[place - 1].end, items[place].end, ""
        else:
            yield items[place].start, items[place + 1].start, ""
