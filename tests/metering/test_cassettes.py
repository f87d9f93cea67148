"""Tests of the console's wire format, with the recorded requests and responses in `cassettes/`.

They were recorded from this project's sandbox, which follows the vendor's documentation, and not from the vendor's
service. To record again, run `pytest --record-mode=rewrite tests/metering/test_cassettes.py`. It uses the sandbox, or
a real console if COVE_URL, COVE_PARTNER, COVE_USERNAME and COVE_PASSWORD are set. Credentials, visas and the URL are
replaced before anything is saved, and names are replaced by numbers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.ledger.records import Pull
from reconciler.metering.sources.cove import pull
from reconciler.metering.sources.cove_session import CoveSettings
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADDRESS = "https://console.example/jsonapi"
HIDDEN = "hidden"
SECRETS = ("partner", "username", "password")
PLAIN_HEADERS = ("content-type", "accept")
NAMES = ("Name", "LegalCompanyName", "I1", "I8")
_numbered: dict[str, str] = {}


def hide_names(value: Any) -> Any:
    """Replace each name by a number, so that the names of real customers are not saved. Equal names get one number."""
    if isinstance(value, list):
        return [hide_names(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _numbered.setdefault(each, f"name {len(_numbered) + 1}")
        if key in NAMES and isinstance(each, str)
        else hide_names(each)
        for key, each in value.items()
    }


def hide_request(request: Any) -> Any:
    """Remove credentials, visa and URL from a request. Requests are compared in this form too."""
    call = json.loads(request.body)
    if "visa" in call:
        call["visa"] = HIDDEN
    for name in SECRETS:
        if name in call["params"]:
            call["params"][name] = HIDDEN
    request.uri = ADDRESS
    request.body = json.dumps(call).encode()
    request.headers = {name: value for name, value in request.headers.items() if name.lower() in PLAIN_HEADERS}
    return request


def hide_response(response: Any) -> Any:
    """Remove the visa, the names and the headers of the server from a response."""
    answer = hide_names(json.loads(response["body"]["string"]))
    if "visa" in answer:
        answer["visa"] = HIDDEN
    response["body"]["string"] = json.dumps(answer).encode()
    response["headers"] = {"Content-Type": ["application/json; charset=utf-8"]}
    return response


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    """Return the settings of the recorder."""
    return {
        "before_record_request": hide_request,
        "before_record_response": hide_response,
        "match_on": ["method", "uri", "body"],
        "decode_compressed_response": True,
    }


@pytest.fixture
def console(record_mode: str) -> Iterator[CoveSettings]:
    """Return the login of the console to record from. A replay needs no console."""
    if record_mode == "none":
        yield CoveSettings("cove", ADDRESS, "anyone", "anyone", "anything")
    elif "COVE_URL" in os.environ:
        yield CoveSettings("cove", os.environ["COVE_URL"], *(os.environ[f"COVE_{name.upper()}"] for name in SECRETS))
    else:
        clock = Clock(NOW)
        world = World(seed=1, customers=12, started=datetime(2026, 11, 1, tzinfo=UTC))
        with RunningSandbox(Sandbox(clock=clock, console=Console(clock, world, page_ceiling=20))) as running:
            known = running.variables()
            yield CoveSettings("cove", *(known[f"COVE_{name}"] for name in ("URL", "PARTNER", "USERNAME", "PASSWORD")))


async def read(console: CoveSettings, **more: str) -> Pull:
    """Return a pull from the console at `NOW`."""
    settings = CoveSettings(
        console.name, console.url, console.partner, console.username, more.get("password", console.password)
    )
    return await pull(settings, NOW, transport=httpx.AsyncHTTPTransport())


@pytest.mark.vcr
async def test_a_complete_pull_is_read(console: CoveSettings) -> None:
    """The cassette has Login, EnumeratePartners, Count and every page of EnumerateAccountStatistics."""
    found = await read(console)
    assert (found.state, found.error) == ("whole", None)
    assert len(found.samples) > 20
    assert len({customer.id for customer in found.customers if customer.attributed}) >= 6
    assert any(sample.bytes is None for sample in found.samples)


@pytest.mark.vcr
async def test_wrong_credentials_are_a_failed_pull(console: CoveSettings) -> None:
    """The cassette has the error object with number 2100."""
    found = await read(console, password="wrong")
    assert found.state == "failed"
    assert "the account may be locked" in str(found.error)


def test_no_cassette_contains_a_credential_or_a_visa() -> None:
    written = sorted((Path(__file__).parent / "cassettes").rglob("*.yaml"))
    assert len(written) == 2
    for file in written:
        text = file.read_text()
        assert "sandbox-token" not in text
        assert "sandbox-api" not in text
        assert "Alder" not in text
        assert "127.0.0.1" not in text
        assert '"visa": "' not in text.replace(f'"visa": "{HIDDEN}"', "")
