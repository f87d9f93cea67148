"""Mask secrets in the source lines that messages show, in case someone wrote a secret into a manifest."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pydantic import BaseModel

from reconciler.kinds.fields import EnvSecret, FileSecret
from reconciler.kinds.registry import all_kinds
from reconciler.manifests.annotations import members

MASK = "••••••"
_KEY = re.compile(r"""(?:^|(?<=[\s{,\[\-?]))(?P<quote>["']?)(?P<key>[A-Za-z_][\w.-]{0,99})(?P=quote)\s*:(?=\s|$)""")
"""A YAML key. It has at most 100 characters, so that the search in a long line stays fast."""
_NOTHING = re.compile(r"\s*(?:#|$)")
_LOGIN = re.compile(
    r"""(?<=://)[^\s"']{1,400}@(?=[\w.\[])"""
    r"""|(?:(?<=\s)|(?<=["'\[{,]))[^\s@/:"']{1,200}:[^\s@/"']{1,400}@(?=[\w.\[])"""
    r"""|(?<=[?&])(?:ssl)?password=[^\s"'&,}]{1,400}""",
    re.IGNORECASE,
)
"""In a URL: the user name and password before the host, and a password in the query."""
LONGEST = 4000
"""The most characters of a line that is shown. Searching a longer line for secrets would take too long."""
_REFERENCE = re.compile(r"""\s*\{\s*["']?(?:env|file)["']?\s*:\s*[^,{}]*\}\s*[,}\]]*""")
_SUSPICIOUS = re.compile(r"pass|pwd|secret|token|credential|private.?key|api.?key", re.IGNORECASE)
_REFERENCE_KEYS = frozenset({"env", "file"})


def is_secret(annotation: Any) -> bool:
    """Return whether a field is a secret: it allows only `{env: …}` and `{file: …}`, and no text."""
    found = set(members(annotation)) - {type(None)}
    return found == {EnvSecret, FileSecret}


@cache
def secret_names() -> frozenset[str]:
    """Return the YAML names of the secret fields of all kinds."""
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
    """Return whether a field with this name may contain a secret. Misspelt names of secret fields count too."""
    from rapidfuzz.distance import JaroWinkler  # noqa: PLC0415 - slow to import, and needed for errors only

    if _SUSPICIOUS.search(key):
        return True
    folded = key.casefold()
    return any(JaroWinkler.similarity(folded, name.casefold()) > 0.85 for name in secret_names())


class Lines:
    """The lines of one file, with secrets masked. The time grows linearly with the size of the file."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._below: list[bool] | None = None

    def shown(self, number: int) -> str:
        """Return a line, counted from 1, with the values of secret keys masked. References to secrets are shown.

        Return an empty text for a line that does not exist or is longer than `LONGEST`.
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
    """Return one line with secrets masked, as `Lines.shown` does."""
    return Lines(lines).shown(number)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _below_secrets(lines: list[str]) -> list[bool]:
    """Return for each line whether it belongs to the value of a secret key in a line above."""
    found = []
    above: list[tuple[int, bool]] = []
    """(indent, whether it belongs to a secret key) of each line that contains the current one."""
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
