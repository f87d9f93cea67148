"""Turn known causes into rows of the ledger, and back."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import TypeAdapter, ValidationError

from reconciler.alerts.cause import Cause
from reconciler.alerts.known import Known, KnownCauses, Told
from reconciler.ledger.alerts import AlertRow

_TOLD = TypeAdapter(dict[str, Told])


def known_of(rows: Iterable[AlertRow]) -> dict[str, Known]:
    """Return the known causes in rows of the ledger.

    A row that another version wrote, and that this one cannot read, is left out: its cause is told once more.
    """
    found = {}
    for row in rows:
        try:
            cause, told = Cause.model_validate(row.cause), _TOLD.validate_python(row.told)
        except ValidationError:
            continue
        found[row.key] = Known(cause, row.since, row.ended_at, told)
    return found


def changed_rows(before: KnownCauses, after: KnownCauses) -> tuple[list[AlertRow], list[str]]:
    """Return the rows to write, and the keys of the rows to remove."""
    changed = [row_of(key, each) for key, each in after.items() if before.get(key) != each]
    return changed, [key for key in before if key not in after]


def row_of(key: str, known: Known) -> AlertRow:
    """Return a known cause as a row of the ledger."""
    return AlertRow(
        key=key,
        since=known.since,
        ended_at=known.ended_at,
        cause=known.cause.model_dump(mode="json"),
        told={name: each.model_dump(mode="json") for name, each in known.told.items()},
    )
