"""Store by which rules each charge was billed last in each month, and which lines they gave.

A version of a rule is stored once, by its digest, and never changes. A bill follows the runs of its month.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.bill_records import BilledCharge, BillRecord, VersionRecord
from reconciler.ledger.chain import append
from reconciler.ledger.covered import RULE_VERSIONS
from reconciler.ledger.store import Ledger, inserted_id

_versions, _bills = schema.rule_versions, schema.bills
_AT_ONCE = 500
"""How many digests one query names."""
_KEY = ("source", "customer_id", "charge")


def record_bills(
    ledger: Ledger,
    workspace: str,
    tenant: str,
    period: str,
    bills: Sequence[BillRecord],
    versions: Iterable[VersionRecord],
    charges: Collection[BilledCharge],
) -> None:
    """Store the bills of a run in place of the earlier ones of the month, and the versions that are new.

    `charges` are those of all rules of the run. The bill of a charge that its customer no longer has is deleted. If the
    lines of a charge are the same as before, only the time of its bill changes.
    """
    month = {"workspace": workspace, "tenant": tenant, "period": period}
    with ledger.write() as connection:
        known = {each.key: each for each in _of_month(connection, month)}
        changed = [each for each in bills if not _same(each, known.get(each.key))]
        customers = {key[:2] for key in charges}
        gone = [key for key in known if key[:2] in customers and key not in charges]
        replaced = [each.key for each in changed if each.key in known]
        here = sa.and_(*(_bills.c[name] == value for name, value in month.items()))
        this = sa.and_(here, *(_bills.c[name] == sa.bindparam(f"of_{name}") for name in _KEY))
        if gone or replaced:
            connection.execute(sa.delete(_bills).where(this), [*map(_of, (*gone, *replaced))])
        if changed:
            connection.execute(sa.insert(_bills), [{**month, **_row(each)} for each in changed])
        same = [{**_of(each.key), "now": each.billed_at} for each in bills if _same(each, known.get(each.key))]
        if same:
            connection.execute(sa.update(_bills).where(this).values(billed_at=sa.bindparam("now")), same)
        _append_versions(connection, workspace, {each.digest: each for each in versions}.values())


def record_versions(ledger: Ledger, workspace: str, versions: Iterable[VersionRecord]) -> None:
    """Store versions of rules. One that the ledger has already stays as it is."""
    with ledger.write() as connection:
        _append_versions(connection, workspace, {each.digest: each for each in versions}.values())


def _same(bill: BillRecord, known: BillRecord | None) -> bool:
    return known is not None and (bill.mapping, bill.digest, list(bill.lines)) == (
        known.mapping,
        known.digest,
        list(known.lines),
    )


def _of(key: BilledCharge) -> dict[str, str]:
    return {f"of_{name}": value for name, value in zip(_KEY, key, strict=True)}


def _row(bill: BillRecord) -> dict[str, Any]:
    values = ("mapping", "billed_at", "digest")
    return {**{name: getattr(bill, name) for name in (*_KEY, *values)}, "lines": [dict(each) for each in bill.lines]}


def _append_versions(connection: sa.Connection, workspace: str, versions: Collection[VersionRecord]) -> None:
    """Store the versions that the ledger does not have, each with its entry in the chain."""
    known = {each.digest for each in _versions_of(connection, workspace, [each.digest for each in versions])}
    numbers = [
        inserted_id(
            connection.execute(
                sa.insert(_versions).values(
                    workspace=workspace,
                    digest=each.digest,
                    content=dict(each.content),
                    first_used_at=each.first_used_at,
                    git_commit=each.git_commit,
                )
            )
        )
        for each in versions
        if each.digest not in known
    ]
    append(connection, RULE_VERSIONS, numbers)


def bills_of_month(ledger: Ledger, workspace: str, tenant: str, period: str) -> list[BillRecord]:
    """Return the last bill of each charge in a month such as `2026-10`, sorted by mapping and charge."""
    with ledger.read() as connection:
        found = _of_month(connection, {"workspace": workspace, "tenant": tenant, "period": period})
    return sorted(found, key=lambda each: (each.mapping, each.charge, each.key))


def _of_month(connection: sa.Connection, month: dict[str, str]) -> list[BillRecord]:
    columns = [_bills.c[name] for name in (*_KEY, "mapping", "billed_at", "digest", "lines")]
    query = sa.select(*columns).where(*(_bills.c[name] == value for name, value in month.items()))
    return [BillRecord(*row) for row in connection.execute(query)]


def versions_of(ledger: Ledger, workspace: str, digests: Iterable[str]) -> dict[str, VersionRecord]:
    """Return versions of rules by their digests. An unknown digest is left out."""
    with ledger.read() as connection:
        return {each.digest: each for each in _versions_of(connection, workspace, sorted(set(digests)))}


def _versions_of(connection: sa.Connection, workspace: str, digests: Sequence[str]) -> list[VersionRecord]:
    columns = [_versions.c[name] for name in ("digest", "content", "first_used_at", "git_commit")]
    found: list[VersionRecord] = []
    for start in range(0, len(digests), _AT_ONCE):
        part = _versions.c.digest.in_(digests[start : start + _AT_ONCE])
        query = sa.select(*columns).where(_versions.c.workspace == workspace, part)
        found += [VersionRecord(*row) for row in connection.execute(query)]
    return found
