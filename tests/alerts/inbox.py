"""Receivers on this machine: a web server that stores what it is sent, and a mail server."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Inbox:
    """What was sent to a web server. A path such as `/503/…` is answered with that status."""

    port: int
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Method, path and body of each request."""
    hangs: threading.Event = field(default_factory=threading.Event)
    """Paths that begin with `/hang` are answered once this is set."""

    def url(self, path: str = "hook", scheme: str = "json") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/{path}"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Return the messages of apprise's `json://`, with `title`, `message` and `type`."""
        return [json.loads(body) for method, _, body in self.requests if method == "POST"]

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.messages]

    @property
    def pings(self) -> list[str]:
        return [path for method, path, _ in self.requests if method == "GET"]


@contextmanager
def web_inbox() -> Iterator[Inbox]:
    """Serve an inbox until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            found.requests.append((self.command, self.path, body))
            first = self.path.split("/")[1]
            if first == "hang":
                found.hangs.wait(10)
            self.send_response(int(first) if first.isdigit() else 200)
            self.send_header("location", f"http://127.0.0.1:{found.port}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - the name that the standard library calls

        def log_message(self, *_: Any) -> None:
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        found = Inbox(server.server_address[1])
        yield found
        found.hangs.set()


@contextmanager
def mail_inbox(*, accepts_login: bool = True) -> Iterator[tuple[int, list[EmailMessage]]]:
    """Serve SMTP until the block ends. Yield the port, and the list of mails that arrive."""
    mails: list[EmailMessage] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 mail.test\r\n")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    self.wfile.write(b"250-mail.test\r\n250 AUTH PLAIN\r\n")
                elif verb == b"AUTH":
                    self.wfile.write(b"235 ok\r\n" if accepts_login else b"535 wrong password hunter2-mail\r\n")
                elif verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    data = b"".join(iter(self.rfile.readline, b".\r\n"))
                    mails.append(message_from_bytes(data, policy=policy.default))
                    self.wfile.write(b"250 ok\r\n")
                else:
                    self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as server:
        yield server.server_address[1], mails


@contextmanager
def _serving(server: Any) -> Iterator[Any]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
