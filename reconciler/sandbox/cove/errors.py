"""Errors of the console: JSON-RPC error objects that come with HTTP status 200 [seen].

Clients read `data` to tell the errors apart. The errors that JSON-RPC 2.0 itself defines have no `data`.
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
"""[guess] Failed logins lock the account [seen]; the number of that error is not known."""
NOT_ALLOWED: Final = 13501


class RpcError(Exception):
    """A call that the console refuses. With `whole` the message replaces the error object."""

    def __init__(self, code: int | str, message: str, data: int | str | None = None, *, whole: bool = False) -> None:
        self.code = code
        self.whole = whole
        self.data = data
        self.message = message
        super().__init__(message)

    def as_json(self) -> dict[str, Any] | str:
        """Return the `error` member of the answer."""
        if self.whole:
            return self.message
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error


def invalid_params(message: str) -> RpcError:
    """Return the error for a parameter that is missing, unknown or of the wrong type."""
    return RpcError(INVALID_PARAMS, message)


def refused(data: int, message: str) -> RpcError:
    """Return a refusal by the console; `data` tells which one [seen]."""
    return RpcError(INTERNAL_ERROR, message, data)
