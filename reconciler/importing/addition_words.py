"""Name additions in sentences for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.importing.outcome import Missing, MissingError
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveObject


def each_with_days(additions: Iterable[LiveObject]) -> str:
    """Return additions with the first and the last day of each: `addition 7 (from 2027-01-01)`."""
    return ", ".join(f"addition {each.id} ({_days(each)})" for each in additions)


def _days(addition: LiveObject) -> str:
    first, last = (date_text(addition.raw.get(name)) for name in ("effectiveDate", "cancelledDate"))
    return " ".join(text for text in (f"from {first}" if first else "", f"until {last}" if last else "") if text)


def undecided(additions: Sequence[LiveObject], why: str, advice: str) -> MissingError:
    """Return the error that a person has to decide between additions."""
    return MissingError(Missing("addition", why, advice, additions=tuple(additions)))


def ids_text(additions: Iterable[LiveObject]) -> str:
    """Return the ids of additions: `7, 9`."""
    return ", ".join(str(each.id) for each in additions)
