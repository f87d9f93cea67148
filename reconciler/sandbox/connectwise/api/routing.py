"""Find the collection or the special route that a path below the API root means."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from reconciler.sandbox.connectwise.schema.views import INFO_VIEWS, READ, VIEWS, View

_ONE: Final = ("GET", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Collection:
    """A request for a view: its list, its count, its search, or one of its objects (`key`)."""

    methods: tuple[str, ...]
    view: View
    parent: int | None = None
    key: int | None = None
    count: bool = False
    search: bool = False


@dataclass(frozen=True, slots=True)
class Special:
    """A request for a route that shows no view: `info`, `bundles`, `bundles/count`, `pricing` or a default object."""

    methods: tuple[str, ...]
    name: str
    key: int | None = None


@dataclass(frozen=True, slots=True)
class _Route:
    pattern: re.Pattern[str]
    target: Collection | Special


def _route(path: str, target: Collection | Special, *, slash: bool = False) -> _Route:
    text = path.replace("{parent}", r"(?P<parent>\d{1,9})").replace("{id}", r"(?P<id>\d{1,9})")
    return _Route(re.compile(f"/{text}{'/' if slash else ''}$"), target)


def _routes() -> list[_Route]:
    routes = [
        _route("system/info", Special(READ, "info")),
        _route("system/bundles", Special(("POST",), "bundles")),
        _route("system/bundles/count", Special(("POST",), "bundles/count")),
        _route("procurement/catalog/{id}/pricing", Special(("POST",), "pricing")),
        _route("company/companies/default", Special(READ, "company")),
        _route("company/contacts/default", Special(READ, "contact")),
    ]
    for view in (*INFO_VIEWS, *VIEWS):
        listed = tuple(method for method in ("GET", "POST") if method in view.methods)
        one = view.one_methods or tuple(method for method in view.methods if method in _ONE)
        routes.append(_route(view.path, Collection(listed, view), slash=view.slash))
        if "GET" in view.methods and view not in INFO_VIEWS:
            routes.append(_route(f"{view.path}/search", Collection(("POST",), view, search=True)))
        if view.count:
            routes.append(_route(view.count_path or f"{view.path}/count", Collection(READ, view, count=True)))
        if view.path.endswith("/info"):
            routes.append(_route(view.path.removesuffix("info") + "{id}/info", Collection(READ, view)))
        elif view.one:
            routes.append(_route(f"{view.path}/{{id}}", Collection(one, view), slash=False))
    return routes


_ROUTES: Final = _routes()


@lru_cache(maxsize=65536)
def match(path: str) -> Collection | Special | None:
    """Return the route of a path, with the ids in it, or None when there is no such route."""
    for route in _ROUTES:
        found = route.pattern.match(path)
        if found is not None:
            groups = found.groupdict()
            parent, key = groups.get("parent"), groups.get("id")
            if isinstance(route.target, Special):
                return replace(route.target, key=int(key) if key else None)
            return replace(route.target, parent=int(parent) if parent else None, key=int(key) if key else None)
    return None
