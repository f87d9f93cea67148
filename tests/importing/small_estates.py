"""Build a small estate for the tests of import, and import it into a folder that has only the workspace."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from reconciler.importing.estate import Estate
from reconciler.importing.make import Made, make
from reconciler.importing.matching.model import Customer
from reconciler.importing.selection import Selection
from reconciler.importing.usage import Usage
from reconciler.kinds.live_state import LiveObject
from reconciler.manifests.loading import load
from reconciler.metering.period import period_of

_WORKSPACE: Final = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: w}
spec:
  connectwise: {site: s, company: c, clientId: i, publicKey: p, privateKey: {env: K}}
  usage: [{name: cove, type: csv, unit: GB, path: u.csv}]
  billing: %s
"""
_PERIOD: Final = period_of(datetime(2026, 11, 10, tzinfo=UTC), "UTC")
INTEGRATION: Final = LiveObject(
    "ManagedDevicesIntegration",
    3,
    {"id": 3, "name": "Cove", "solution": "Cove", "loginBy": "Global", "defaultBillingLevel": "Detail"},
)
"""The integration that brings in the solution Cove."""


def company(number: int, identifier: str, name: str, **more: Any) -> LiveObject:
    """Return a company."""
    return LiveObject("Company", number, {"id": number, "identifier": identifier, "name": name, **more})


def agreement(number: int, of_company: int, name: str) -> LiveObject:
    """Return an agreement that bills now."""
    raw = {"company": {"id": of_company}, "agreementStatus": "Active", "startDate": "2026-01-01"}
    return LiveObject("Agreement", number, {**raw, "id": number, "name": name})


def solution(number: int, of_company: int, managed_id: str, for_agreement: int | None = None) -> LiveObject:
    """Return a management solution of a company with a Managed ID, and with the agreement that it names."""
    raw = {"id": number, "groupIdentifier": managed_id, "managementSolution": {"id": 1, "name": "Cove"}}
    names = {} if for_agreement is None else {"agreement": {"id": for_agreement}}
    return LiveObject("ManagementSolution", number, {**raw, **names}, of_company)


def product(number: int, identifier: str, price: Decimal | int) -> LiveObject:
    """Return a product."""
    return LiveObject("Product", number, {"id": number, "identifier": identifier, "price": price})


def addition(number: int, on_agreement: int, of_product: int, identifier: str, **more: Any) -> LiveObject:
    """Return an addition of a product."""
    raw = {"id": number, "product": {"id": of_product, "identifier": identifier}}
    return LiveObject("Addition", number, {**raw, **more}, on_agreement)


def imported(root: Path, estate: Estate, customers: Iterable[Customer], *, billing: str = "{timezone: UTC}") -> Made:
    """Import an estate into a folder, without writing the files. `billing` is that of the workspace."""
    (root / "workspace.yaml").write_text(_WORKSPACE % billing, encoding="utf-8")
    return make(load(root), estate, Usage(tuple(customers)), Selection(), "", _PERIOD)
