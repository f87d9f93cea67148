"""Evaluate `rules:` of GitLab: which jobs a pipeline has.

Only what the pipeline uses is known. Anything else is an error, so that a test cannot pass because of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<name>\$\w+)|(?P<text>"[^"]*")|(?P<pattern>/[^/]+/)|(?P<sign>==|!=|=~|&&|\|\||\(|\)))"""
)
_KNOWN = frozenset({"if", "changes", "when"})


class UnknownRule(Exception):  # noqa: N818 - a name says what happened
    """A rule has a form that is not known here."""


def when(rules: Sequence[Mapping[str, Any]], variables: Mapping[str, str], changed: Iterable[str]) -> str:
    """Return when a job runs: `on_success`, `always` or `never`. The first rule that holds decides."""
    for rule in rules:
        if rule.keys() - _KNOWN:
            raise UnknownRule(sorted(rule))
        if holds(rule.get("if", '"" == ""'), variables) and _changes(rule.get("changes"), changed):
            found: str = rule.get("when", "on_success")
            return found
    return "never"


def holds(condition: str, variables: Mapping[str, str]) -> bool:
    """Return whether a condition of `if:` holds. A variable that is not set is null, as in GitLab."""
    return _Parser(condition, variables).whole()


def _changes(rule: Mapping[str, Any] | None, changed: Iterable[str]) -> bool:
    if rule is None:
        return True
    if rule.keys() != {"paths"}:
        raise UnknownRule(sorted(rule))
    return any(_matches(path, pattern) for path in changed for pattern in rule["paths"])


def _matches(path: str, pattern: str) -> bool:
    """Match as Ruby does with `File::FNM_PATHNAME`, for patterns that end in `**/*`: everything in a folder."""
    folder, stars, rest = pattern.partition("**/*")
    if not stars or rest or "*" in folder:
        raise UnknownRule(pattern)
    return path.startswith(folder) and not fnmatchcase(path, "*/.*")


class _Parser:
    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self._text, self._variables = text, variables
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise UnknownRule(text)
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()

    def whole(self) -> bool:
        value = self._either()
        if self._tokens:
            raise UnknownRule(self._text)
        return value

    def _sign(self, *signs: str) -> str:
        if self._tokens and self._tokens[0][0] == "sign" and self._tokens[0][1] in signs:
            return self._tokens.pop(0)[1]
        return ""

    def _either(self) -> bool:
        value = self._both()
        while self._sign("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> bool:
        value = self._compared()
        while self._sign("&&"):
            other = self._compared()
            value = value and other
        return value

    def _compared(self) -> bool:
        if self._sign("("):
            value = self._either()
            if not self._sign(")"):
                raise UnknownRule(self._text)
            return value
        left = self._value()
        sign = self._sign("==", "!=", "=~")
        if not sign:
            return bool(left)
        if sign == "=~":
            pattern = self._pattern()
            return left is not None and re.search(pattern, left) is not None
        return (left == self._value()) is (sign == "==")

    def _value(self) -> str | None:
        sort, text = self._taken()
        if sort == "name":
            return self._variables.get(text[1:])
        if sort == "text":
            return text[1:-1]
        raise UnknownRule(self._text)

    def _pattern(self) -> str:
        sort, text = self._taken()
        if sort != "pattern":
            raise UnknownRule(self._text)
        return text[1:-1]

    def _taken(self) -> tuple[str, str]:
        if not self._tokens:
            raise UnknownRule(self._text)
        return self._tokens.pop(0)
