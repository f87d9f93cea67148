"""How many requests were made of what: held to the lower bound by tests, and shown in `-v`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_ID = re.compile(r"/\d+(?=/|$)")


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """`total` requests, counted once each; `retries` on top; `by_route` has `GET /company/companies/{id}` → count."""

    total: int
    retries: int
    by_route: Mapping[str, int]


def route(method: str, path: str) -> str:
    """A request's route: its path with the ids left out."""
    return f"{method} {_ID.sub('/{id}', path)}"


class Tally:
    """Counts while it happens; `counts()` is what it has come to."""

    def __init__(self) -> None:
        self._routes: Counter[str] = Counter()
        self._retries = 0

    def first(self, route_: str) -> None:
        """Count the first try of a request."""
        self._routes[route_] += 1

    def again(self) -> None:
        """Count a try that repeats one."""
        self._retries += 1

    def counts(self) -> RequestCounts:
        """The counts so far, which change no more."""
        routes = dict(sorted(self._routes.items()))
        return RequestCounts(sum(routes.values()), self._retries, MappingProxyType(routes))
