"""A test console whose responses can be replaced one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from reconciler.ledger.records import Pull
from reconciler.metering.sources.columns import NO_COLUMNS, Columns
from reconciler.metering.sources.cove import pull
from reconciler.metering.sources.cove_session import CoveSettings

from .servers import Reply, Seen, Server, Time, as_json

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOT = 1

Answer = Callable[[Mapping[str, Any]], Reply]


def settings(url: str) -> CoveSettings:
    """Return the login of the test console."""
    return CoveSettings("cove", url, "Acme MSP (bob@acme.example)", "api", "t0ken")


def partner(number: int, name: str, level: str = "EndCustomer", parent: int = ROOT, **more: Any) -> dict[str, Any]:
    """Return a row of EnumeratePartners."""
    return {"Id": number, "ParentId": parent, "Name": name, "Level": level, "State": "InProduction", **more}


CUSTOMERS = [partner(10, "Acme"), partner(20, "Beta")]


def device(number: int, owner: int, size: Any = "1000000000", **more: Any) -> dict[str, Any]:
    """Return a row of EnumerateAccountStatistics."""
    given = [{"I1": f"pc{number}"}, {"I8": f"Partner {owner}"}]
    return {
        "AccountId": number,
        "Flags": None,
        "PartnerId": owner,
        "Settings": given if size is None else [*given, {"I14": size}],
        **more,
    }


def refusal(data: int | None, message: str = "no") -> Reply:
    """Return an error response with an error number."""
    return as_json({"id": "1", "jsonrpc": "2.0", "error": {"code": -32603, "data": data, "message": message}})


class Console:
    """Responds like the real console. For each method, the replies in `instead` are sent first, each once."""

    def __init__(
        self,
        partners: Sequence[Mapping[str, Any]] = (),
        devices: Sequence[Mapping[str, Any]] = (),
        *,
        page: int = 1000,
        count: Any = ...,
    ) -> None:
        self.partners = list(partners)
        self.devices = list(devices)
        self.page = page
        self.count = count
        self.instead: dict[str, list[Reply]] = {}
        self.calls: list[Mapping[str, Any]] = []
        self.visas = 0
        self.visas_seen: list[Any] = []

    def methods(self) -> list[str]:
        """Return the names of the received calls."""
        return [self.name(call) for call in self.calls]

    @staticmethod
    def name(call: Mapping[str, Any]) -> str:
        """Return the name of a call: `Count` for a count, and the method for any other."""
        query = call["params"].get("query", {})
        return "Count" if query.get("SelectionMode") == "Count" else str(call["method"])

    def __call__(self, seen: Seen) -> Reply:
        call = seen.json
        self.calls.append(call)
        self.visas_seen.append(call.get("visa"))
        waiting = self.instead.get(self.name(call))
        if waiting:
            return waiting.pop(0)
        return self.good(call)

    def good(self, call: Mapping[str, Any]) -> Reply:
        """Return the correct response to a call, with a new visa."""
        self.visas += 1
        return as_json(
            {"id": "1", "jsonrpc": "2.0", "visa": f"visa-{self.visas}", "result": {"result": self.result(call)}}
        )

    def result(self, call: Mapping[str, Any]) -> Any:
        """Return the correct result of a call."""
        match self.name(call):
            case "Login":
                return {"Id": 9, "PartnerId": ROOT, "Flags": []}
            case "EnumeratePartners":
                return self.partners
            case "Count":
                return len(self.devices) if self.count is ... else self.count
            case _:
                start = call["params"]["query"]["StartRecordNumber"]
                asked = call["params"]["query"]["RecordsCount"]
                return self.devices[start : start + min(asked, self.page)]


async def pull_of(console: Any, time: Time | None = None, *, columns: Columns = NO_COLUMNS) -> Pull:
    """Return a pull at `NOW` from a server that responds like `console`. `columns` are those that meters use."""
    time = time or Time()
    async with Server(console) as server:
        found = replace(settings(server.url), columns=columns)
        return await pull(found, NOW, sleep=time.sleep, clock=time)


def used(found: Pull) -> dict[str, int | None]:
    """Return the total of each customer in bytes."""
    totals: dict[str, int | None] = {}
    for sample in found.samples:
        known = totals.get(sample.customer_id)
        totals[sample.customer_id] = known if sample.bytes is None else (known or 0) + sample.bytes
    return totals
