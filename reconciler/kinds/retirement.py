"""How an object of a kind is retired in ConnectWise, and what an object bills a month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from reconciler.kinds.fields import Model
from reconciler.kinds.values import Value


@dataclass(frozen=True, eq=False)
class Retirement:
    """How an object of a kind is retired: by an update, or by deleting it if ConnectWise has no other way.

    With nothing set, the object is deleted. `eq=False` keeps the hash, which `Kind` needs, by identity.
    """

    retired: Mapping[str, Value] = field(default_factory=dict)
    """Field → its value in a retired object, such as `cancelled: true`."""
    alive: Mapping[str, Value] = field(default_factory=dict)
    """Field → its value when a retired object becomes active again, unless its document declares another one."""
    fields: type[Model] | None = None
    """The model of the fields that only retirement writes, and no document declares."""
    last_day: str | None = None
    """The field for the last day of the object."""
    first_day: str | None = None
    """The field with the first day of the object. An object that has not begun ends on it."""
    reason: str | None = None
    """The field for `metadata.reason`."""
    reason_length: int | None = None
    """The most characters of the reason. ConnectWise gets a longer reason cut, and the plan shows the whole."""
    entry: str | None = None
    """The field whose setup-table entry says that the object is retired, such as the status of a company."""
    entry_name: str = "Inactive"
    """The usual name of that entry."""
    end: str | None = None
    """The field of a document with the last day of an object that is not retired, such as `endDate`."""
    computed: frozenset[str] = frozenset()
    """The properties that ConnectWise computes from these fields, such as `agreementStatus`."""

    @property
    def deletes(self) -> bool:
        """Return whether the object is deleted, because ConnectWise has no other way."""
        return not self.retired and self.entry is None

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all fields that retiring an object, or making it active again, reads or writes."""
        others = (self.last_day, self.first_day, self.reason, self.entry)
        return frozenset([*self.retired, *self.alive, *(name for name in others if name is not None)])

    @property
    def decide_billing(self) -> frozenset[str]:
        """Return the names of the fields that decide until when an object bills."""
        return frozenset([*self.retired, *self.alive, *(name for name in (self.last_day, self.end) if name)])


@dataclass(frozen=True, slots=True)
class Billed:
    """The amount that an object bills per month, for the reader of a plan."""

    amount: Decimal | None
    """None if the amount per month is unknown."""
    currency: str | None
    detail: str
    """The parts of the amount, such as `its own 100.00 and 3 additions`."""


NOT_BILLED = Billed(Decimal(0), None, "")
"""For an object that bills nothing."""
