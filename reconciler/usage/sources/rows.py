"""Rows of `customer_id, customer_name, device_id?, used, unit, as_of` → customers and samples.

Shared by files and endpoints. Every bad row is named; one of them fails the whole reading, because a customer
left out would look as if it had used nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Any

from reconciler.ledger.records import Customer, Sample
from reconciler.usage.errors import SourceError
from reconciler.usage.rules import BYTES_OF
from reconciler.usage.sources.pulling import Found

REQUIRED = ("customer_id", "customer_name", "used", "unit", "as_of")
COLUMNS = (*REQUIRED, "device_id")
SHOWN = 20
"""How many bad rows a message names; the others are counted."""

LARGEST = 2**63 - 1
"""What the ledger holds: 9.2 exabytes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, and where it stands: `usage.csv:7`, `usage.json row 7`."""

    where: str
    values: Mapping[str, Any]


class _BadRowError(ValueError):
    """A row that cannot be read, in words that follow the row's place."""


def check_columns(present: Iterable[str], where: str, source: str) -> None:
    """Refuse a table whose required columns are missing, naming what is there instead."""
    given = list(present)
    missing = [name for name in REQUIRED if name not in given]
    if not missing:
        return
    spare = [name for name in given if name not in COLUMNS]
    lowered = {name.strip().lower().replace(" ", "_").replace("-", "_"): name for name in spare}
    hints = []
    for name in missing:
        near = difflib.get_close_matches(name, lowered, n=1)
        hints.append(f"{name} (did you mean {lowered[near[0]]!r}?)" if near else name)
    raise SourceError(
        f"missing column{'s' if len(missing) > 1 else ''}: {', '.join(hints)}",
        where=f"usage source {source}, {where}",
        advice=f"the columns are {', '.join(REQUIRED)} and, where there are devices, device_id",
    )


def read_rows(source: str, where: str, rows: Sequence[Row]) -> Found:
    """All rows as customers and samples. Raises SourceError that names every bad row, up to `SHOWN` of them.

    One device in several rows of different `as_of` counts with the newest; two rows of one `as_of` are an error.
    """
    if not rows:
        raise SourceError(
            "there are no rows",
            where=f"usage source {source}, {where}",
            advice="an export without customers is taken for a failed one; nothing is set to zero because of it",
        )
    bad: list[str] = []
    names: dict[str, tuple[datetime, str]] = {}
    newest: dict[tuple[str, str | None], tuple[Sample, str]] = {}
    for row in rows:
        try:
            sample, name = _sample(source, row.values)
            _keep_newest(newest, sample, row.where)
        except _BadRowError as error:
            bad.append(f"{row.where}: {error}")
            continue
        known = names.get(sample.customer_id)
        if known is None or sample.observed_at >= known[0]:
            names[sample.customer_id] = (sample.observed_at, name)
    if bad:
        raise SourceError(_bad_rows(bad, len(rows)), where=f"usage source {source}", advice="correct these rows")
    return Found(
        customers=tuple(Customer(source, customer_id, name) for customer_id, (_, name) in names.items()),
        samples=tuple(sample for sample, _ in newest.values()),
    )


def _bad_rows(bad: Sequence[str], total: int) -> str:
    lines = list(bad[:SHOWN])
    if len(bad) > SHOWN:
        lines.append(f"and {len(bad) - SHOWN} more")
    return f"{len(bad)} of {total} rows cannot be read\n    " + "\n    ".join(lines)


def _keep_newest(newest: dict[tuple[str, str | None], tuple[Sample, str]], sample: Sample, where: str) -> None:
    key = (sample.customer_id, sample.device_id)
    known = newest.get(key)
    if known is not None and known[0].observed_at == sample.observed_at:
        what = "customer" if sample.device_id is None else f"device {sample.device_id!r} of customer"
        raise _BadRowError(f"{what} {sample.customer_id!r} stands already in {known[1]}, with the same as_of")
    if known is None or known[0].observed_at < sample.observed_at:
        newest[key] = (sample, where)


def _sample(source: str, values: Mapping[str, Any]) -> tuple[Sample, str]:
    customer_id = _text(values, "customer_id")
    if not customer_id:
        raise _BadRowError("customer_id is empty")
    sample = Sample(
        source=source,
        customer_id=customer_id,
        device_id=_text(values, "device_id") or None,
        observed_at=_as_of(values),
        bytes=_bytes(values),
    )
    return sample, _text(values, "customer_name") or customer_id


def _text(values: Mapping[str, Any], name: str) -> str:
    """Text, or a whole number, as JSON writes ids."""
    value = values.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _BadRowError(f"{name} is not text: {value!r}")
    return str(value).strip()


def _bytes(values: Mapping[str, Any]) -> int | None:
    """Used storage in bytes, halves up; an empty `used` is missing, not 0."""
    unit = _text(values, "unit")
    if unit not in BYTES_OF:
        raise _BadRowError(f"unit is {unit!r}, and must be one of {', '.join(BYTES_OF)}")
    used = values.get("used")
    if used is None or (isinstance(used, str) and not used.strip()):
        return None
    if isinstance(used, bool) or not isinstance(used, str | int | Decimal):
        raise _BadRowError(f"used is not a number: {used!r}")
    try:
        amount = Decimal(used.strip() if isinstance(used, str) else used)
    except InvalidOperation:
        raise _BadRowError(f"used is not a number: {used!r}") from None
    if not amount.is_finite():
        raise _BadRowError(f"used is not a number: {used!r}")
    if amount < 0:
        raise _BadRowError(f"used is negative: {used}")
    if amount > LARGEST:  # before the arithmetic: 1E+999999 as a whole number would fill the memory
        raise _BadRowError(f"used is too large: {used}")
    with localcontext(prec=80):
        size = int((amount * BYTES_OF[unit]).to_integral_value(ROUND_HALF_UP))
    if size > LARGEST:
        raise _BadRowError(f"used is too large: {used} {unit}")
    return size


def _as_of(values: Mapping[str, Any]) -> datetime:
    text = _text(values, "as_of")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _BadRowError(f"as_of is not a time: {text!r}; write 2025-11-22T13:00:00Z") from None
    if moment.tzinfo is None:
        raise _BadRowError(f"as_of has no time zone: {text!r}; write {text}Z or {text}+01:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise _BadRowError(f"as_of is out of range: {text!r}") from None
