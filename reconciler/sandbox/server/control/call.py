"""One request to a control, apart from HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import msgspec

from reconciler.sandbox.server.control.bodies import ControlError
from reconciler.sandbox.state.sandbox import Sandbox

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Call:
    """The input of a control: the sandbox, the request's body, and its `rows` parameter.

    `id` is the id in its path. `path` is the part of its path that names an object of the tenant.
    """

    sandbox: Sandbox
    body: bytes = b""
    id: int = 0
    rows: str = ""
    path: str = ""

    def read(self, kind: type[_T], *, decimals: bool = False) -> _T:
        """Return the body as one of the types in `bodies`. With `decimals`, a number with a point is a Decimal.

        Raises:
            ControlError: the body is not JSON, or does not fit the type.
        """
        try:
            decoder = msgspec.json.Decoder(kind, float_hook=Decimal) if decimals else msgspec.json.Decoder(kind)
            return decoder.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ControlError(f"cannot read the body: {error}") from None
