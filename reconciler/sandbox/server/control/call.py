"""One request to a control, apart from HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec

from reconciler.sandbox.server.control.bodies import ControlError
from reconciler.sandbox.state.sandbox import Sandbox

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Call:
    """What a control works on: the sandbox, the request's body, the id in its path and its `rows` parameter."""

    sandbox: Sandbox
    body: bytes = b""
    id: int = 0
    rows: str = ""

    def read(self, kind: type[_T]) -> _T:
        """Return the body as one of the types in `bodies`.

        Raises:
            ControlError: the body is not JSON, or does not fit the type.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ControlError(f"cannot read the body: {error}") from None
