"""Invoices of agreements are one list, whatever ConnectWise knows of the time at which they were made."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from reconciler.connectwise.errors import Invalid
from reconciler.live import invoices
from reconciler.live.invoices import read_agreement_invoices, read_combined_invoices

ROWS = [
    {"id": 1, "type": "Agreement", "agreement": {"id": 9}, "date": "2026-11-01T00:00:00Z"},
    {"id": 2, "type": "Agreement", "agreement": {"id": 9}, "date": "2026-01-01T00:00:00Z"},
    {"id": 3, "type": "Standard", "agreement": {"id": 9}, "date": "2026-10-31T00:00:00Z"},
    {"id": 6, "type": "CreditMemo", "agreement": {"id": 9}, "date": "2026-11-01T00:00:00Z"},
    {"id": 4, "type": "Agreement", "agreement": {"id": 8}, "date": "2026-11-01T00:00:00Z"},
    {"id": 5, "type": "Agreement", "agreement": None, "date": None},
    {"id": 7, "type": "Consolidated", "agreement": None, "date": "2026-10-31T00:00:00Z"},
    {"id": 8, "type": "Consolidated", "agreement": None, "date": "2026-11-01T00:00:00Z"},
]


class Tenant:
    """A client that gives these rows, and may refuse a field."""

    def __init__(self, refused: str = "") -> None:
        self.refused = refused
        self.asked: list[str] = []

    async def list(self, path: str, *, conditions: Any, fields: Any) -> Any:
        self.asked.append(f"{path} {conditions}")
        if self.refused in fields:
            raise Invalid("unknown field", method="GET", endpoint=path, status=400, code="", fields=())
        return ROWS

    async def list_where_in(self, path: str, field: str, values: Any, *, also: Any, fields: Any) -> Any:
        return await self.list(f"{path} {field} {list(values)}", conditions=also, fields=fields)


def read(tenant: Any, *agreements: int) -> list[int]:
    rows = asyncio.run(read_agreement_invoices(tenant, agreements, date(2026, 8, 1), date(2026, 11, 1)))
    return [row["id"] for row in rows]


def test_only_invoices_of_these_agreements_since_the_day_count_and_others_of_the_month() -> None:
    tenant = Tenant()
    assert read(tenant, 9) == [1, 6]
    wanted = '(type="Agreement" or date>=[2026-11-01T00:00:00Z])'
    assert tenant.asked == [f"finance/invoices agreement/id [9] date>=[2026-08-01T00:00:00Z] and {wanted}"]


def test_of_many_agreements_all_invoices_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoices, "_FEW", 1)
    tenant = Tenant()
    assert read(tenant, 8, 9) == [1, 6, 4]
    assert tenant.asked[0].startswith("finance/invoices date>=")


def test_combined_invoices_are_asked_for_by_their_type() -> None:
    tenant = Tenant()
    assert asyncio.run(read_combined_invoices(tenant, date(2026, 11, 1))) == [ROWS[-1]]  # type: ignore[arg-type]  # a stand-in
    assert tenant.asked == ['finance/invoices type="Consolidated" and date>=[2026-11-01T00:00:00Z]']


def test_without_an_agreement_no_request_is_sent() -> None:
    tenant = Tenant()
    assert read(tenant) == []
    assert tenant.asked == []


def test_a_tenant_that_refuses_the_time_of_the_entry_is_asked_without_it() -> None:
    tenant = Tenant("_info/dateEntered")
    assert read(tenant, 9) == [1, 6]
    assert len(tenant.asked) == 2
