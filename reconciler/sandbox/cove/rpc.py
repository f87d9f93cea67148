"""JSON-RPC 2.0 as the console uses it: one call in a request, one answer, always HTTP status 200.

    Login ───────────────▶ visa ─▶ EnumeratePartners …        every answer carries the next visa

The visa is next to `method` and next to `result`, never inside `params` [seen].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from reconciler.sandbox.cove.console import Console, stale_visa
from reconciler.sandbox.cove.errors import (
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
)
from reconciler.sandbox.cove.params import Params
from reconciler.sandbox.cove.partners import enumerate_partners
from reconciler.sandbox.cove.statistics import Statistics
from reconciler.sandbox.shared.environment import Credentials

METHODS: Final = (
    "Login",
    "EnumeratePartners",
    "EnumerateAccountStatistics",
    "EnumerateAccountHistoryStatistics",
)
"""The methods of the console."""
_USER_ID: Final = 1_000_777
_ENVELOPE: Final = frozenset({"jsonrpc", "id", "method", "params", "visa"})
_decode: Final = msgspec.json.decode


@dataclass(frozen=True, slots=True)
class Call:
    """One call. Its method and parameters are not checked yet."""

    id: str | int
    method: str
    params: Any
    visa: Any


def read_call(body: bytes) -> Call:
    """Return the call in a request body.

    Raises:
        RpcError: -32700, the body is not JSON; -32600, it is not one call of JSON-RPC 2.0.
    """
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RpcError(PARSE_ERROR, "The request is not valid JSON") from None
    if not isinstance(value, dict):
        raise RpcError(INVALID_REQUEST, "The request is not one JSON object; batches are not supported")
    if value.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, 'The request has no "jsonrpc": "2.0"')
    identity, method = value.get("id"), value.get("method")
    if isinstance(identity, bool) or not isinstance(identity, str | int):
        raise RpcError(INVALID_REQUEST, "The request has no id that is a string or a whole number")
    if not isinstance(method, str):
        raise RpcError(INVALID_REQUEST, "The request has no method")
    if unknown := sorted(set(value) - _ENVELOPE):
        raise RpcError(INVALID_REQUEST, f"Unknown members next to method: {', '.join(unknown)}")
    return Call(identity, method, value.get("params", {}), value.get("visa"))


class ConsoleApi:
    """The methods of one console, for one login."""

    def __init__(self, console: Console, credentials: Credentials) -> None:
        self._console = console
        self._credentials = credentials
        statistics = Statistics(console)
        self._methods: dict[str, Callable[[Any, datetime], Any]] = {
            "EnumeratePartners": self._partners,
            "EnumerateAccountStatistics": statistics.now,
            "EnumerateAccountHistoryStatistics": statistics.history,
        }

    def answer(self, call: Call, *, stale: int | None = None) -> dict[str, Any]:
        """Return the answer to a call. `stale` rejects its visa as expired, with that form of the error."""
        console, answer = self._console, {"id": call.id, "jsonrpc": "2.0"}
        try:
            if call.method == "Login":
                result = self._log_in(call.params)
                return answer | {"visa": console.issue_visa(), "result": result}
            method = self._method(call.method)
            if stale is not None:
                raise stale_visa(stale)
            console.check_visa(call.visa)
            answer["visa"] = console.issue_visa()
            return answer | {"result": method(call.params, console.clock.now())}
        except RpcError as error:
            return answer | {"error": error.as_json()}

    def _method(self, name: str) -> Callable[[Any, datetime], Any]:
        method = self._methods.get(name)
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, f"There is no method {name}")
        return method

    def _log_in(self, values: Any) -> dict[str, Any]:
        params = Params(values, "Login", ("partner", "username", "password"))
        given = (params.text("partner"), params.text("username"), params.text("password"))
        known = self._credentials
        self._console.log_in(given, (known.partner, known.username, known.password))
        return {
            "result": {
                "Id": _USER_ID,
                "PartnerId": self._console.world.root_id,
                "Name": known.username,
                "Flags": ["NonInteractive"],
            }
        }

    def _partners(self, values: Any, at: datetime) -> dict[str, Any]:
        return {"result": enumerate_partners(self._console.world, values, at)}
