"""Secrets that somebody wrote into a manifest are not shown again by the message that says so."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from rapidfuzz.distance import JaroWinkler

from reconciler.kinds.base import EnvSecret, FileSecret
from reconciler.kinds.registry import all_kinds

MASK = "••••••"
_KEY = re.compile(r"""(?:^|(?<=[\s{,\[\-?]))(?P<quote>["']?)(?P<key>[A-Za-z_][\w.-]*)(?P=quote)\s*:(?=\s|$)""")
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


def shown(lines: list[str], number: int) -> str:
    """A line (from 1) as it may be shown: what stands after the key of a secret is masked, unless it is a reference."""
    if not 1 <= number <= len(lines):
        return ""
    line = lines[number - 1]
    if _below_a_secret(lines, number):
        key = _KEY.search(line)
        if key is None or key["key"] not in _REFERENCE_KEYS:
            return line[: _indent(line)] + MASK
    for key in _KEY.finditer(line):
        rest = line[key.end() :]
        if not may_hold_a_secret(key["key"]) or not rest.strip() or rest.lstrip().startswith("#"):
            continue
        if reference := _REFERENCE.match(rest):
            if not rest[reference.end() :].strip() or rest[reference.end() :].lstrip().startswith("#"):
                continue
            if _KEY.search(rest[reference.end() - 1 :]):
                continue
        return f"{line[: key.end()]} {MASK}"
    return line


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _below_a_secret(lines: list[str], number: int) -> bool:
    """Whether a line is the value of a secret's key above it: a block of text, a mapping, or text on the next line."""
    indent = _indent(lines[number - 1])
    for line in reversed(lines[: number - 1]):
        if not indent or line.startswith("---"):
            break
        if line.strip() and _indent(line) < indent:
            indent = _indent(line)
            keys = list(_KEY.finditer(line))
            if keys and may_hold_a_secret(keys[-1]["key"]):
                return True
    return False
