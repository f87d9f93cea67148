"""Generate YAML texts in many layouts, with the comments that they have."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from hypothesis import strategies as st

PLAIN = [
    "a", "word two", "1", "0", "-3", "+7", "1_000", "0x1F", "0o17", "010", "1e3", "1E+3", ".5", "1.", "1.50", "-0.0",
    "123456789012.1234567890", "2026-11-01", "12:30:45", "yes", "No", "on", "true", "False", "~", "null", "NULL", "é",
    "日本語", "a#b", "a:b", "http://x/y?z", "12 Mill Road", "-a", "it's", "x  y", "=", "1.2.3", "Null", "\U0001f600",
    "a\u200bb", "\u202ex",
]  # fmt: skip
QUOTED = [
    '""', "''", '"a"', "'a'", "'it''s'", '"\\u263a\\x41\\/"', '"tab\\t"', '"a # b"', "'# no'", '"a: b"', '"\\"q\\""',
    '"1"', "'null'", '"\\N\\_\\L\\P"', '" x "', "'  '", '"a\\\\"',
]  # fmt: skip
SEVERAL_LINES = [
    ("word", "more words", "end"), ('"one', "two", "", 'three"'), ("'one", "", "two'"), ('"one \\', "  two\\ ", 'x"'),
    ("word", "", "- no item"), ("a b", "c#d"), (":a",), ("?a",),
]  # fmt: skip
TAGS = ["", "", "", "", "!!str "]
KEYS = ["a", "b c", "long-key_1", '"quoted"', "'single'", "é", "x.y", "a#b"]
BLOCKS = ["|", "|-", "|+", ">", ">-", ">+", "|2", "|2-", ">+2"]


@dataclass
class Text:
    """A text that grows, with its comments."""

    draw: Any
    numbers: Any
    lines: list[str]
    comments: list[str]
    anchors: list[str]

    def pick(self, values: Any) -> Any:
        return self.draw(st.sampled_from(values))

    def chance(self, one_in: int) -> bool:
        return bool(self.draw(st.integers(1, one_in)) == one_in)

    def comment(self) -> str:
        self.comments.append(
            f"#c{next(self.numbers)}{self.pick(['', ' said', ' # twice', ' a: 1', chr(9) + 'x', ' é'])}"
        )
        return self.comments[-1]

    def behind(self) -> str:
        """Return what may stand at the end of a line."""
        if self.chance(4):
            return self.pick([" ", "  ", "\t", "      "]) + self.comment()
        return self.pick(["", "", "", " ", "  "])

    def between(self, indent: int) -> None:
        """Add blank lines and comments of their own lines."""
        while self.chance(4):
            blanks = " " * self.draw(st.integers(0, indent + 3))
            self.lines.append(blanks + self.comment() if self.chance(2) else self.pick(["", blanks]))

    def key(self, used: set[str]) -> str:
        free = [key for key in KEYS if key.strip("\"'") not in used]
        key = self.pick(free) if free else f"k{next(self.numbers)}"
        used.add(key.strip("\"'"))
        return key

    def anchor(self) -> str:
        if not self.chance(8):
            return ""
        self.anchors.append(f"n{next(self.numbers)}")
        return f"&{self.anchors[-1]} "

    def scalar(self) -> str:
        if self.anchors and self.chance(5):
            return "*" + self.pick(self.anchors)
        anchor = self.anchor()
        return (
            self.pick(TAGS) + self.pick(QUOTED if self.chance(2) else PLAIN)
            if not anchor
            else anchor + self.pick(PLAIN)
        )


def flow(text: Text, indent: int, depth: int) -> None:
    """Add a list or mapping in brackets to the last line, perhaps on several lines."""
    is_map, used = text.chance(2), set[str]()
    text.lines[-1] += "{" if is_map else "["
    for number in range(text.draw(st.integers(0, 3))):
        if number:
            text.lines[-1] += text.pick([",", ", ", " , "])
        if text.chance(4):
            text.lines[-1] += text.behind()
            text.between(indent)
            text.lines.append(" " * (indent + text.draw(st.integers(1, 4))))
        if is_map:
            text.lines[-1] += text.key(used) + text.pick([": ", ":   "])
        if depth and text.chance(3):
            flow(text, indent, depth - 1)
        else:
            text.lines[-1] += text.scalar()
    if text.chance(4):
        text.lines[-1] += text.behind()
        text.lines.append(" " * (indent + 1))
    text.lines[-1] += "}" if is_map else "]"


def value(text: Text, indent: int, depth: int, *, is_item: bool = False) -> None:
    """Add the value of a key or an item, whose line is the last one and has this indentation."""
    what = text.draw(st.integers(0, 9))
    step = text.draw(st.integers(1, 4))
    if depth and what in {7, 8, 9}:
        nested(text, indent, indent + step, depth, is_map=what != 7, is_item=is_item)
    elif what == 3:
        flow(text, indent, min(depth, 1))
        text.lines[-1] += text.behind()
    elif what == 4:
        text.lines[-1] += text.pick(BLOCKS)
        digit = next((int(sign) for sign in text.lines[-1][-2:] if sign.isdigit()), None)
        column = indent + (digit or step)
        if text.chance(3):
            text.lines[-1] += " " + text.comment()
        for line in text.draw(
            st.lists(st.sampled_from(["text", "  deeper", "", "# no", "a: b ", "é\t"]), min_size=1, max_size=4)
        ):
            plain = line.lstrip() if digit is None and text.lines[-1].strip().startswith(("|", ">")) else line
            text.lines.append(" " * column + plain if plain else "")
    elif what == 5:
        first, *others = text.pick(SEVERAL_LINES)
        text.lines[-1] += first
        text.lines += [" " * (indent + step) + line if line else "" for line in others]
        text.lines[-1] += text.behind()
    elif what == 6:
        text.lines[-1] = text.lines[-1].rstrip() + text.behind()
    else:
        text.lines[-1] += text.scalar() + text.behind()


def nested(text: Text, indent: int, column: int, depth: int, *, is_map: bool, is_item: bool) -> None:
    """Add a mapping or list below a key, or behind the dash of an item."""
    compact = is_item and text.chance(2)
    anchor = ""
    if not compact:
        anchor = f"n{next(text.numbers)}" if text.chance(8) else ""
        text.lines[-1] = text.lines[-1].rstrip() + (f" &{anchor}" if anchor else "") + text.behind()
        if not (is_map or is_item) and text.chance(3):
            column = indent  # the dashes of a list may be in the column of its key
    else:
        column = len(text.lines[-1])
    used = set[str]()
    for number in range(text.draw(st.integers(1, 3))):
        if number or not compact:
            text.between(column)
            text.lines.append(" " * column)
        if is_map:
            text.lines[-1] += text.key(used) + text.pick([": ", ":", " : ", ":    "]).rstrip() + text.pick([" ", "  "])
        else:
            text.lines[-1] += text.pick(["- ", "-   "])
        value(text, column, depth - 1, is_item=not is_map)
    text.anchors += [anchor] if anchor else []


@st.composite
def yaml_texts(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Return a text, and its comments in order. Most texts are valid; some have an error."""
    text = Text(draw, count(1), [], [], [])
    text.between(2)
    for number in range(draw(st.integers(1, 3))):
        if number or text.chance(3):
            text.lines.append("---" + text.behind())
        text.between(2)
        if text.chance(8):
            continue  # an empty document
        text.lines.append("")
        text.anchors.clear()
        column = text.pick([0, 0, 0, 2])
        text.lines.pop()
        text.lines.append(" " * column)
        used = set[str]()
        for entry in range(draw(st.integers(1, 4))):
            if entry:
                text.between(column)
                text.lines.append(" " * column)
            text.lines[-1] += text.key(used) + ": "
            value(text, column, 3)
        text.between(2)
        if text.chance(8):
            text.lines.append("..." + text.behind())
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    return end.join(text.lines) + draw(st.sampled_from([end, end, end, ""])), text.comments
