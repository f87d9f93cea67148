"""Keep the line ends of a file when it is formatted: each line keeps its own."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n)")


def unified(text: str) -> str:
    """Return a text with `\\n` line ends only."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_before(after: str, before: str) -> str:
    """Return `after`, which has `\\n` line ends, with the line ends of `before`."""
    counted = Counter(match[2] for match in _LINE.finditer(before))
    if not counted or set(counted) == {"\n"}:
        return after
    usual = counted.most_common(1)[0][0]
    if len(counted) == 1:
        return after.replace("\n", usual)
    return _each_as_before(after, before, usual)


def _each_as_before(after: str, before: str, usual: str) -> str:
    """Return `after` with line ends of both sorts. A changed line gets the line end of the line that it replaces."""
    old = [(match[1], match[2]) for match in _LINE.finditer(before)]
    lines = after.split("\n")
    ends = [usual] * len(lines)
    matcher = SequenceMatcher(None, [line for line, _ in old], lines, autojunk=False)
    for _, old_start, old_end, start, end in matcher.get_opcodes():
        for place in range(start, end):
            if old_start + place - start < old_end:
                ends[place] = old[old_start + place - start][1]
    ends[-1] = ""
    for place, line in enumerate(lines[1:]):
        if ends[place] == "\r" and not line and ends[place + 1] == "\n":
            ends[place] = "\n"  # both would be read as one line end
    return "".join(line + end for line, end in zip(lines, ends, strict=True))
