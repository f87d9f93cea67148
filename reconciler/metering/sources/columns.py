"""The columns that a source is asked for beside used storage, and their values as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.kinds.meters import cell_text, whole_number
from reconciler.kinds.values import plain_decimal
from reconciler.ledger.records import NO_VALUES
from reconciler.metering.sources.cells import LONGEST_ID, LONGEST_QUOTE, BadValueError, name_of, quoted, text_of

HELD = "charges whose meter needs it are held"
"""What happens if a column cannot be read."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that meters use, by the names under which their values are stored."""

    names: tuple[str, ...] = ()
    numbers: frozenset[str] = frozenset()
    """Those that must be whole numbers of 0 or more, because a meter adds them up."""
    labels: frozenset[str] = frozenset()
    """Those that only name devices in lists. They may be missing, and nothing is held without them."""

    @property
    def needed(self) -> tuple[str, ...]:
        """Return the columns that meters need."""
        return tuple(each for each in self.names if each not in self.labels)

    def without(self, names: Iterable[str]) -> Columns:
        """Return the columns without some of them."""
        left_out = frozenset(names)
        names = tuple(each for each in self.names if each not in left_out)
        return Columns(names, self.numbers - left_out, self.labels - left_out)


NO_COLUMNS = Columns()


def values_of(cells: Mapping[str, Any], columns: Columns) -> Mapping[str, str]:
    """Return the values of the columns as text. An empty cell has no value.

    Raises `BadValueError` for a value that is no text, number or flag, and for one that must be a whole number. A name
    of a device that is no text is left out.
    """
    found: dict[str, str] = {}
    for name in columns.names:
        if name in columns.labels:
            if label := _label(cells.get(name)):
                found[name] = label
        elif (text := _text(cells.get(name), name)) != "":
            if name in columns.numbers and whole_number(text) is None:
                raise BadValueError(f"{name} is {quoted(text)}, which is not a whole number of 0 or more")
            found[name] = cell_text(text)
    return found or NO_VALUES


def _label(value: Any) -> str:
    """Return a name on one line, for lists. Empty for a value that is no text: it is not worth an error."""
    try:
        return name_of(value, "name").strip()[:LONGEST_ID]
    except BadValueError:
        return ""


def _text(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return cell_text(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise BadValueError(f"{name} is not a number: {quoted(value)}; write null if it is unknown")
        if abs(value.adjusted()) > LONGEST_QUOTE:
            raise BadValueError(f"{name} has too many digits: {quoted(value)}")
        return plain_decimal(value)
    return text_of(value, name)
