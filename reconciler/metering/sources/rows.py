"""Turn rows of a file or an endpoint into customers and samples.

The columns are `customer_id, customer_name, used, unit, as_of`, optionally `device_id`, and those that meters use. One
bad row fails the whole pull, because a customer that is left out would look like one without usage. The error names
every bad row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.ledger.records import Customer, Sample
from reconciler.manifests.suggestions import nearest
from reconciler.metering.sources.cells import BadValueError, bytes_of, id_of, name_of, quoted, text_of, time_of
from reconciler.metering.sources.columns import HELD, NO_COLUMNS, Columns, values_of
from reconciler.metering.sources.errors import SourceError
from reconciler.metering.sources.pulling import SourceData

REQUIRED = ("customer_id", "customer_name", "used", "unit", "as_of")
"""The columns that each row must have."""

COLUMNS = (*REQUIRED, "device_id")
SHOWN = 100
"""The most rows that a message names. The rest is counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row and its place, such as `usage.csv:7` or `usage.json row 7 (/6)`.

    `problem` says what is wrong with the row as a whole. If it is set, `values` is not used.
    """

    where: str
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def check_columns(present: Iterable[str], where: str, source: str, columns: Columns = NO_COLUMNS) -> None:
    """Raise `SourceError` if a required column is missing or a column is repeated. `where` is the file or endpoint.

    `columns` are those that meters use. They may be missing.
    """
    given = list(present)
    place = f"usage source {source}, {where}"
    repeated = [name for name in dict.fromkeys((*COLUMNS, *columns.needed)) if given.count(name) > 1]
    if repeated:
        raise SourceError(
            f"the header contains {', '.join(repeated)} more than once",
            where=place,
            advice="remove or rename the extra columns",
        )
    missing = [name for name in REQUIRED if name not in given]
    if not missing:
        return
    hints = [f"{name}{_guess(name, given)}" for name in missing]
    raise SourceError(
        f"missing column{'s' if len(missing) > 1 else ''}: {', '.join(hints)}",
        where=place,
        advice=f"the columns are {', '.join(REQUIRED)}, and device_id if there are devices",
    )


def _guess(name: str, given: Iterable[str]) -> str:
    """Return which of the given columns may be meant. Empty if none is spelled like it."""
    spare = [each for each in given if each not in COLUMNS]
    lowered = {each.strip().lower().replace(" ", "_").replace("-", "_"): each for each in spare}
    similar = nearest(name.lower(), lowered)
    return f" (did you mean {quoted(lowered[similar])}?)" if similar else ""


def columns_in(present: Iterable[str], where: str, columns: Columns) -> tuple[Columns, tuple[str, ...]]:
    """Return the columns that a file or endpoint has, of those that meters use, and a note for each other one."""
    given = list(present)
    missing = [name for name in columns.names if name not in given]
    needed = [name for name in missing if name not in columns.labels]
    notes = tuple(f"column {name} is not in {where}{_guess(name, given)}; {HELD}" for name in needed)
    return columns.without(missing), notes


def read_rows(
    source: str, rows: Sequence[Row], columns: Columns = NO_COLUMNS, notes: tuple[str, ...] = ()
) -> SourceData:
    """Return the customers and the samples of all rows, with these columns. Raises `SourceError` that names bad rows.

    Each row counts at its `as_of`, so a file may have many hours of a device. If two rows of a device have the same
    `as_of` and different figures, that is an error. If their figures are equal, one row counts, and a note says so.
    """
    bad: list[str] = []
    repeated: list[str] = []
    names: dict[str, tuple[datetime, str]] = {}
    samples: dict[tuple[str, str | None, datetime], tuple[Sample, str]] = {}
    for row in rows:
        try:
            sample, name = _sample(source, row, columns)
        except BadValueError as error:
            bad.append(f"{row.where}: {error}")
            continue
        known = names.get(sample.customer_id)
        if known is None or sample.observed_at >= known[0]:
            names[sample.customer_id] = (sample.observed_at, name)
        first, place = samples.setdefault(
            (sample.customer_id, sample.device_id, sample.observed_at), (sample, row.where)
        )
        if first is sample:
            continue
        if first == sample:
            repeated.append(f"{row.where} repeats {place}")
        else:
            bad.append(
                f"{row.where}: {_subject(sample)} is already in {place}, with the same as_of and a different "
                f"{_difference(first, sample)}"
            )
    if bad:
        raise SourceError(_bad_rows(bad, len(rows)), where=f"usage source {source}", advice="correct these rows")
    return SourceData(
        customers=tuple(Customer(source, customer_id, name) for customer_id, (_, name) in names.items()),
        samples=tuple(sample for sample, _ in samples.values()),
        notes=(*notes, *_repetitions(repeated)),
        columns=columns.names,
    )


def _difference(one: Sample, other: Sample) -> str:
    """Return the first column in which two samples differ."""
    if one.bytes != other.bytes:
        return "used"
    return next(name for name in {**one.values, **other.values} if one.values.get(name) != other.values.get(name))


def _subject(sample: Sample) -> str:
    what = "customer" if sample.device_id is None else f"device {quoted(sample.device_id)} of customer"
    return f"{what} {quoted(sample.customer_id)}"


def _bad_rows(bad: Sequence[str], total: int) -> str:
    lines = list(bad[:SHOWN])
    if len(bad) > SHOWN:
        lines.append(f"and {len(bad) - SHOWN} more")
    rows = f"{len(bad)} of {total} rows" if total > 1 else "the only row"
    return f"{rows} cannot be read\n    " + "\n    ".join(lines)


def _repetitions(repeated: Sequence[str]) -> tuple[str, ...]:
    if not repeated:
        return ()
    more = f" and {len(repeated) - SHOWN} more" if len(repeated) > SHOWN else ""
    return (f"repeated rows, each counted once: {', '.join(repeated[:SHOWN])}{more}",)


def _sample(source: str, row: Row, columns: Columns) -> tuple[Sample, str]:
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
        values=values_of(values, columns),
    )
    return sample, name_of(values.get("customer_name"), "customer_name") or customer_id
