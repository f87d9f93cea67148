"""Compare a disturbed run with an undisturbed one: the tenant, and the rows of the ledger that later runs decide from.

Ids, times of runs and `_info` differ between two runs. Each id is replaced by a label of its object, and the others are
left out.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from difflib import unified_diff
from pathlib import Path
from typing import Any

from reconciler.sandbox.connectwise.store.tables import Row, Table
from reconciler.sandbox.connectwise.tenant.tenant import Tenant

Labels = Mapping[int, str]
"""The label of the object with each id. Ids of different tables of the sandbox never overlap."""

_LEDGER: dict[str, tuple[str, ...]] = {
    "objects": ("address", "object_id", "created", "fields"),
    "additions": (
        *("addition_id", "agreement_id", "product_id", "tag", "source", "customer_id", "first_quantity"),
        *("first_rule_digest", "hand_edit", "hand_edit_period", "billed_fields", "billed_period", "rule_digest"),
    ),
    "declared": ("address", "object_id", "protected"),
    "customers": ("source", "customer_id", "name", "attributed", "state", "previous_name"),
    "devices": ("source", "customer_id", "device_id", "last_bytes"),
    "month_terms": ("source", "customer_id", "charge", "period"),
    "hand_edits": ("addition_id", "fields"),
    "approvals": ("DISTINCT guardrail", "address", "period"),
}
"""The tables and columns that later runs decide from. The others hold ids and times of runs."""
_OF_THE_ORDER = {"id", "_info", "sequenceNumber"}
"""Fields that depend on the time and the order in which objects were created."""
_IDS = {"object_id", "addition_id", "agreement_id", "product_id"}
_JSON = {"fields", "hand_edit", "billed_fields"}


def labels_of(tenant: Tenant) -> Labels:
    """Return a label for each object of a tenant, by its id."""
    return {row.id: _label(tenant, table, row) for table in tenant.tables.values() for row in table.rows.values()}


def _label(tenant: Tenant, table: Table, row: Row) -> str:
    names = ("identifier", "name", "username", "lastName", "managementIdentifier", "description", "product", "value")
    said = [row.data[name] for name in names if row.data.get(name) not in (None, "")]
    texts = [str(each.get("identifier") or each.get("name")) if isinstance(each, dict) else str(each) for each in said]
    above = "" if row.parent is None else f" of {_parent(tenant, table, row.parent)}"
    return f"{table.name} {' / '.join(texts[:2])}{above}"


def _parent(tenant: Tenant, table: Table, parent: int) -> str:
    """Return the label of a parent. Ids of different tables never overlap, so the table need not be known."""
    for each in tenant.tables.values():
        if each is not table and parent in each.rows:
            return _label(tenant, each, each.rows[parent])
    return "an object that is gone"


def tenant_text(tenant: Tenant) -> list[str]:
    """Return a line for each object of a tenant, with all its values, in a stable order."""
    labels = labels_of(tenant)
    lines = []
    for table in tenant.tables.values():
        if table.entity is None:
            continue
        for row in table.rows.values():
            data = {name: value for name, value in row.data.items() if name not in _OF_THE_ORDER}
            lines.append(f"{labels[row.id]}: {_text({**data, **row.secrets}, labels)}")
    return sorted(lines)


def ledger_text(ledger: Path, tenant: Tenant) -> list[str]:
    """Return a line for each row that later runs decide from, and for each write that was carried out."""
    labels = labels_of(tenant)
    lines = []
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        for table, columns in _LEDGER.items():
            names = [column.removeprefix("DISTINCT ") for column in columns]
            for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table}"):
                values = {name: _column(name, value, labels) for name, value in zip(names, row, strict=True)}
                if values.get("first_quantity", "") is None:
                    del values["first_rule_digest"]  # decides nothing without the quantity
                lines.append(f"{table}: {_text(values, labels)}")
        done = connection.execute("SELECT address, method, action, changes FROM writes WHERE state = 'done'")
        lines += [
            f"history: {method} {_path(address, labels)}, {action} {_text(json.loads(changes or 'null'), labels)}"
            for address, method, action, changes in done
        ]
        held = connection.execute("SELECT workspace FROM locks").fetchall()
        lines += [f"locks: {workspace}" for (workspace,) in held]
        unanswered = connection.execute("SELECT address, state FROM writes WHERE state IN ('open', 'unknown')")
        lines += [f"no answer: {state} {_path(address, labels)}" for address, state in unanswered]
    return sorted(lines)


def plan_text(plan: Mapping[str, Any], labels: Labels) -> list[str]:
    """Return a line for each action, warning, guardrail and coverage row of a plan."""
    return [
        f"{part}: {_text(each, labels)}"
        for part in ("actions", "held", "warnings", "guardrails", "coverage")
        for each in plan.get(part, ())
    ]


def difference(undisturbed: Iterable[str], disturbed: Iterable[str]) -> str:
    """Return the lines that differ, `-` for the undisturbed run; empty if there are none."""
    lines = unified_diff(list(undisturbed), list(disturbed), "undisturbed", "disturbed", n=0, lineterm="")
    return "\n".join(lines)


def _column(name: str, value: Any, labels: Labels) -> Any:
    if name in _IDS:
        return labels.get(value, value)
    if name in _JSON and value is not None:
        return json.loads(value)
    return _path(value, labels) if name == "address" and value else value


def _path(address: str, labels: Labels) -> str:
    """Return an address in which each id of a path is replaced by the label of its object."""
    head, mark, path = address.partition("#")
    return head + mark + "/".join(labels.get(int(part), part) if part.isdecimal() else part for part in path.split("/"))


def _text(value: Any, labels: Labels) -> str:
    return json.dumps(_without_ids(value, labels), sort_keys=True, default=str, ensure_ascii=False)


def _is_id(name: str, value: Any) -> bool:
    return isinstance(value, int) and (name == "id" or name.endswith("Id"))


def _without_ids(value: Any, labels: Labels) -> Any:
    if isinstance(value, dict):
        return {
            name: labels.get(each, each) if _is_id(name, each) else _without_ids(each, labels)
            for name, each in value.items()
            if name not in {"_info", "last_updated", "lastUpdated"}
        }
    if isinstance(value, str) and value.endswith("T00:00:00Z"):
        return value.removesuffix("T00:00:00Z")  # ConnectWise has days as times
    return [_without_ids(each, labels) for each in value] if isinstance(value, list) else value
