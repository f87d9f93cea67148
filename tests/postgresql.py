"""A PostgreSQL server for tests, if its programs are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Yield the folder of the socket of a new PostgreSQL server. Without that program, the test is skipped."""
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL: pip install 'reconciler[postgresql]'")
    initdb, server = shutil.which("initdb"), shutil.which("postgres")
    if initdb is None or server is None:
        pytest.skip("no PostgreSQL server on this machine")
    folder = Path(tempfile.mkdtemp(prefix="reconciler-pg-"))  # with a short path, which a socket's name needs
    as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if as_user:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "nobody")
    data = folder / "data"
    made = [initdb, "-D", str(data), "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder, **as_user)
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    with subprocess.Popen(
        [server, "-D", str(data), *options], cwd=folder, stderr=subprocess.DEVNULL, **as_user
    ) as process:
        try:
            _wait_for(str(folder))
            yield str(folder)
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(folder)


def _address(folder: str, database: str, user: str = "owner") -> str:
    return f"postgresql+psycopg://{user}@/{database}?host={folder}"


def _wait_for(folder: str) -> None:
    engine = sa.create_engine(_address(folder, "postgres"))
    for _ in range(200):
        with suppress(sa.exc.OperationalError), engine.connect():
            break
        time.sleep(0.1)
    engine.dispose()


@pytest.fixture
def postgresql_url(postgresql: str, request: pytest.FixtureRequest) -> str:
    """Return the URL of a new database for each test. It also has a role `reader`, which may only read."""
    name = f"t{abs(hash(request.node.nodeid))}"
    engine = sa.create_engine(_address(postgresql, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        if connection.execute(sa.text("SELECT 1 FROM pg_roles WHERE rolname = 'reader'")).first() is None:
            connection.execute(sa.text("CREATE ROLE reader LOGIN"))
    engine.dispose()
    return _address(postgresql, name)
