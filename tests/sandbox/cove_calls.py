"""A session with the console's API that sends exactly the calls of a test, without our own client."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx

from reconciler.sandbox.state.sandbox import Sandbox

START = datetime(2026, 11, 1, tzinfo=UTC)
ROOT, ALDER, BIRCHWOOD, DOGWOOD = 1_000_001, 1_001_001, 1_001_002, 1_001_004
ALL_FIELDS = [0, 1, 3, 4, 5, 8, 9, 10, 18, 20]


class Caller:
    """A session that sends exactly the calls of a test."""

    def __init__(self, sandbox: Sandbox, url: str, http: httpx.Client) -> None:
        self.sandbox = sandbox
        self.url = url
        self.http = http
        self.visa: Any = None

    def post(self, **body: Any) -> dict[str, Any]:
        answer = self.http.post(self.url, json={"jsonrpc": "2.0", "id": "7", **body})
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    def login(self, **given: Any) -> dict[str, Any]:
        known = self.sandbox.credentials
        params = {"partner": known.partner, "username": known.username, "password": known.password}
        answer = self.post(method="Login", params={**params, **given})
        self.visa = answer.get("visa", self.visa)
        return answer

    def call(self, method: str, params: Any) -> dict[str, Any]:
        answer = self.post(method=method, params=params, visa=self.visa)
        self.visa = answer.get("visa", self.visa)
        return answer

    def partners(self, **params: Any) -> list[dict[str, Any]]:
        wanted = {"parentPartnerId": ROOT, "fetchRecursively": True, "fields": ALL_FIELDS, **params}
        found: list[dict[str, Any]] = self.call("EnumeratePartners", wanted)["result"]["result"]
        return found

    def query(self, method: str = "EnumerateAccountStatistics", **changes: Any) -> dict[str, Any]:
        query = {"PartnerId": ROOT, "StartRecordNumber": 0, "RecordsCount": 300, "Columns": ["I14"], **changes}
        timeslice = {"timeslice": query.pop("timeslice")} if "timeslice" in query else {}
        return self.call(method, {"query": {k: v for k, v in query.items() if v is not ...}, **timeslice})

    def rows(self, **changes: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.query(**changes)["result"]["result"]
        return found
