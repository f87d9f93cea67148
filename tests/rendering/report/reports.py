"""The JSON of reports, for tests of its forms."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from reconciler.metering.period import Period, period_of
from reconciler.reporting.report import (
    Border,
    Hours,
    RatedLine,
    Rating,
    Report,
    ReportCharge,
    ReportCustomer,
    ReportException,
    ReportLine,
    ReportPeriod,
    SourceHours,
    Totals,
)

PERIOD: Period = period_of(datetime(2026, 10, 15, tzinfo=UTC), "America/Chicago")
HOURS = 744


def line(**more: Any) -> ReportLine:
    values: dict[str, Any] = {
        "address": "Addition/acme.storage:backup-gb",
        "addition_id": 21,
        "agreement": "Acme - Managed Backup",
        "product": "backup-gb",
        "description": "Managed backup, per GB",
        "quantity": Decimal(411),
        "unit_price": Decimal("0.15"),
        "amount": Decimal("61.65"),
    }
    return ReportLine(**(values | more))


def hours(**more: Any) -> Hours:
    figures = [None if 300 <= each < 330 else Decimal(400) + each % 61 for each in range(HOURS)]
    values: dict[str, Any] = {
        "figures": tuple(figures),
        "known": HOURS - 30,
        "elapsed": HOURS,
        "allowance": Decimal(50),
        "chosen": (700,),
        "hours_of": PERIOD.start,
    }
    return Hours(**(values | more))


def rating(**more: Any) -> Rating:
    values: dict[str, Any] = {
        "used": Decimal("460.4"),
        "included": Decimal(50),
        "rounded": Decimal(411),
        "minimum": None,
        "quantity": Decimal(411),
        "amount": Decimal("61.65"),
        "lines": (RatedLine(product="backup-gb", quantity=411, unit_price="0.15", amount="61.65"),),
    }
    return Rating(**(values | more))


def charge(**more: Any) -> ReportCharge:
    values: dict[str, Any] = {
        "name": "storage",
        "measure": "peak",
        "unit": "GB",
        "state": "billed",
        "tiering": "volume",
        "borders": (),
        "rating": rating(),
        "billed": (line(),),
        "billed_amount": Decimal("61.65"),
        "previous_amount": Decimal("55.00"),
        "hours": hours(),
    }
    return ReportCharge(**(values | more))


def customer(**more: Any) -> ReportCustomer:
    values: dict[str, Any] = {
        "address": "cove/1001001",
        "name": "Acme Dental",
        "identifier": "ACME",
        "mapping": "CustomerMapping/acme",
        "agreement": "Acme - Managed Backup",
        "state": "billed",
        "detail": "",
        "accounted": True,
        "billed": Decimal("61.65"),
        "previous": Decimal("55.00"),
        "charges": (charge(),),
        "other": (),
    }
    return ReportCustomer(**(values | more))


def gap(**more: Any) -> ReportException:
    values: dict[str, Any] = {
        "kind": "gap",
        "state": "unmapped",
        "customer": "cove/1001009",
        "name": "Gumtree",
        "text": "no mapping bills it",
        "amount": Decimal("3.00"),
    }
    return ReportException(**(values | more))


def report(*customers: ReportCustomer, complete: bool = True, **more: Any) -> dict[str, Any]:
    """Return the JSON of a report of October 2026."""
    shown = customers or (customer(),)
    values: dict[str, Any] = {
        "workspace": "example",
        "currency": "USD",
        "period": ReportPeriod(
            name=str(PERIOD),
            first_day=PERIOD.first_day,
            last_day=PERIOD.last_day,
            start=PERIOD.start,
            end=PERIOD.end,
            timezone="America/Chicago",
            complete=complete,
        ),
        "made_at": datetime(2026, 11, 2, 9, tzinfo=UTC),
        "usage_until": PERIOD.end,
        "of": None,
        "totals": Totals(
            customers=len(shown),
            billed=sum((each.billed for each in shown), Decimal(0)),
            by_usage=Decimal("61.65"),
            previous=Decimal("55.00"),
            at_risk=Decimal(0),
        ),
        "sources": (SourceHours(name="cove", known=714, elapsed=744),),
        "exceptions": (),
        "customers": shown,
    }
    return Report(**(values | more)).model_dump(mode="json")


def rich() -> dict[str, Any]:
    """Return a report with everything that a report can hold."""
    ranges = (Border(up_to=Decimal(500), product="backup-500"), Border(up_to=Decimal(9000), product="backup-9000"))
    held = charge(
        name="devices", rating=None, billed=(), billed_amount=0, previous_amount=None, hours=None, state="held"
    )
    adjusted = line(corrects="2026-09", quantity=Decimal(1), unit_price=Decimal("-3.20"), amount=Decimal("-3.20"))
    return report(
        customer(
            charges=(
                charge(
                    borders=ranges, tiering="graduated", rating=rating(minimum=Decimal(40)), billed=(line(), adjusted)
                ),
                held,
            )
        ),
        customer(
            address="cove/1001002",
            name="Birchwood",
            mapping="CustomerMapping/birch",
            identifier=None,
            agreement=None,
            charges=(
                charge(
                    measure="mean",
                    hours=hours(chosen=tuple(range(HOURS)), allowance=None, known=0, figures=(None,) * 24),
                    rating=rating(included=Decimal(0)),
                    billed=(),
                ),
            ),
        ),
        customer(
            address="cove/1001007",
            name="cove/1001007",
            mapping=None,
            identifier=None,
            agreement=None,
            state="orphan",
            accounted=False,
            previous=None,
            charges=(),
            other=(line(address="Addition/id 9", description=None, unit_price=None),),
        ),
        exceptions=(gap(), gap(customer="cove/1001001", name="Acme Dental", amount=None, state="difference")),
        totals=Totals(customers=3, billed="123.30", by_usage=None, previous=None, at_risk="3.00"),
        complete=False,
    )
