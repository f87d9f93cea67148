"""List what is unknown of an ended month, so that it cannot be closed, and say what to do about each part."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.additions.coverage import MappingCharge
from reconciler.additions.plan import UsagePart
from reconciler.metering.coverage import Coverage, CoverageRow

_ADVICE = {
    "refused": "Mend the mapping, and apply.",
    "proposed": "Check the mapping, confirm it with `reconciler import --confirm`, and apply.",
    "never seen": "Check the id of the customer, or give the mapping an end.",
    "uncounted": "Add a charge that counts the device, or exclude the device.",
    "unmapped": "Map the customer with a start in the month, and apply. Or exclude it.",
    "unattributed": "Map the partner with a start in the month, and apply. Or exclude it.",
    "vanished": "If the customer has left, give the mapping an end.",
    "unknown": "Check its devices. Accept it if nobody knows its usage any more.",
    "stale": "Check its devices. Accept it if nobody knows their usage any more.",
}
"""What to do, by the state of a customer that is a gap."""
_LATE = ("unknown", "stale", "vanished")
"""The states that late samples can mend."""
_CHANGES = ("create", "update", "adopt", "retire", "held")
"""The states of an addition that the next plan would write."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What is unknown of one customer, or of one source."""

    address: str
    """The customer, as `cove/1001006`, or the name of a source. For a write without an answer: the object's address."""
    what: str
    advice: str
    mapping: str | None = None
    """The mapping, as `CustomerMapping/acme`. `--accept` takes it, too."""
    can_be_accepted: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return the gap for `--json`. `accept` is the option that accepts it, as a shell reads it."""
        return {
            "address": self.address,
            "mapping": self.mapping,
            "what": self.what,
            "advice": self.advice,
            "accept": f"--accept {shlex.quote(f'{self.address}=REASON')}" if self.can_be_accepted else None,
        }


@dataclass(frozen=True, slots=True)
class SourceMonth:
    """How complete the readings of a source are in a month."""

    name: str
    known: int
    """The hours with a believed pull."""
    elapsed: int
    """All hours of the month, from the first believed pull ever."""
    failed: int = 0
    """The pulls that failed."""
    disbelieved: int = 0
    """The pulls that are not believed."""


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """What is known of an ended month."""

    period: str
    """As `2026-10`."""
    sources: Sequence[SourceMonth]
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
    """Return what is unknown of a month, each part once: sources, then customers, then additions and writes."""
    found = (*_sources(facts), *_rows(facts), *_reasons(facts), *_lines(facts), *_writes(facts))
    return list(dict.fromkeys(found))


def _sources(facts: MonthFacts) -> Iterator[Gap]:
    """Yield a gap for each source with missing hours. A source without usable data at the end names no customers."""
    held = Counter(row.source for row in facts.coverage.rows if _by_source(row, facts))
    for each in facts.sources:
        if not each.elapsed:
            what = f"no pull of {each.name} is believed up to the end of {facts.period}"
        elif each.known < each.elapsed:
            what = f"{each.elapsed - each.known} of {each.elapsed} hours have no believed pull of {each.name}"
        else:
            continue
        counts = ((each.failed, "failed"), (each.disbelieved, "not believed"))
        if pulls := ", ".join(f"{number} {word}" for number, word in counts if number):
            what += f" (pulls: {pulls})"
        if held[each.name]:
            what += f"; at the end of the month, {held[each.name]} of its charges had no figure that is new enough"
        yield Gap(each.name, what, _advice_of(each))


def _advice_of(source: SourceMonth) -> str:
    leave = "Accept it to leave these hours out for good."
    if not source.disbelieved:
        return leave
    return f"Approve a pull that is right: reconciler usage pull --approve shrink={source.name}. {leave}"


def _by_source(row: CoverageRow, facts: MonthFacts) -> bool:
    """Return whether a customer has no figure because its source had none at the end of the month."""
    return row.state == "unknown" and row.mapping is not None and row.source in facts.coverage.source_problems


def _rows(facts: MonthFacts) -> Iterator[Gap]:
    for row in facts.coverage.rows:
        if row.accounted or row.state not in _ADVICE or _by_source(row, facts):
            continue
        if row.state == "vanished" and row.effect != "held":  # its hours count 0
            continue
        if row.state in _LATE and (row.mapping, row.charge) in facts.measured:
            continue
        what = f"{row.state}: {row.detail}" if row.detail else str(row.state)
        yield Gap(f"{row.source}/{row.customer_id}", what, _ADVICE[row.state], _address(row.mapping))


def _reasons(facts: MonthFacts) -> Iterator[Gap]:
    """Yield why the plan does not bill the month of a charge as measured."""
    for (mapping, _), reasons in facts.part.ended_months.items():
        if (reason := reasons.get(facts.period)) is not None:
            advice = "Mend it, and apply. Accept it if the month cannot be billed any more."
            yield Gap(facts.customers[mapping], reason, advice, _address(mapping))


def _lines(facts: MonthFacts) -> Iterator[Gap]:
    """Yield the additions of the month that do not stand as rated."""
    of_month = re.compile(rf"@{re.escape(facts.period)}(?![\d+-])")
    for view in facts.part.views:
        if view.state in _CHANGES and of_month.search(view.address):
            what = f"{view.address} does not stand as rated: {view.reason}"
            yield Gap(view.customer, what, "Run `reconciler apply --only usage`.", _address(view.mapping))


def _writes(facts: MonthFacts) -> Iterator[Gap]:
    for address in facts.open_writes:
        advice = "Run `reconciler apply --only usage`, which looks it up."
        yield Gap(address, "a write has no answer", advice, can_be_accepted=False)


def _address(mapping: str | None) -> str | None:
    return None if mapping is None else f"CustomerMapping/{mapping}"
