"""A sandbox for each test, over real HTTP on loopback, and helpers that fill its tenant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox

from . import cove_calls

START = datetime(2026, 11, 10, 12, tzinfo=UTC)


class Api:
    """A small client of the ConnectWise API, written from the reference for these tests."""

    def __init__(self, running: RunningSandbox, http: httpx.Client) -> None:
        self.running = running
        self.sandbox = running.sandbox
        self.tenant = running.sandbox.tenant
        self.http = http

    def get(self, path: str, **query: Any) -> Any:
        """Send a GET that must succeed, and return the body with decimals."""
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return read(answer)

    def post(self, path: str, body: Any) -> Any:
        """Send a POST that must create an object, and return the body."""
        answer = self.http.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return read(answer)

    def patch(self, path: str, **values: Any) -> Any:
        """Send a PATCH that replaces fields and must succeed, and return the body."""
        operations = [{"op": "replace", "path": name, "value": value} for name, value in values.items()]
        answer = self.http.patch(path, json=operations)
        assert answer.status_code == 200, answer.text
        return read(answer)

    def names(self, path: str, **query: Any) -> list[str]:
        """Return the names of the objects in a list."""
        return [each["name"] for each in self.get(path, **query)]

    def company(self, identifier: str = "ACME", **more: Any) -> Any:
        """Create a company with one address field."""
        return self.tenant.create(
            "company", {"identifier": identifier, "name": identifier.title(), "city": "X", **more}
        )

    def contact(self, company: Any, **more: Any) -> Any:
        """Create a contact of a company."""
        return self.tenant.create("contact", {"firstName": "Ann", "company": {"id": company["id"]}, **more})

    def agreement(self, company: Any = None, **more: Any) -> Any:
        """Create an agreement without an end date, with a contact."""
        company = company or self.company()
        return self.tenant.create(
            "agreement",
            {
                "name": "Backup",
                "type": {"name": "Managed Service"},
                "company": {"id": company["id"]},
                "contact": {"id": self.contact(company)["id"]},
                "startDate": "2026-11-01T00:00:00Z",
                "noEndingDateFlag": True,
                **more,
            },
        )

    def product(self, identifier: str = "BACKUP", **more: Any) -> Any:
        """Create a product with the unit Each in Managed Services."""
        return self.tenant.create(
            "catalogItem",
            {
                "identifier": identifier,
                "description": "Backup per GB",
                "customerDescription": "Backup storage",
                "subcategory": {"name": "Backup"},
                "type": {"name": "Agreement"},
                "price": Decimal("0.25"),
                "cost": Decimal("0.10"),
                **more,
            },
        )

    def addition(self, agreement: Any, product: Any, **more: Any) -> Any:
        """Create an addition to an agreement."""
        body = {"product": {"id": product["id"]}, "billCustomer": "Billable", "quantity": 10, **more}
        return self.tenant.create("addition", body, agreement["id"])

    def solution(self, name: str = "Cove") -> Any:
        """Create a managed devices integration, which provides a solution."""
        return self.tenant.create(
            "managedDevicesIntegration",
            {"name": f"{name} link", "solution": name, "loginBy": "Global", "defaultBillingLevel": "Summary"},
        )


def read(answer: httpx.Response) -> Any:
    """Return a JSON body with decimals."""
    return msgspec.json.Decoder(float_hook=Decimal).decode(answer.content)


def problems(answer: httpx.Response) -> list[tuple[str, str]]:
    """Return field and code of each problem in a refusal."""
    return [(each["field"], each["code"]) for each in answer.json()["errors"]]


@pytest.fixture(scope="session")
def server() -> Iterator[RunningSandbox]:
    """Yield one server for all tests. Each test has its own sandbox in it."""
    with RunningSandbox() as running:
        yield running


@pytest.fixture(scope="session")
def http(server: RunningSandbox) -> Iterator[httpx.Client]:
    """Yield one client for all tests, because creating one takes longer than a test."""
    known = server.variables()
    user = f"{known['CONNECTWISE_COMPANY']}+{known['CONNECTWISE_PUBLIC_KEY']}"
    with httpx.Client(
        base_url=f"{server.url}/v4_6_release/apis/3.0",
        auth=(user, known["CONNECTWISE_PRIVATE_KEY"]),
        headers={"clientId": known["CONNECTWISE_CLIENT_ID"]},
    ) as client:
        yield client


@pytest.fixture
def api(server: RunningSandbox, http: httpx.Client) -> Api:
    """Serve a new tenant, with the clock frozen on 10 November 2026."""
    server.show(Sandbox(clock=Clock(START)))
    return Api(server, http)


@pytest.fixture(scope="session")
def console_server() -> Iterator[tuple[RunningSandbox, httpx.Client]]:
    """Yield one server with a client for all tests of the console. Each test has its own sandbox in it."""
    with RunningSandbox() as running, httpx.Client() as http:
        yield running, http


@pytest.fixture(params=[6])
def cove(request: pytest.FixtureRequest, console_server: tuple[RunningSandbox, httpx.Client]) -> cove_calls.Caller:
    """Serve a new console with some customers on 1 November 2026, and log in."""
    running, http = console_server
    clock = Clock(cove_calls.START)
    running.show(Sandbox(clock=clock, console=Console(clock, World(1, request.param, cove_calls.START))))
    caller = cove_calls.Caller(running.sandbox, running.variables()["COVE_URL"], http)
    caller.login()
    running.sandbox.log.clear()
    return caller
