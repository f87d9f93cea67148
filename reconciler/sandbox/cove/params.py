"""Read the parameters of a call: each must have the right type, and none may be unknown."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from reconciler.sandbox.cove.errors import invalid_params

_T = TypeVar("_T")


class Params:
    """The parameters of one call, or of its `query`.

    Raises:
        RpcError: the values are not an object, hold a visa, or have an unknown name.
    """

    def __init__(self, values: Any, where: str, known: Collection[str]) -> None:
        if not isinstance(values, dict):
            raise invalid_params(f"{where} must be an object")
        if "visa" in values:
            raise invalid_params(f"visa does not belong inside {where}: put it next to method")
        if unknown := sorted(set(values) - set(known)):
            raise invalid_params(f"unknown parameter of {where}: {', '.join(unknown)}")
        self._values = values
        self._where = where

    def raw(self, name: str) -> Any:
        """Return a parameter as it was sent.

        Raises:
            RpcError: it is missing.
        """
        if name not in self._values:
            raise invalid_params(f"missing parameter of {self._where}: {name}")
        return self._values[name]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string. It is required unless a default is given."""
        return self._typed(name, str, "a string", default)

    def whole(self, name: str, *, least: int = 0, default: int | None = None) -> int:
        """Return a whole number of at least `least`. A JSON boolean is not a number."""
        value = self._typed(name, int, "a whole number", default)
        if isinstance(value, bool) or value < least:
            raise invalid_params(f"parameter {name} of {self._where} must be a whole number from {least} on")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return a JSON boolean. The strings "true" and "false" are not booleans."""
        return self._typed(name, bool, "a boolean", default)

    def texts(self, name: str, default: list[str] | None = None) -> list[str]:
        """Return a list of strings."""
        return self._list(name, str, "strings", default)

    def wholes(self, name: str, default: list[int] | None = None) -> list[int]:
        """Return a list of whole numbers."""
        return self._list(name, int, "whole numbers", default)

    def _typed(self, name: str, kind: type[_T], what: str, default: _T | None) -> _T:
        if default is not None and name not in self._values:
            return default
        value = self.raw(name)
        if not isinstance(value, kind):
            raise invalid_params(f"parameter {name} of {self._where} must be {what}")
        return value

    def _list(self, name: str, kind: type[_T], what: str, default: list[_T] | None) -> list[_T]:
        values: list[Any] = self._typed(name, list, "a list", default)
        if any(not isinstance(each, kind) or isinstance(each, bool) for each in values):
            raise invalid_params(f"parameter {name} of {self._where} must be a list of {what}")
        return values
