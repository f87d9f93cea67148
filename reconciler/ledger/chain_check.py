"""Check that no covered row and no entry of the chain was changed, added or removed.

The rows are read in pages, so that a ledger of any size fits into memory. Every page comes from the same state of the
ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chain import EMPTY, Head
from reconciler.ledger.covered import COVERED, PULLS, SEALS, Covered
from reconciler.ledger.digests import digest_of_entry, digest_of_note, digest_of_parts, digest_of_row

_chain = schema.chain
_PAGE = 2_000
BEGUN = "begun"
"""The subject of the first entry of a ledger that is older than the chain."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a table, and the first of its rows with which it is wrong."""

    table: str
    row: int
    """The id of the first row; for the table `chain`, the number of the first entry."""
    what: str
    rows: int = 1
    """How many rows have it."""

    def __str__(self) -> str:
        more = "" if self.rows == 1 else f" (and {self.rows - 1:,} more)"
        return f"{self.table} {self.row}: {self.what}{more}"


@dataclass(slots=True)
class Findings:
    """What a check has found so far. Of rows with the same problem, only the first is kept."""

    entries: int = 0
    head: Head = EMPTY
    not_covered: dict[str, int] = field(default_factory=dict)
    """By table: the rows that were there before the chain began."""
    not_final: dict[str, int] = field(default_factory=dict)
    """By table: the rows that have no entry yet, because they are not final."""
    sealed_pulls: int = 0
    _problems: dict[tuple[str, str], Problem] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return the problems, in the order in which they were found."""
        return tuple(self._problems.values())

    def add(self, table: str, row: int, what: str) -> None:
        """Add a problem of a row."""
        first = self._problems.get((table, what))
        rows = 1 if first is None else first.rows + 1
        self._problems[table, what] = Problem(table, row if first is None else first.row, what, rows)


def check_chain(connection: sa.Connection, found: Findings, expected: Head | None = None) -> None:
    """Check the entries in their order, then every covered row, and add to `found` what is wrong.

    `expected` is an entry that somebody kept elsewhere: the chain must still have it.
    """
    before = _check_entries(connection, found, expected)
    sealed = _sealed_times(connection)
    for covered in COVERED:
        _check_rows(connection, found, covered, before.get(covered.name, {}), sealed)
        _check_removed(connection, found, covered)


def _check_entries(
    connection: sa.Connection, found: Findings, expected: Head | None
) -> Mapping[str, Mapping[str, int]]:
    """Check the numbers and the links. Return what the first entry says of the rows before the chain, by table."""
    before: Mapping[str, Mapping[str, int]] = {}
    known = {covered.name for covered in COVERED}
    kept = expected is None
    for entry in _pages(connection, sa.select(_chain), _chain.c.number):
        number = entry["number"]
        if number != found.head.number + 1:
            found.add("chain", found.head.number + 1, "the entry is missing")
        elif entry["previous"] != found.head.digest:
            found.add("chain", max(1, number - 1), "the entry does not match the digest that the next one has of it")
        if entry["subject"] == BEGUN and number == 1 and digest_of_note(entry["note"] or {}) == entry["content"]:
            before = entry["note"]["not_covered"]
        elif entry["subject"] not in known or entry["row_id"] is None:
            found.add("chain", number, "the entry covers nothing that this version knows, or its note was changed")
        found.head = Head(number, digest_of_entry(entry))
        found.entries += 1
        kept = kept or found.head == expected
    if expected is not None and not kept:
        what = "this entry is not in the chain with this digest: the chain was cut off or written anew"
        found.add("chain", expected.number, what)
    return before


def _check_rows(
    connection: sa.Connection,
    found: Findings,
    covered: Covered,
    before: Mapping[str, int],
    sealed: Mapping[str, tuple[datetime, bool]],
) -> None:
    """Check each row of a table with the last entry that covers it."""
    table, name = covered.table, covered.name
    last_old, old = before.get("last_id", 0), 0
    for row in _pages(connection, _with_last_entry(covered), table.c.id):
        old += row["id"] <= last_old
        values = {column.name: row[column.name] for column in table.columns}
        if row["entry_number"] is None:
            if not row["is_final"]:
                found.not_final[name] = found.not_final.get(name, 0) + 1
            elif row["id"] <= last_old:
                found.not_covered[name] = found.not_covered.get(name, 0) + 1
            else:
                found.add(name, row["id"], "the row has no entry in the chain: it was added, or its entry removed")
        elif digest_of_row(values, row["entry_parts"]) != row["entry_content"]:
            found.add(name, row["id"], "the row was changed after it was recorded")
        elif covered.parts:
            _check_parts(connection, found, covered, row, sealed)
    if old != before.get("rows", 0):
        difference = f"{before.get('rows', 0):,} rows up to this one when the chain began, and now it has {old:,}"
        found.add(name, last_old, f"the table had {difference}")
    most = sa.literal(1) if covered.again is None else sa.func.max(sa.case((covered.again, 2), else_=1))
    many = (
        sa.select(_chain.c.row_id)
        .join(table, table.c.id == _chain.c.row_id)
        .where(_chain.c.subject == name)
        .group_by(_chain.c.row_id)
        .having(sa.func.count() > most)
        .order_by(_chain.c.row_id)
    )
    for row_id in connection.execute(many).scalars():
        found.add(name, row_id, "the row has more entries in the chain than the program writes: it was recorded anew")


def _check_parts(
    connection: sa.Connection,
    found: Findings,
    covered: Covered,
    row: Mapping[str, Any],
    sealed: Mapping[str, tuple[datetime, bool]],
) -> None:
    """Check the rows that belong to a row. The samples of a sealed period are gone, and only their digest is left."""
    before, emptied = sealed.get(row["source"], (None, False)) if covered is PULLS else (None, False)
    if before is not None and row["started_at"] < before:
        found.sealed_pulls += 1
        left = any(
            connection.execute(sa.select(part.c.pull_id).where(part.c.pull_id == row["id"]).limit(1)).first()
            for part in covered.deleted
        )
        if emptied and left:
            found.add(covered.name, row["id"], "the pull is of a sealed period, and samples were added to it")
    elif digest_of_parts(connection, covered, row["id"]) != row["entry_parts"]:
        found.add(covered.name, row["id"], "its samples were changed, added or removed after they were recorded")


def _check_removed(connection: sa.Connection, found: Findings, covered: Covered) -> None:
    """Find entries whose row is gone."""
    there = sa.exists().where(covered.table.c.id == _chain.c.row_id)
    gone = sa.select(_chain.c.row_id).where(_chain.c.subject == covered.name, ~there).distinct()
    for row_id in connection.execute(gone.order_by(_chain.c.row_id)).scalars():
        found.add(covered.name, row_id or 0, "the row was removed")


def _sealed_times(connection: sa.Connection) -> dict[str, tuple[datetime, bool]]:
    """Return by source before which moment its pulls are sealed, and whether all their samples are deleted."""
    seals = SEALS.table.c
    found: dict[str, tuple[datetime, bool]] = {}
    for row in connection.execute(sa.select(seals.sources, seals.samples_before, seals.emptied_at)):
        for source in row.sources:
            found[source] = max(
                found.get(source, (row.samples_before, False)), (row.samples_before, bool(row.emptied_at))
            )
    return found


def _with_last_entry(covered: Covered) -> sa.Select[Any]:
    """Return the query for the rows of a table, each with the last entry that covers it."""
    last = (
        sa.select(sa.func.max(_chain.c.number))
        .where(_chain.c.subject == covered.name, _chain.c.row_id == covered.table.c.id)
        .correlate(covered.table)
        .scalar_subquery()
    )
    return sa.select(
        covered.table,
        (sa.true() if covered.final is None else covered.final).label("is_final"),
        _chain.c.number.label("entry_number"),
        _chain.c.content.label("entry_content"),
        _chain.c.parts.label("entry_parts"),
    ).select_from(covered.table.outerjoin(_chain, _chain.c.number == last))


def _pages(connection: sa.Connection, query: sa.Select[Any], key: sa.Column[int]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a query in the order of their key, from as many short queries as it takes."""
    after: int | None = None
    while True:
        page = query.order_by(key).limit(_PAGE)
        rows = connection.execute(page if after is None else page.where(key > after)).mappings().all()
        yield from map(dict, rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1][key.name]
