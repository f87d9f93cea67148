"""How answers reach the socket: sent, dropped without a word, or cut in the middle."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class WireProtocol(H11Protocol):
    """uvicorn's protocol, with each connection's transport in reach of the application, so that it can be cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, "transport": transport}
        wire = transport.get_extra_info("socket")
        if wire is not None:
            # Header and body are two writes; without this, each answer waits for the client's delayed ACK.
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
