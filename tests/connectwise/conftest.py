"""Records the requests and responses of the client, and plays them back without a server.

    pytest --record-mode=rewrite tests/connectwise/test_wire_format.py

This starts the sandbox and records from it. With `CONNECTWISE_SITE` and the other variables of `VARIABLES` set, it
records from that tenant instead, and only requests that read; check the cassettes before you commit them. In a cassette
the tenant is `connectwise.example`, there are no credentials, and each response says where it was recorded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from reconciler.connectwise import Connection, ConnectWise
from reconciler.connectwise.connection import base_url
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox

from .servers import Waits

PLACEHOLDER = "https://connectwise.example"
COMPANY = "recorded"
VARIABLES = {
    "site": "CONNECTWISE_SITE",
    "company": "CONNECTWISE_COMPANY",
    "client_id": "CONNECTWISE_CLIENT_ID",
    "public_key": "CONNECTWISE_PUBLIC_KEY",
    "private_key": "CONNECTWISE_PRIVATE_KEY",
}
_CREDENTIALS = ("authorization", "clientid", "cookie")
_NOT_RECORDED = ("set-cookie", "date", "server", "www-authenticate", "content-length")


@dataclass(frozen=True, slots=True)
class Tenant:
    """The tenant of a recording. `sandbox` is None for a real tenant, and when a cassette is played back."""

    connection: Connection
    source: str
    sandbox: Sandbox | None = None

    def client(self, **changes: Any) -> ConnectWise:
        """Return a client over httpx's own transport, which pytest-recording can record."""
        known = self.connection
        settings: dict[str, Any] = {name: getattr(known, name) for name in VARIABLES} | changes
        return ConnectWise(Connection(**settings), transport=httpx.AsyncHTTPTransport(), clock=Waits().clock)


@pytest.fixture
def tenant(record_mode: str) -> Iterator[Tenant]:
    """Yield the tenant to record from: none to play back, the one of the environment, or a new sandbox."""
    given: dict[str, Any] = {name: os.environ.get(variable, "") for name, variable in VARIABLES.items()}
    if record_mode == "none":
        yield Tenant(Connection(PLACEHOLDER, COMPANY, "client-id", "public", "private"), "a cassette")
    elif all(given.values()):
        yield Tenant(Connection(**given), "a ConnectWise tenant")
    else:
        with RunningSandbox(Sandbox(clock=Clock(datetime(2026, 11, 10, 12, tzinfo=UTC)))) as running:
            known = running.sandbox.credentials
            connection = Connection(running.url, known.company, known.client_id, known.public_key, known.private_key)
            yield Tenant(connection, "the reconciler sandbox, not a real tenant", running.sandbox)


@pytest.fixture
def writable(tenant: Tenant, record_mode: str) -> Tenant:
    """Return a tenant that tests may write to: never the one of the environment."""
    if record_mode != "none" and tenant.sandbox is None:
        pytest.skip("only requests that read are recorded from a real tenant")
    return tenant


@pytest.fixture
def vcr_config(tenant: Tenant) -> dict[str, Any]:
    """Match requests by all parts but the host; see the start of this file."""
    known = tenant.connection
    site = base_url(known.site)
    hidden = {
        site: PLACEHOLDER,
        site.partition("://")[2]: PLACEHOLDER.partition("://")[2],
        f"companyinfo/{known.company}": f"companyinfo/{COMPANY}",
    }

    def neutral(text: str) -> str:
        for real, stand_in in hidden.items():
            text = text.replace(real, stand_in)
        return text

    def request(recorded: Any) -> Any:
        recorded.uri = neutral(recorded.uri)
        recorded.headers = {
            name: value for name, value in recorded.headers.items() if name.lower() not in (*_CREDENTIALS, "host")
        }
        return recorded

    def response(recorded: dict[str, Any]) -> dict[str, Any]:
        kept = {name: values for name, values in recorded["headers"].items() if name.lower() not in _NOT_RECORDED}
        headers = {name: [neutral(value) for value in values] for name, values in kept.items()}
        headers["x-recorded-from"] = [tenant.source]
        body = neutral(recorded["body"]["string"].decode())
        if '"Codebase"' in body:
            body = json.dumps({"Codebase": json.loads(body)["Codebase"]})
        return {**recorded, "headers": headers, "body": {"string": body.encode()}}

    return {
        "before_record_request": request,
        "before_record_response": response,
        "match_on": ("method", "uri", "body", "headers_that_matter"),
        "decode_compressed_response": True,
    }


def pytest_recording_configure(config: Any, vcr: Any) -> None:
    """Compare the headers that change the meaning of a request, too."""
    vcr.register_matcher("headers_that_matter", _same_meaning)


def _same_meaning(one: Any, other: Any) -> None:
    for name in ("accept", "content-type", "pagination-type"):
        assert one.headers.get(name) == other.headers.get(name), name
