"""Counts requests by route. Tests compare the counts with the fewest requests possible, and `-v` prints them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_ID = re.compile(r"/\d+(?=/|$)")


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """The requests so far. `total` is without `retries`; `by_route` maps `GET /company/companies/{id}` to its count."""

    total: int
    retries: int
    by_route: Mapping[str, int]


def route(method: str, path: str) -> str:
    """Return the route of a request: its method and its path, with `{id}` in place of each id."""
    return f"{method} {_ID.sub('/{id}', path)}"


class RequestCounter:
    """Counts requests and retries."""

    def __init__(self) -> None:
        self._routes: Counter[str] = Counter()
        self._retries = 0

    def count_request(self, route_: str) -> None:
        """Count the first try of a request."""
        self._routes[route_] += 1

    def count_retry(self) -> None:
        """Count a retry."""
        self._retries += 1

    def counts(self) -> RequestCounts:
        """Return the counts so far, as a copy that does not change any more."""
        routes = dict(sorted(self._routes.items()))
        return RequestCounts(sum(routes.values()), self._retries, MappingProxyType(routes))
