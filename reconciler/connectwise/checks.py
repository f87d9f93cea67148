"""Checks the body of every response against what its endpoint can return, right after it was read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.connectwise.errors import MALFORMED, Malformed, NotJson
from reconciler.http.shapes import ID, Shape, merged, shape_error

_NUMBER = re.compile(r"(?<=/)\d+(?=/|$)")
_OBJECT = Shape({"id": ID}, frozenset({"id"}))
_UNEXPECTED = "A proxy may have responded in place of ConnectWise, or the path is wrong. Check the site."

Check = Callable[[Any], None]
"""Raises `NotJson` or `Malformed` for a body that the endpoint cannot return."""


class ResponseChecks:
    """Makes checks by path. `shapes` holds the shape of a list's objects by the path of the list, with `{id}` for ids.

    In a list without a shape, every object must still have an id.
    """

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = {path.strip("/"): merged(_OBJECT, shape) for path, shape in shapes.items()}

    def of_list(self, path: str, method: str = "GET") -> Check:
        """Return a check of a list: every object has an id and the shape of this list."""
        shape = self._shapes.get(_route(path), _OBJECT)

        def check(body: Any) -> None:
            if not isinstance(body, list):
                raise _unexpected(body, "a list of objects", method, path)
            for entry in body:
                problem = shape_error(entry, shape)
                if problem is not None:
                    raise _malformed(problem, entry, method, path)

        return check

    def of_object(self, path: str, method: str = "GET") -> Check:
        """Return a check of one object. Only an object of a list with a shape must have an id."""
        shape = self._shapes.get(_route(path).removesuffix("/{id}"), Shape())

        def check(body: Any) -> None:
            if not isinstance(body, dict):
                raise _unexpected(body, "an object", method, path)
            problem = shape_error(body, shape)
            if problem is not None:
                raise _malformed(problem, body, method, path)

        return check

    def of_count(self, path: str) -> Check:
        """Return a check of a count of objects."""

        def check(body: Any) -> None:
            if not isinstance(body, dict) or not isinstance(body.get("count"), int):
                raise _unexpected(body, "a count", "GET", path)

        return check


def _route(path: str) -> str:
    return _NUMBER.sub("{id}", f"/{path.strip('/')}").strip("/")


def _endpoint(path: str) -> str:
    return f"/{path.lstrip('/')}"


def _unexpected(body: Any, expected: str, method: str, path: str) -> NotJson:
    found = "empty" if body is None else f"not {expected}"
    return NotJson(f"the response is {found}", method=method, endpoint=_endpoint(path), advice=_UNEXPECTED)


def _malformed(problem: str, entry: Any, method: str, path: str) -> Malformed:
    has_id = shape_error(entry, _OBJECT) is None
    which = f"object {entry['id']}: " if has_id else ""
    return Malformed(
        f"the response is malformed: {which}{problem}",
        method=method,
        endpoint=_endpoint(path),
        advice=MALFORMED,
    )
