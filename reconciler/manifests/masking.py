"""Secrets that somebody wrote into a manifest are not shown again by the message that says so."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from rapidfuzz.distance import JaroWinkler

from reconciler.kinds.fields import EnvSecret, FileSecret
from reconciler.kinds.registry import all_kinds

MASK = "••••••"
_KEY = re.compile(r"""(?:^|(?<=[\s{,\[\-?]))(?P<quote>["']?)(?P<key>[A-Za-z_][\w.-]{0,99})(?P=quote)\s*:(?=\s|$)""")
"""A key; none is longer than 100 characters, so that a long line costs no more than its length."""
_NOTHING = re.compile(r"\s*(?:#|$)")
_LOGIN = re.compile(
    r"""(?<=://)[^\s"']{1,400}@(?=[\w.\[])"""
    r"""|(?:(?<=\s)|(?<=["'\[{,]))[^\s@/:"']{1,200}:[^\s@/"']{1,400}@(?=[\w.\[])"""
    r"""|(?<=[?&])(?:ssl)?password=[^\s"'&,}]{1,400}""",
    re.IGNORECASE,
)
"""The user name and password before the host of an address, and a password among its options."""
LONGEST = 4000
"""Characters of a line that is shown in an error; a secret in a longer one could not be told from the rest in time."""
_REFERENCE = re.compile(r"""\s*\{\s*["']?(?:env|file)["']?\s*:\s*[^,{}]*\}\s*[,}\]]*""")
_SUSPICIOUS = re.compile(r"pass|pwd|secret|token|credential|private.?key|api.?key", re.IGNORECASE)
_REFERENCE_KEYS = frozenset({"env", "file"})


def members(annotation: Any) -> Iterator[Any]:
    """The types that a field's annotation is made of: unions, `Annotated` and containers taken apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from members(get_args(annotation)[0])
    elif origin is Union or origin is types.UnionType:
        for member in get_args(annotation):
            yield from members(member)
    elif origin in {tuple, list}:
        for member in get_args(annotation):
            if member is not Ellipsis:
                yield from members(member)
    else:
        yield annotation


def is_secret(annotation: Any) -> bool:
    """Only ever a reference: `{env: …}` or `{file: …}`, never text."""
    found = set(members(annotation)) - {type(None)}
    return found == {EnvSecret, FileSecret}


@cache
def secret_names() -> frozenset[str]:
    """The YAML names of every field of every kind that holds a secret."""
    found: set[str] = set()
    seen: set[type[BaseModel]] = set()
    waiting: list[type[BaseModel]] = [kind.spec for kind in all_kinds().values()]
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        for name, info in model.model_fields.items():
            if is_secret(info.annotation):
                found.add(info.alias or name)
            else:
                waiting += [
                    part for part in members(info.annotation) if isinstance(part, type) and issubclass(part, BaseModel)
                ]
    return frozenset(found)


@cache
def may_hold_a_secret(key: str) -> bool:
    """Whether a field of this name, misspelt or not, may hold a secret."""
    if _SUSPICIOUS.search(key):
        return True
    folded = key.casefold()
    return any(JaroWinkler.similarity(folded, name.casefold()) > 0.85 for name in secret_names())


class Lines:
    """The lines of one file, as they may be shown. What it costs grows with the file's size alone."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._below: list[bool] | None = None

    def shown(self, number: int) -> str:
        """A line (from 1), what stands after the key of a secret masked, unless it is a reference.

        A line that nobody can read is left out.
        """
        if not 1 <= number <= len(self._lines) or len(self._lines[number - 1]) > LONGEST:
            return ""
        line = self._lines[number - 1]
        if self._below is None:
            self._below = _below_secrets(self._lines)
        if self._below[number - 1]:
            key = _KEY.search(line)
            if key is None or key["key"] not in _REFERENCE_KEYS:
                return line[: _indent(line)] + MASK
        for key in _KEY.finditer(line):
            if not may_hold_a_secret(key["key"]) or _NOTHING.match(line, key.end()):
                continue
            reference = _REFERENCE.match(line, key.end())
            if reference and (_NOTHING.match(line, reference.end()) or _KEY.search(line, reference.end() - 1)):
                continue
            return f"{line[: key.end()]} {MASK}"
        return _LOGIN.sub(MASK, line)


def shown(lines: list[str], number: int) -> str:
    """One line of a text, as `Lines.shown` has it."""
    return Lines(lines).shown(number)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _below_secrets(lines: list[str]) -> list[bool]:
    """Of each line, whether it is the value of a secret's key above it: a block of text, a mapping, or text alone."""
    found = []
    above: list[tuple[int, bool]] = []
    """The lines that the present one stands below, by their indent; and whether one of them is a secret's key."""
    for line in lines:
        if line.startswith("---"):
            above.clear()
        if not line.strip():
            found.append(False)
            continue
        indent = _indent(line)
        while above and above[-1][0] >= indent:
            above.pop()
        below = bool(above) and above[-1][1]
        found.append(below)
        above.append((indent, below or _ends_in_a_secret(line)))
    return found


def _ends_in_a_secret(line: str) -> bool:
    keys = [key["key"] for key in _KEY.finditer(line, max(0, len(line) - LONGEST))]
    return bool(keys) and may_hold_a_secret(keys[-1])
