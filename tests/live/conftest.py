"""A sandbox for each test, over real HTTP on loopback, and a read of it that counts requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from reconciler.connectwise import Connection, ConnectWise
from reconciler.kinds.live_state import LiveState
from reconciler.live.problems import MatchError
from reconciler.live.read import Scope, read_live_state
from reconciler.manifests.documents import Document, Manifests
from reconciler.sandbox.server.running import RunningSandbox
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox
from tests.planning.builders import manifests

START = datetime(2026, 11, 10, 12, tzinfo=UTC)
SETUP = Scope(usage=False)
USAGE = Scope(setup=False)


class Shop:
    """A tenant that the test fills, and a read of its live state."""

    def __init__(self, running: RunningSandbox) -> None:
        self.running = running
        self.tenant = running.sandbox.tenant
        self.requests: Mapping[str, int] = {}
        """Requests of the last read by route, without discovery."""

    async def read(self, *documents: Document, scope: Scope | None = None) -> LiveState:
        return await self.read_manifests(manifests(*documents), scope)

    async def read_manifests(self, given: Manifests, scope: Scope | None = None) -> LiveState:
        known = self.running.variables()
        connection = Connection(
            site=known["CONNECTWISE_SITE"],
            company=known["CONNECTWISE_COMPANY"],
            client_id=known["CONNECTWISE_CLIENT_ID"],
            public_key=known["CONNECTWISE_PUBLIC_KEY"],
            private_key=known["CONNECTWISE_PRIVATE_KEY"],
        )
        async with ConnectWise(connection) as client:
            try:
                return await read_live_state(client, given, scope or Scope())
            finally:
                made = client.requests.by_route
                self.requests = {route: count for route, count in made.items() if "companyinfo" not in route}

    async def problems(self, *documents: Document, scope: Scope | None = None) -> list[str]:
        with pytest.raises(MatchError) as error:
            await self.read(*documents, scope=scope)
        return list(error.value.problems)

    def queries(self, path: str) -> list[str]:
        """Return the query strings that were sent to a collection."""
        entries = self.running.sandbox.log.entries
        return [entry.query for entry in entries if entry.path.endswith(path)]

    def company(self, identifier: str = "ACME", **more: Any) -> Any:
        body = {"identifier": identifier, "name": "Acme Dental", "city": "Boston"}
        return self.tenant.create("company", {**body, **more})

    def contact(self, company: Any, email: str = "john@acme.test", **more: Any) -> Any:
        item = {"type": {"name": "Email"}, "value": email, "communicationType": "Email", "defaultFlag": True}
        body = {"firstName": "John", "company": {"id": company["id"]}, "communicationItems": [item]}
        return self.tenant.create("contact", {**body, **more})

    def agreement(self, company: Any, contact: Any, name: str = "Backup", **more: Any) -> Any:
        body = {
            "name": name,
            "type": {"name": "Managed Service"},
            "company": {"id": company["id"]},
            "contact": {"id": contact["id"]},
            "startDate": "2026-11-01T00:00:00Z",
            "noEndingDateFlag": True,
        }
        return self.tenant.create("agreement", {**body, **more})

    def product(self, identifier: str = "BACKUP-GB", **more: Any) -> Any:
        body = {
            "identifier": identifier,
            "description": "Backup, per GB",
            "customerDescription": "Backup storage",
            "subcategory": {"name": "Backup"},
            "type": {"name": "Agreement"},
            "price": Decimal("0.25"),
        }
        return self.tenant.create("catalogItem", {**body, **more})

    def integration(self, solution: str = "Cove") -> Any:
        body = {"name": f"{solution} link", "solution": solution, "loginBy": "Global"}
        return self.tenant.create("managedDevicesIntegration", {**body, "defaultBillingLevel": "Summary"})

    def solution(self, company: Any, managed_id: str = "1001", name: str = "Cove", **more: Any) -> Any:
        body = {"groupIdentifier": managed_id, "managementSolution": {"name": name}}
        return self.tenant.create("managementSummary", {**body, **more}, company["id"])

    def addition(self, agreement: Any, product: Any, **more: Any) -> Any:
        body = {"product": {"id": product["id"]}, "billCustomer": "Billable", "quantity": 10}
        return self.tenant.create("addition", {**body, **more}, agreement["id"])

    def customer(self, number: int) -> tuple[Any, Any, Any]:
        """Create a company with a contact and an agreement."""
        company = self.company(f"C{number}")
        contact = self.contact(company, f"john@c{number}.test")
        return company, contact, self.agreement(company, contact)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with RunningSandbox(Sandbox(clock=Clock(START))) as running:
        yield Shop(running)
