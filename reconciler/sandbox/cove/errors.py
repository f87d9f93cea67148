"""Errors of the console: JSON-RPC error objects that travel with HTTP 200 [seen].

`data` is what a client branches on. Protocol errors (what JSON-RPC 2.0 itself defines) carry none.
"""

from __future__ import annotations

from typing import Any, Final

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603

VISA_EXPIRED: Final = 1701
BAD_CREDENTIALS: Final = 2100
ACCOUNT_LOCKED: Final = 2101
"""[guess] That repeated failures lock is [seen]; the number they answer then is not."""
NOT_ALLOWED: Final = 13501


class RpcError(Exception):
    """A call that the console refuses; `whole` answers the message alone in place of the error object."""

    def __init__(self, code: int | str, message: str, data: int | str | None = None, *, whole: bool = False) -> None:
        self.code = code
        self.whole = whole
        self.data = data
        self.message = message
        super().__init__(message)

    def as_json(self) -> dict[str, Any] | str:
        """The error member of the answer."""
        if self.whole:
            return self.message
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error


def invalid_params(message: str) -> RpcError:
    """A parameter that is missing, of the wrong type, or unknown."""
    return RpcError(INVALID_PARAMS, message)


def refused(data: int, message: str) -> RpcError:
    """A refusal by the console itself, told apart by `data` [seen]."""
    return RpcError(INTERNAL_ERROR, message, data)
