"""Tests of the imports that a run avoids to start fast. No test measures time, because machines differ."""

from __future__ import annotations

import subprocess
import sys


def _said(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_httpx_is_imported_without_its_command_line() -> None:
    code = "from reconciler.cli.startup import prepare; prepare(); import httpx, sys; print('rich' in sys.modules)"
    assert _said(code) == "False"


def test_garbage_collection_stays_on_with_a_higher_threshold() -> None:
    code = (
        "from reconciler.cli.startup import prepare; prepare(); "
        "import gc; print(gc.isenabled(), gc.get_threshold()[0] > 700)"
    )
    assert _said(code) == "True True"


def test_help_imports_neither_the_database_nor_http() -> None:
    code = (
        "import sys; from reconciler.cli.main import run; run(['--help']); "
        "print([name for name in ('sqlalchemy', 'httpx', 'aiohttp', 'pydantic', 'rich') if name in sys.modules])"
    )
    assert _said(code).splitlines()[-1] == "[]"


def test_a_run_that_has_nothing_to_tell_imports_no_service_of_alerts() -> None:
    code = (
        "import sys; import reconciler.cli.alerting, reconciler.cli.apply, reconciler.cli.plan; "
        "print([name for name in ('apprise', 'requests') if name in sys.modules])"
    )
    assert _said(code) == "[]"


def test_certificates_are_read_for_the_context_that_is_used_and_for_no_other() -> None:
    """aiohttp makes two contexts at import that no transport of ours uses. They trust nobody."""
    code = (
        "import ssl; from reconciler.connectwise.session import default_transport; "
        "from reconciler.connectwise.connection import Timeouts; "
        "default_transport('https://x.test', 1, Timeouts()); import aiohttp.connector as used; "
        "print(used._SSL_CONTEXT_VERIFIED.cert_store_stats()['x509'], "
        "'set_default_verify_paths' in vars(ssl.SSLContext), "
        "used._SSL_CONTEXT_VERIFIED.verify_mode.name, "
        "ssl.create_default_context().cert_store_stats() == _before)"
    )
    before = "import ssl; _before = ssl.create_default_context().cert_store_stats(); "
    assert _said(before + code) == "0 False CERT_REQUIRED True"


NOISY = """
import asyncio, logging, threading, warnings
from reconciler.cli.startup import quiet
quiet()
try:
    raise ValueError("hunter2")
except ValueError:
    logging.getLogger("sqlalchemy.pool").exception("hunter2")
class Odd:
    def __del__(self):
        raise ValueError("hunter2")
Odd()
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
warnings.warn("hunter2", RuntimeWarning)
async def task():
    raise ValueError("hunter2")
async def main():
    asyncio.ensure_future(task())
    await asyncio.sleep(0)
asyncio.run(main())
"""


def test_libraries_write_nothing_to_standard_error() -> None:
    said = subprocess.run([sys.executable, "-c", NOISY], capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == ("", "")
