"""A PostgreSQL server for tests: one for each session, and a database of its own for each test.

The server needs Debian's package `postgresql`, or `initdb` and `postgres` on PATH. Without them the tests are skipped.
In CI they fail. The server listens on a Unix socket, where it trusts everybody, and on loopback, where it asks for a
password and offers TLS.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from reconciler.ledger.store import Ledger

DEBIAN = Path("/usr/lib/postgresql")
"""Debian installs the programs of version NN in NN/bin of this folder."""
PASSWORD = "c0rrect-horse"
"""The password of the role `billing` on loopback."""
HBA = """
local all all trust
local replication all trust
host all billing 127.0.0.1/32 scram-sha-256
hostssl all tls 127.0.0.1/32 scram-sha-256
"""
"""Who may log in, and how. Nobody else is let in."""
_numbers = itertools.count(1)


class Server:
    """A PostgreSQL server in a folder of its own."""

    def __init__(self, programs: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="reconciler-pg-"))  # a short path, which a socket's name needs
        self.port = _free_port()
        self.programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        self._as_user: Mapping[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self._as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            shutil.chown(self.folder, "nobody")
        data = self.folder / "data"
        self._run(str(programs / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-sync")
        (data / "pg_hba.conf").write_text(HBA)
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
        self._run(*make, *names, "-keyout", str(data / "server.key"), "-out", str(data / "server.crt"))

    def start(self) -> None:
        """Start the server, and return when it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.folder,
            "ssl": "on",
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        program = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *options]
        self._process = subprocess.Popen(program, cwd=self.folder, stderr=subprocess.DEVNULL, **self._as_user)
        engine = sa.create_engine(self.url("postgres"))
        for _ in range(600):
            with suppress(sa.exc.OperationalError), engine.connect():
                break
            time.sleep(0.05)
        engine.dispose()

    def stop(self) -> None:
        """Stop the server at once. Its clients lose their connections."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Stop the server and start it again."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self.folder)

    def url(self, database: str, user: str = "owner") -> str:
        """Return the URL of a database through the Unix socket."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}&port={self.port}"

    def tcp_url(self, database: str, user: str = "billing", password: str = PASSWORD, options: str = "") -> str:
        """Return the URL of a database on loopback, as a CI system has it."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}{options}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements outside a transaction, as the owner of the server."""
        engine = sa.create_engine(self.url(database), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._as_user)


def programs_of(path: str | None = None, debian: Path = DEBIAN) -> Path | None:
    """Return the folder of the server's programs: one of PATH, or Debian's with the highest version."""
    found = shutil.which("initdb", path=path)
    if found is not None and (folder := Path(found).resolve().parent) and (folder / "postgres").exists():
        return folder
    versions = sorted(debian.glob("*/bin/postgres"), key=lambda each: int(each.parts[-3]))
    return versions[-1].parent if versions else None


def no_server(environ: Mapping[str, str]) -> None:
    """Skip a test that needs PostgreSQL. In CI, fail it."""
    what = "no PostgreSQL server on this machine: install the package postgresql"
    if environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """Yield a running server with the roles `reader`, `billing` and `tls`, and the database `template_ledger`.

    `reader` may read what it is allowed to. `billing` and `tls` log in on loopback, `tls` only with TLS.
    """
    programs = programs_of()
    if programs is None:
        no_server(os.environ)
        return
    server = Server(programs)
    try:
        server.start()
        logins = (f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'" for role in ("reader", "billing", "tls"))
        server.execute(*logins, "CREATE DATABASE template_ledger")
        Ledger.open(server.url("template_ledger"), now=datetime.now(UTC)).close()
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgresql_url(postgresql: Server) -> Iterator[str]:
    """Yield the URL of a new ledger, which has its tables."""
    yield from _database(postgresql, "TEMPLATE template_ledger")


@pytest.fixture
def empty_postgresql_url(postgresql: Server) -> Iterator[str]:
    """Yield the URL of a new database without tables."""
    yield from _database(postgresql, "")


def _database(server: Server, options: str) -> Iterator[str]:
    name = f"t{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name} {options}")
    yield server.url(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
