"""Evaluate the expressions of GitHub's workflows, such as `${{ github.event.before }}`.

Only what the workflows use is known. An expression with anything else is an error, so that a test cannot pass because
an unknown name is empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PLACE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(&&|\|\||==|!=|!|\(|\))|([A-Za-z_][\w-]*(?:\.[\w-]+)*))")
_OPEN = ("event", "outputs", "secrets", "inputs")
"""Mappings in which a missing name is empty. Everywhere else it is an error."""
STATUS = ("always", "success", "failure", "cancelled")


class UnknownExpression(Exception):  # noqa: N818 - a name says what happened
    """An expression has a name or a form that is not known here."""


def rendered(text: str, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> str:
    """Return a text with its expressions replaced by their values."""
    return _PLACE.sub(lambda found: _as_text(evaluate(found[1], contexts, status)), text)


def is_true(condition: str, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> bool:
    """Return whether a condition of `if:` holds. Without a function of the status, an earlier failure ends the job."""
    inner = _PLACE.fullmatch(condition.strip())
    text = inner[1] if inner else condition
    value = bool(evaluate(text, contexts, status))
    return value if any(f"{name}()" in text for name in STATUS) else value and status["success"]


def evaluate(text: str, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> Any:
    """Return the value of an expression. Raises `UnknownExpression` for names and forms that are not known."""
    return _Parser(text, contexts, status).whole()


class _Parser:
    def __init__(self, text: str, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> None:
        self._text, self._contexts, self._status = text, contexts, status
        self._tokens = self._split()

    def _split(self) -> list[str]:
        found, at = [], 0
        while self._text[at:].strip():
            token = _TOKEN.match(self._text, at)
            if token is None:
                raise UnknownExpression(self._text)
            found.append(token[0].strip())
            at = token.end()
        return found

    def whole(self) -> Any:
        value = self._either()
        if self._tokens:
            raise UnknownExpression(self._text)
        return value

    def _take(self, *tokens: str) -> bool:
        if self._tokens and self._tokens[0] in tokens:
            self._tokens.pop(0)
            return True
        return False

    def _either(self) -> Any:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._take("&&"):
            other = self._compared()
            value = value and other
        return value

    def _compared(self) -> Any:
        value = self._single()
        if self._take("=="):
            return _same(value, self._single())
        if self._take("!="):
            return not _same(value, self._single())
        return value

    def _single(self) -> Any:
        if self._take("!"):
            return not self._single()
        if self._take("("):
            value = self._either()
            if not self._take(")"):
                raise UnknownExpression(self._text)
            return value
        if not self._tokens:
            raise UnknownExpression(self._text)
        token = self._tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token in STATUS and self._take("("):
            if not self._take(")"):
                raise UnknownExpression(self._text)
            return self._status[token]
        return self._looked_up(token)

    def _looked_up(self, path: str) -> Any:
        value: Any = self._contexts
        is_open = False
        for name in path.split("."):
            is_open = is_open or name in _OPEN
            if isinstance(value, Mapping) and name in value:
                value = value[name]
            elif is_open:
                return ""
            else:
                raise UnknownExpression(f"{path} in {self._text}")
        return value


def _same(one: Any, other: Any) -> bool:
    """Compare as GitHub does: texts without regard to case."""
    both_texts = isinstance(one, str) and isinstance(other, str)
    return one.casefold() == other.casefold() if both_texts else bool(one == other)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
