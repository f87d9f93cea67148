"""Run a sandbox on loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType

import uvicorn

from reconciler.sandbox.server.application import Application
from reconciler.sandbox.server.wire import protocol_for
from reconciler.sandbox.state.sandbox import Sandbox


class RunningSandbox:
    """A sandbox that is served on 127.0.0.1 while the `with` block runs; `port` 0 takes a free port.

    with RunningSandbox(Sandbox()) as running:
        httpx.get(f"{running.url}/login/companyinfo/sandbox")
    """

    def __init__(self, sandbox: Sandbox | None = None, *, port: int = 0) -> None:
        self.sandbox = sandbox or Sandbox()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._application = Application(self.sandbox)
        self._server = uvicorn.Server(_config(self._application))
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)

    def show(self, sandbox: Sandbox) -> None:
        """Serve another sandbox at the same address. Tests use it to begin with a new sandbox on the same server."""
        self.sandbox = sandbox
        self._application.show(sandbox)

    @property
    def url(self) -> str:
        """Return the address of the server, without a slash at its end."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def variables(self) -> dict[str, str]:
        """Return the environment variables of the example estate, by name."""
        return self.sandbox.variables(self.url)

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def __enter__(self) -> RunningSandbox:
        self._socket.listen(2048)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)
        self._socket.close()


def _config(application: Application) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=protocol_for(application),
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=60,
    )
