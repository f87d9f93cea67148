"""From a path below the API root to the view it shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from reconciler.sandbox.connectwise.views import INFO_VIEWS, READ, VIEWS, View

_ONE: Final = ("GET", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Match:
    """What a path asks for: a view's list, its count, or one of its objects; or a route of its own kind."""

    methods: tuple[str, ...]
    view: View | None = None
    parent: int | None = None
    key: int | None = None
    count: bool = False
    special: str = ""
    search: bool = False


@dataclass(frozen=True, slots=True)
class _Route:
    pattern: re.Pattern[str]
    methods: tuple[str, ...]
    view: View | None = None
    count: bool = False
    special: str = ""
    search: bool = False


def _pattern(path: str, *, slash: bool) -> re.Pattern[str]:
    text = path.replace("{parent}", r"(?P<parent>\d{1,9})").replace("{id}", r"(?P<id>\d{1,9})")
    return re.compile(f"/{text}{'/' if slash else ''}$")


def _routes() -> list[_Route]:
    routes: list[_Route] = []
    for special, path, methods in (
        ("info", "system/info", READ),
        ("bundles", "system/bundles", ("POST",)),
        ("bundles/count", "system/bundles/count", ("POST",)),
        ("pricing", "procurement/catalog/{id}/pricing", ("POST",)),
        ("company", "company/companies/default", READ),
        ("contact", "company/contacts/default", READ),
    ):
        routes.append(_Route(_pattern(path, slash=False), methods, special=special))
    for view in (*INFO_VIEWS, *VIEWS):
        listed = tuple(method for method in ("GET", "POST") if method in view.methods)
        one = view.one_methods or tuple(method for method in view.methods if method in _ONE)
        routes.append(_Route(_pattern(view.path, slash=view.slash), listed, view))
        if "GET" in view.methods and view not in INFO_VIEWS:
            routes.append(_Route(_pattern(f"{view.path}/search", slash=False), ("POST",), view, search=True))
        if view.count:
            routes.append(
                _Route(_pattern(view.count_path or f"{view.path}/count", slash=False), READ, view, count=True)
            )
        if view.path.endswith("/info"):
            path = view.path.removesuffix("info") + "{id}/info"
            routes.append(_Route(_pattern(path, slash=False), READ, view))
        elif view.one:
            routes.append(_Route(_pattern(f"{view.path}/{{id}}", slash=False), one, view))
    return routes


_ROUTES: Final = _routes()


@lru_cache(maxsize=65536)
def match(path: str) -> Match | None:
    """The route of a path, or none."""
    for route in _ROUTES:
        found = route.pattern.match(path)
        if found is not None:
            groups = found.groupdict()
            parent, key = groups.get("parent"), groups.get("id")
            return Match(
                route.methods,
                route.view,
                int(parent) if parent else None,
                int(key) if key else None,
                route.count,
                route.special,
                route.search,
            )
    return None
