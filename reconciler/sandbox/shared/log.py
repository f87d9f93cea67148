"""What was asked of the stand-ins, for the page, the controls and tests that count requests."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

_NUMBER = re.compile(r"/\d+(?=/|$)")


@dataclass(slots=True, frozen=True)
class Entry:
    """One request that was answered (or dropped), by the sandbox's clock."""

    at: datetime
    method: str
    path: str
    query: str
    status: int
    fate: str = "sent"

    def as_json(self) -> dict[str, Any]:
        """The entry for the controls, its time in ISO 8601."""
        return {**asdict(self), "at": self.at.isoformat()}


class RequestLog:
    """The last requests, and counters of all of them by route (ids in paths become `{id}`)."""

    def __init__(self, keep: int = 2000) -> None:
        self.entries: deque[Entry] = deque(maxlen=keep)
        self.by_status: Counter[int] = Counter()
        self._by_path: Counter[tuple[str, str]] = Counter()

    def add(self, entry: Entry) -> None:
        """Remember one request."""
        self.entries.append(entry)
        self.by_status[entry.status] += 1
        self._by_path[entry.method, entry.path] += 1

    @property
    def total(self) -> int:
        """How many requests were answered or dropped since the log was cleared."""
        return self.by_status.total()

    @property
    def by_route(self) -> dict[str, int]:
        """Counters by `METHOD /path/{id}/…`, the most frequent first."""
        routes: Counter[str] = Counter()
        for (method, path), count in self._by_path.items():
            routes[f"{method} {_NUMBER.sub('/{id}', path)}"] += count
        return dict(routes.most_common())

    def clear(self) -> None:
        """Forget everything, so that a test counts from here."""
        self.entries.clear()
        self.by_status.clear()
        self._by_path.clear()
