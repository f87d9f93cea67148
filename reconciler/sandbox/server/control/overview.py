"""The tables of the page at `/`: the objects of the tenant and the customers of the console, as rows of plain values.

Each column says how the page shows its values: `text`, `number`, `money`, `gb`, `day` or `when`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from reconciler.sandbox.connectwise.store.tables import Row, Table
from reconciler.sandbox.cove.data.census import CustomerUsage
from reconciler.sandbox.state.sandbox import Sandbox

DEFAULT_ROWS: Final = 200
"""The number of rows of each table when the request does not say."""
_LAST_REQUESTS: Final = 15
_GB: Final = 10**9


@dataclass(frozen=True, slots=True)
class Shown:
    """A table of the tenant as the page shows it: heading, form and path of each column.

    A path that starts with `^` is read in the parent, such as the agreement of an addition. `@Email` is the value of a
    contact's communication item of that kind.
    """

    title: str
    table: str
    columns: tuple[tuple[str, str, str], ...]
    parent: str = ""


SHOWN: Final = (
    Shown(
        "Additions",
        "addition",
        (
            ("Company", "text", "^company/name"),
            ("Agreement", "text", "^name"),
            ("Product", "text", "product/identifier"),
            ("Quantity", "number", "quantity"),
            ("Included", "number", "lessIncluded"),
            ("Billed", "number", "billedQuantity"),
            ("Unit price", "money", "unitPrice"),
            ("Extended price", "money", "extPrice"),
            ("Charge customer", "text", "billCustomer"),
            ("Serial number", "text", "serialNumber"),
            ("Effective", "day", "effectiveDate"),
            ("Cancelled", "day", "cancelledDate"),
            ("Last update", "when", "_info/lastUpdated"),
        ),
        parent="agreement",
    ),
    Shown(
        "Agreements",
        "agreement",
        (
            ("Company", "text", "company/name"),
            ("Agreement", "text", "name"),
            ("Type", "text", "type/name"),
            ("Start", "day", "startDate"),
            ("End", "day", "endDate"),
            ("Status", "text", "agreementStatus"),
            ("Cycle", "text", "billingCycle/name"),
            ("Prorated", "text", "prorateFlag"),
            ("Next invoice", "day", "nextInvoiceDate"),
        ),
    ),
    Shown(
        "Invoices",
        "invoice",
        (
            ("Number", "text", "invoiceNumber"),
            ("Company", "text", "company/name"),
            ("Agreement", "text", "agreement/name"),
            ("Date", "day", "date"),
            ("Status", "text", "status/name"),
            ("Total", "money", "total"),
        ),
    ),
    Shown(
        "Companies",
        "company",
        (
            ("Id", "text", "identifier"),
            ("Name", "text", "name"),
            ("Status", "text", "status/name"),
            ("City", "text", "city"),
        ),
    ),
    Shown(
        "Contacts",
        "contact",
        (
            ("Company", "text", "company/name"),
            ("First name", "text", "firstName"),
            ("Last name", "text", "lastName"),
            ("E-mail", "text", "@Email"),
        ),
    ),
    Shown(
        "Products",
        "catalogItem",
        (
            ("Id", "text", "identifier"),
            ("Description", "text", "description"),
            ("Unit", "text", "unitOfMeasure/name"),
            ("Price", "money", "price"),
            ("Cost", "money", "cost"),
        ),
    ),
    Shown(
        "Management solutions",
        "managementSummary",
        (
            ("Company", "text", "^name"),
            ("Solution", "text", "managementSolution/name"),
            ("Managed ID", "text", "groupIdentifier"),
            ("Agreement", "text", "agreement/name"),
        ),
        parent="company",
    ),
    Shown(
        "Managed devices integrations",
        "managedDevicesIntegration",
        (
            ("Name", "text", "name"),
            ("Solution", "text", "solution"),
            ("Login by", "text", "loginBy"),
            ("Integrator login", "text", "integratorLogin/name"),
        ),
    ),
    Shown(
        "Integrator logins",
        "integratorLogin",
        (
            ("User name", "text", "username"),
            ("All records", "text", "canAccessAllRecordsFlag"),
            ("Managed Services", "text", "managedServicesApiFlag"),
            ("Company", "text", "companyApiFlag"),
            ("Product", "text", "productApiFlag"),
            ("Reporting", "text", "reportingApiFlag"),
        ),
    ),
)
_USAGE_COLUMNS: Final = (
    ("Id", "text"),
    ("Customer", "text"),
    ("Level", "text"),
    ("State", "text"),
    ("Devices", "number"),
    ("Unknown size", "number"),
    ("GB used", "gb"),
)
_REQUEST_COLUMNS: Final = (
    ("Time", "when"),
    ("Method", "text"),
    ("Path", "text"),
    ("Status", "number"),
    ("Result", "text"),
)


def overview(sandbox: Sandbox, most: int) -> dict[str, Any]:
    """Return all tables of the page, with at most `most` rows each and the number of all rows."""
    now = sandbox.clock.now()
    usage = sandbox.console.world.usage(now)
    sandbox.tenant.update_statuses()
    tables = sandbox.tenant.tables
    return {
        "clock": {"now": now.isoformat(), "frozen": sandbox.clock.frozen},
        "faults": sandbox.faults.specs,
        "figures": [
            {"name": "Customers", "value": str(len(usage))},
            {"name": "GB backed up", "value": gigabytes(sum(each.used for each in usage))},
            {"name": "Additions", "value": str(len(tables["addition"].rows))},
            {"name": "Billed per month", "value": f"{billed(tables['addition']):,.2f}"},
            {"name": "Requests", "value": str(sandbox.log.total)},
        ],
        "console": _table("Customers", _USAGE_COLUMNS, map(_usage_row, usage), len(usage), most),
        "tenant": [_shown(shown, tables, most) for shown in SHOWN],
        "requests": _table(
            "Last requests",
            _REQUEST_COLUMNS,
            ([each.at.isoformat(), each.method, each.path, each.status, each.fate] for each in _newest(sandbox)),
            sandbox.log.total,
            most,
        ),
    }


def gigabytes(used: int) -> str:
    """Return bytes as GB of 10^9 bytes, cut to two decimals and not rounded."""
    return f"{used // _GB:,}.{used % _GB * 100 // _GB:02d}"


def billed(additions: Table) -> Decimal:
    """Return the amount of all billable additions without a cancel date: billed quantity times price."""
    return sum(
        (
            Decimal(str(row.data.get("extPrice") or 0))
            for row in additions.rows.values()
            if row.data.get("cancelledDate") is None and row.data.get("billCustomer") == "Billable"
        ),
        Decimal(0),
    )


def _usage_row(usage: CustomerUsage) -> list[Any]:
    return [
        str(usage.id),
        usage.name,
        usage.level,
        usage.state,
        usage.devices,
        usage.missing,
        gigabytes(usage.used),
    ]


def _newest(sandbox: Sandbox) -> Iterable[Any]:
    return islice(reversed(sandbox.log.entries), _LAST_REQUESTS)


def _shown(shown: Shown, tables: dict[str, Table], most: int) -> dict[str, Any]:
    table = tables[shown.table]
    parents = tables[shown.parent].rows if shown.parent else {}

    def read(row: Row) -> list[Any]:
        parent = parents.get(row.parent) if row.parent is not None else None
        return [
            _communication(tables, row, path[1:]) if path.startswith("@") else _value(row, parent, path)
            for _, _, path in shown.columns
        ]

    columns = [(heading, kind) for heading, kind, _ in shown.columns]
    return _table(shown.title, columns, map(read, table.rows.values()), len(table.rows), most)


def _communication(tables: dict[str, Table], contact: Row, sort: str) -> str | None:
    """Return the default communication item of one kind, or the first one."""
    items = [
        each.data
        for each in tables["contactCommunication"].children.get(contact.id, {}).values()
        if each.data.get("communicationType") == sort
    ]
    chosen = next((each for each in items if each.get("defaultFlag")), items[0] if items else None)
    return None if chosen is None else str(chosen.get("value"))


def _value(row: Row, parent: Row | None, path: str) -> Any:
    if path.startswith("^"):
        found: Any = parent.data if parent is not None else {}
    else:
        found = row.data
    for step in path.removeprefix("^").split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    return str(found) if isinstance(found, Decimal) else found


def _table(
    title: str, columns: Iterable[tuple[str, str]], rows: Iterable[list[Any]], total: int, most: int
) -> dict[str, Any]:
    return {
        "title": title,
        "columns": [{"name": name, "kind": kind} for name, kind in columns],
        "rows": list(islice(rows, most)),
        "total": total,
    }
