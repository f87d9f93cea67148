"""List what is unknown of an ended month, so that it cannot be closed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.additions.coverage import MappingCharge
from reconciler.additions.plan import UsagePart
from reconciler.metering.coverage import Coverage, CoverageRow

_UNKNOWN = ("refused", "proposed", "uncounted", "unmapped", "unattributed", "unknown", "stale")
_MEASURED = ("unknown", "stale")
"""The states that late samples can mend."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What is unknown of one customer, or of one source."""

    address: str
    """The customer, as `cove/1001006`, or the name of a source. For a write without an answer: the object's address."""
    what: str
    mapping: str | None = None
    """The mapping, as `CustomerMapping/acme`. `--accept` takes it, too."""
    can_be_accepted: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return the gap for `--json`."""
        return {
            "address": self.address,
            "mapping": self.mapping,
            "what": self.what,
            "can_be_accepted": self.can_be_accepted,
        }


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """What is known of an ended month."""

    period: str
    """As `2026-10`."""
    hours: Sequence[tuple[str, int, int]]
    """For each source: its name, the hours with a believed pull, and all hours since its first one."""
    coverage: Coverage
    """The coverage at the end of the month."""
    measured: Collection[MappingCharge]
    """The charges that are measured by the samples that there are now."""
    part: UsagePart
    """The plan of now, which has the additions of the month."""
    customers: Mapping[str, str]
    """By the name of a mapping: its customer, as `cove/1001006`."""
    open_writes: Sequence[str] = ()
    """The addresses of writes without an answer."""


def month_gaps(facts: MonthFacts) -> list[Gap]:
    """Return what is unknown of a month, each part once."""
    found = (*_hours(facts), *_rows(facts), *_reasons(facts), *_lines(facts), *_writes(facts))
    return list(dict.fromkeys(found))


def _hours(facts: MonthFacts) -> Iterator[Gap]:
    for source, known, elapsed in facts.hours:
        if not elapsed:
            yield Gap(source, f"no pull of {source} is believed up to the end of {facts.period}")
        elif known < elapsed:
            yield Gap(source, f"{elapsed - known} of {elapsed} hours have no believed pull of {source}")


def _rows(facts: MonthFacts) -> Iterator[Gap]:
    for row in facts.coverage.rows:
        if row.accounted or not (row.state in _UNKNOWN or row.effect == "held"):
            continue
        if row.state in _MEASURED and (row.mapping, row.charge) in facts.measured:
            continue
        mapping = None if row.mapping is None else f"CustomerMapping/{row.mapping}"
        yield Gap(f"{row.source}/{row.customer_id}", _text(row), mapping)


def _text(row: CoverageRow) -> str:
    return f"{row.state}: {row.detail}" if row.detail else str(row.state)


def _reasons(facts: MonthFacts) -> Iterator[Gap]:
    """Yield why the plan does not bill the month of a charge as measured."""
    for (mapping, _), reasons in facts.part.ended_months.items():
        if (reason := reasons.get(facts.period)) is not None:
            yield Gap(facts.customers[mapping], reason, f"CustomerMapping/{mapping}")


def _lines(facts: MonthFacts) -> Iterator[Gap]:
    """Yield the additions of the month that do not stand as rated."""
    mappings = {each.address: each for each in facts.part.views}
    for action in (*facts.part.part.actions, *facts.part.part.held):
        if not action.address.endswith(f"@{facts.period}"):
            continue
        view = mappings[action.address]
        what = f"{action.address} does not stand as rated: apply it first"
        yield Gap(view.customer, what, None if view.mapping is None else f"CustomerMapping/{view.mapping}")


def _writes(facts: MonthFacts) -> Iterator[Gap]:
    for address in facts.open_writes:
        yield Gap(address, "a write has no answer: an apply looks it up", can_be_accepted=False)
