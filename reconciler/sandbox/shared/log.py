"""The log of requests to both stand-ins, for the page, the controls and tests that count requests."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

_NUMBER = re.compile(r"/\d+(?=/|$)")


@dataclass(slots=True, frozen=True)
class Entry:
    """One request that was answered or dropped, with the sandbox's time. `fate` is the one of its `Response`."""

    at: datetime
    method: str
    path: str
    query: str
    status: int
    fate: str = "sent"

    def as_json(self) -> dict[str, Any]:
        """Return the entry as the controls show it, with its time in ISO 8601."""
        return {**asdict(self), "at": self.at.isoformat()}


class RequestLog:
    """The last `keep` requests, and counts of all requests by status and route."""

    def __init__(self, keep: int = 2000) -> None:
        self.entries: deque[Entry] = deque(maxlen=keep)
        self.by_status: Counter[int] = Counter()
        self._by_path: Counter[tuple[str, str]] = Counter()

    def add(self, entry: Entry) -> None:
        """Add one request."""
        self.entries.append(entry)
        self.by_status[entry.status] += 1
        self._by_path[entry.method, entry.path] += 1

    @property
    def total(self) -> int:
        """Return the number of requests since the log was cleared."""
        return self.by_status.total()

    @property
    def by_route(self) -> dict[str, int]:
        """Return the number of requests by `METHOD /path/{id}/…`, the most frequent route first."""
        routes: Counter[str] = Counter()
        for (method, path), count in self._by_path.items():
            routes[f"{method} {_NUMBER.sub('/{id}', path)}"] += count
        return dict(routes.most_common())

    def clear(self) -> None:
        """Remove all entries and counts."""
        self.entries.clear()
        self.by_status.clear()
        self._by_path.clear()
