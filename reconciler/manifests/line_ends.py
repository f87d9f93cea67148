"""Line ends of a text that is written in another layout: each line keeps the one that it had."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n)")


def unified(text: str) -> str:
    """The same text with `\\n` alone."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_before(after: str, before: str) -> str:
    """`after`, which has `\\n` alone, with the line ends of `before`; without one at its end where that had none."""
    if before and not before.endswith(("\n", "\r")):
        after = after.removesuffix("\n")
    counted = Counter(match[2] for match in _LINE.finditer(before))
    if not counted or set(counted) == {"\n"}:
        return after
    usual = counted.most_common(1)[0][0]
    if len(counted) == 1:
        return after.replace("\n", usual)
    return _each_as_before(after, before, usual)


def _each_as_before(after: str, before: str, usual: str) -> str:
    """A line that stays has its own end; one that is changed has the end of the line that stood in its place."""
    old = [(match[1], match[2]) for match in _LINE.finditer(before)]
    lines = after.split("\n")
    ends = [usual] * len(lines)
    matcher = SequenceMatcher(None, [line for line, _ in old], lines, autojunk=False)
    for _, old_start, old_end, start, end in matcher.get_opcodes():
        for place in range(start, end):
            if old_start + place - start < old_end:
                ends[place] = old[old_start + place - start][1]
    ends[-1] = ""
    return "".join(line + end for line, end in zip(lines, ends, strict=True))
