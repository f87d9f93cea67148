"""Rows of `customer_id, customer_name, device_id?, used, unit, as_of` → customers and samples.

Files and endpoints share this. Every bad row is named; one of them fails the whole reading, because a customer left
out would look as if it had used nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.ledger.records import Customer, Sample
from reconciler.metering.sources.cells import BadValueError, bytes_of, id_of, name_of, said, text_of, time_of
from reconciler.metering.sources.errors import SourceError
from reconciler.metering.sources.pulling import Found

REQUIRED = ("customer_id", "customer_name", "used", "unit", "as_of")
COLUMNS = (*REQUIRED, "device_id")
SHOWN = 100
"""How many rows a message names at most; the others are counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, and where it stands: `usage.csv:7`, `usage.json row 7 (/6)`.

    `problem` is what its reader found wrong with the row as a whole; its values do not count then.
    """

    where: str
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def check_columns(present: Iterable[str], where: str, source: str) -> None:
    """Refuse a table whose required columns are missing, naming what is there instead, or stand twice."""
    given = list(present)
    place = f"usage source {source}, {where}"
    twice = [name for name in COLUMNS if given.count(name) > 1]
    if twice:
        raise SourceError(
            f"the header names {', '.join(twice)} more than once",
            where=place,
            advice="remove or rename one of the columns: it is not known which one counts",
        )
    missing = [name for name in REQUIRED if name not in given]
    if not missing:
        return
    spare = [name for name in given if name not in COLUMNS]
    lowered = {name.strip().lower().replace(" ", "_").replace("-", "_"): name for name in spare}
    hints = []
    for name in missing:
        near = difflib.get_close_matches(name, lowered, n=1)
        hints.append(f"{name} (did you mean {said(lowered[near[0]])}?)" if near else name)
    raise SourceError(
        f"missing column{'s' if len(missing) > 1 else ''}: {', '.join(hints)}",
        where=place,
        advice=f"the columns are {', '.join(REQUIRED)} and, where there are devices, device_id",
    )


def read_rows(source: str, rows: Sequence[Row]) -> Found:
    """All rows as customers and samples. Without rows it is whole but empty, and needs an approval.

    Raises SourceError that names every bad row, up to `SHOWN` of them.

    Each row counts at the moment that it speaks of, so that a file may hold many hours of a device. Two rows of one
    device and `as_of` are an error where their figures differ; where they are equal, one counts, and a note says so.
    """
    bad: list[str] = []
    repeated: list[str] = []
    names: dict[str, tuple[datetime, str]] = {}
    read: dict[tuple[str, str | None, datetime], tuple[Sample, str]] = {}
    for row in rows:
        try:
            sample, name = _sample(source, row)
        except BadValueError as error:
            bad.append(f"{row.where}: {error}")
            continue
        known = names.get(sample.customer_id)
        if known is None or sample.observed_at >= known[0]:
            names[sample.customer_id] = (sample.observed_at, name)
        first, place = read.setdefault((sample.customer_id, sample.device_id, sample.observed_at), (sample, row.where))
        if first is sample:
            continue
        if first.bytes == sample.bytes:
            repeated.append(f"{row.where} repeats {place}")
        else:
            bad.append(f"{row.where}: {_whose(sample)} stands already in {place}, with the same as_of and another used")
    if bad:
        raise SourceError(_bad_rows(bad, len(rows)), where=f"usage source {source}", advice="correct these rows")
    return Found(
        customers=tuple(Customer(source, customer_id, name) for customer_id, (_, name) in names.items()),
        samples=tuple(sample for sample, _ in read.values()),
        notes=_repetitions(repeated),
    )


def _whose(sample: Sample) -> str:
    what = "customer" if sample.device_id is None else f"device {said(sample.device_id)} of customer"
    return f"{what} {said(sample.customer_id)}"


def _bad_rows(bad: Sequence[str], total: int) -> str:
    lines = list(bad[:SHOWN])
    if len(bad) > SHOWN:
        lines.append(f"and {len(bad) - SHOWN} more")
    many = f"{len(bad)} of {total} rows" if total > 1 else "the only row"
    return f"{many} cannot be read\n    " + "\n    ".join(lines)


def _repetitions(repeated: Sequence[str]) -> tuple[str, ...]:
    if not repeated:
        return ()
    more = f" and {len(repeated) - SHOWN} more" if len(repeated) > SHOWN else ""
    return (f"the same figure stands twice and counts once: {', '.join(repeated[:SHOWN])}{more}",)


def _sample(source: str, row: Row) -> tuple[Sample, str]:
    if row.problem is not None:
        raise BadValueError(row.problem)
    values = row.values
    customer_id = id_of(values.get("customer_id"), "customer_id")
    if not customer_id:
        raise BadValueError("customer_id is empty")
    sample = Sample(
        source=source,
        customer_id=customer_id,
        device_id=id_of(values.get("device_id"), "device_id") or None,
        observed_at=time_of(values.get("as_of"), "as_of"),
        bytes=bytes_of(values.get("used"), text_of(values.get("unit"), "unit")),
    )
    return sample, name_of(values.get("customer_name"), "customer_name") or customer_id
