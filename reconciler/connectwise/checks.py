"""Every answer held against what its endpoint may answer, right after it was read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.connectwise.errors import MALFORMED, Malformed, NotJson
from reconciler.http.shapes import ID, Shape, merged, shape_error

_NUMBER = re.compile(r"(?<=/)\d+(?=/|$)")
_OBJECT = Shape({"id": ID}, frozenset({"id"}))
_NOTHING = "A proxy may have answered in place of ConnectWise, or the path is another kind's; check the site."

Check = Callable[[Any], None]


class Checks:
    """Checks by path. `shapes` says what an object of a list holds, by the list's path with `{id}` for ids.

    Lists that no shape is known of are checked, too: every object has an id.
    """

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = {path.strip("/"): merged(_OBJECT, shape) for path, shape in shapes.items()}

    def of_list(self, path: str, method: str = "GET") -> Check:
        """A check of a list: its objects have ids and are shaped as the list's are."""
        shape = self._shapes.get(_route(path), _OBJECT)

        def check(body: Any) -> None:
            if not isinstance(body, list):
                raise _nothing(body, "a list of objects", method, path)
            for entry in body:
                problem = shape_error(entry, shape)
                if problem is not None:
                    raise _malformed(problem, entry, method, path)

        return check

    def of_object(self, path: str, method: str = "GET") -> Check:
        """A check of one object; only those that stand in a list with a shape must have an id."""
        shape = self._shapes.get(_route(path).removesuffix("/{id}"), Shape())

        def check(body: Any) -> None:
            if not isinstance(body, dict):
                raise _nothing(body, "an object", method, path)
            problem = shape_error(body, shape)
            if problem is not None:
                raise _malformed(problem, body, method, path)

        return check

    def of_count(self, path: str) -> Check:
        """A check of a count of objects."""

        def check(body: Any) -> None:
            if not isinstance(body, dict) or not isinstance(body.get("count"), int):
                raise _nothing(body, "a count", "GET", path)

        return check


def _route(path: str) -> str:
    return _NUMBER.sub("{id}", f"/{path.strip('/')}").strip("/")


def _endpoint(path: str) -> str:
    return f"/{path.lstrip('/')}"


def _nothing(body: Any, wanted: str, method: str, path: str) -> NotJson:
    told = "empty" if body is None else f"not {wanted}"
    return NotJson(f"the answer is {told}", method=method, endpoint=_endpoint(path), advice=_NOTHING)


def _malformed(problem: str, entry: Any, method: str, path: str) -> Malformed:
    known = shape_error(entry, _OBJECT) is None
    which = f"object {entry['id']}: " if known else ""
    return Malformed(
        f"the answer holds a value that cannot be: {which}{problem}",
        method=method,
        endpoint=_endpoint(path),
        advice=MALFORMED,
    )
