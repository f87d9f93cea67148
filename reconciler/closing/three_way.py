"""The three-way check of a month: usage, additions and invoices against each other, with cost and margin."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from reconciler.closing.json_values import Json, decimal_text, time_json
from reconciler.closing.three_way_charges import check_lines
from reconciler.closing.three_way_invoice_lines import NO_LINES, FileLines
from reconciler.closing.three_way_invoices import Invoice, Invoices
from reconciler.closing.three_way_lines import Lines
from reconciler.closing.three_way_model import (
    AgreementFacts,
    ExpectedCharge,
    Finding,
    Side,
    Standing,
    side_of,
    standing_side,
)
from reconciler.closing.three_way_totals import Month, check_invoices, is_foreign, on_invoice
from reconciler.metering.coverage import Coverage, CoverageRow
from reconciler.metering.period import Period

FORMAT_VERSION = 1
_FEW = 3
"""With more customers whose usage is unknown for the same reason, they are one finding."""


@dataclass(frozen=True, slots=True)
class ToCheck:
    """Everything that the check is made from. All of it was read before."""

    workspace: str
    period: Period
    timezone: str
    currency: str | None
    at: datetime
    """The moment of the command."""
    charges: Sequence[ExpectedCharge]
    lines: Lines
    standing: Sequence[Standing]
    """All additions of these agreements."""
    agreements: Mapping[int, AgreementFacts]
    coverage: Coverage
    invoices: Mapping[int, Invoices] = field(default_factory=dict)
    """By agreement."""
    combined: Mapping[str, Sequence[Invoice]] = field(default_factory=dict)
    """By company: the invoices that combine several agreements, and name none."""
    file: FileLines = NO_LINES
    """The lines of invoices, from a file."""
    now: tuple[Sequence[ExpectedCharge], Lines] | None = None
    """In a running month that is invoiced: usage and additions as they are now."""
    notes: Sequence[str] = ()

    @property
    def running(self) -> bool:
        """Return whether the month is not over."""
        return self.at < self.period.end


def check(found: ToCheck) -> Json:
    """Return the check as JSON. Quantities and amounts are exact decimal text, times are UTC."""
    findings = [
        *_lines(found),
        *_unbilled(found.coverage),
        *check_invoices(
            found.agreements.values(), found.invoices, found.standing, _about(found), found.file, found.combined
        ),
    ]
    findings = sorted(
        _grouped(findings, found.coverage.source_problems), key=lambda each: _rank(each, found.agreements)
    )
    rows = [*_agreements(found, findings)]
    return {
        "format_version": FORMAT_VERSION,
        "workspace": found.workspace,
        "period": {
            "name": str(found.period),
            "start": time_json(found.period.start),
            "end": time_json(found.period.end),
            "timezone": found.timezone,
            "running": found.running,
        },
        "currency": found.currency,
        "made_at": time_json(found.at),
        "notes": list(found.notes),
        "totals": _totals(rows, findings),
        "findings": [
            {**each.to_json(), "agreement_name": _name(each.agreement_id, found.agreements)} for each in findings
        ],
        "agreements": [row.to_json() for row in rows],
    }


def _about(found: ToCheck) -> Month:
    return Month(found.period, found.currency, found.running)


def _lines(found: ToCheck) -> Iterator[Finding]:
    """Yield the differences of usage and additions: of what was invoiced, and of what stands now beside it."""
    when_made = check_lines(found.charges, found.lines, found.agreements, found.period, found.currency)
    yield from when_made
    known = {(each.kind, each.agreement_id, each.customer) for each in when_made}
    for each in () if found.now is None else check_lines(*found.now, found.agreements, found.period, found.currency):
        if (each.kind, each.agreement_id, each.customer) not in known:
            yield replace(
                each, text=f"{each.text}; the invoice of {found.period} was made before, the next one bills it"
            )


@dataclass(frozen=True, slots=True)
class _Row:
    """What the check has of one agreement."""

    facts: AgreementFacts
    usage: Side
    ours: Side
    others: Side
    invoices: Invoices
    findings: Sequence[Finding]
    currency: str | None

    @property
    def expected(self) -> Decimal:
        return self.facts.own + self.ours.amount + self.others.amount

    @property
    def invoiced(self) -> Decimal:
        return sum((each.amount for each in self.invoices.valid if not is_foreign(each, self.currency)), Decimal(0))

    def to_json(self) -> Json:
        facts = self.facts
        return {
            "id": facts.id,
            "name": facts.name,
            "company": facts.company or None,
            "invoiced": facts.invoiced,
            "usage": self.usage.to_json(),
            "ours": self.ours.to_json(),
            "others": self.others.to_json(),
            "own": decimal_text(facts.own),
            "expected": decimal_text(self.expected),
            "invoices": [each.to_json() for each in (*self.invoices.valid, *self.invoices.void, *self.invoices.others)],
            "invoice_state": self.invoices.state,
            "amount_invoiced": decimal_text(self.invoiced) if self.invoices.valid else None,
            "findings": len(self.findings),
            **_sums(self.findings),
        }


def _agreements(found: ToCheck, findings: Iterable[Finding]) -> Iterator[_Row]:
    """Yield a row for each agreement, by name."""
    of: dict[int | None, list[Finding]] = defaultdict(list)
    for each in findings:
        of[each.agreement_id].append(each)
    usage: dict[int | None, Side] = defaultdict(Side)
    for charge in found.charges:
        for line in charge.lines:
            usage[charge.agreement_id] += side_of(line.amount, line.cost)
    sides: dict[tuple[int, bool], Side] = defaultdict(Side)
    for standing in found.standing:
        addition = standing.addition
        if on_invoice(standing, found.period):
            sides[addition.agreement_id, not standing.ours] += standing_side(standing, found.currency)
    for facts in sorted(found.agreements.values(), key=lambda each: (each.name.casefold(), each.id)):
        number = facts.id
        invoices = found.invoices.get(number, Invoices(due=False))
        yield _Row(
            facts, usage[number], sides[number, False], sides[number, True], invoices, of[number], found.currency
        )


def _totals(rows: Sequence[_Row], findings: Sequence[Finding]) -> Json:
    def total(sides: Iterable[Side]) -> Json:
        return sum(sides, Side()).to_json()

    own = sum((row.facts.own for row in rows), Decimal(0))
    states = Counter(row.invoices.state for row in rows)
    return {
        "agreements": len(rows),
        "usage": total(row.usage for row in rows),
        "ours": total(row.ours for row in rows),
        "others": total(row.others for row in rows),
        "own": decimal_text(own),
        "expected": decimal_text(sum((row.expected for row in rows), Decimal(0))),
        "amount_invoiced": decimal_text(sum((row.invoiced for row in rows), Decimal(0))),
        "invoice_states": {state: states[state] for state in ("invoiced", "missing", "not yet", "not due")},
        "findings": len(findings),
        **_sums(findings),
    }


def _sums(findings: Iterable[Finding]) -> Json:
    """Return the prices of findings: money that is not billed, money that is billed too much, and unknown amounts."""
    amounts = [each.amount for each in findings]
    known = [each for each in amounts if each is not None]
    return {
        "not_billed": decimal_text(sum((each for each in known if each > 0), Decimal(0))),
        "billed_too_much": decimal_text(-sum((each for each in known if each < 0), Decimal(0))),
        "unknown_amounts": amounts.count(None),
    }


def _unbilled(coverage: Coverage) -> Iterator[Finding]:
    """Yield the usage that no mapping bills, and the sources without usable data."""
    for row in coverage.rows:
        of_no_mapping = row.mapping is None and (not row.accounted or row.state in ("unmapped", "unattributed"))
        if of_no_mapping or (row.state in ("ended", "uncounted") and not row.accounted):
            yield Finding("leak", _unbilled_text(row), row.money, None, f"{row.source}/{row.customer_id}")
    for source, problem in coverage.source_problems.items():
        yield Finding("unknown", problem, None, None, source)


def _unbilled_text(row: CoverageRow) -> str:
    name = f" ({row.shown_name})" if row.shown_name else ""
    return f"{row.source}/{row.customer_id}{name} is {row.state}{f': {row.detail}' if row.detail else ''}"


def _grouped(findings: Iterable[Finding], failed: Collection[str]) -> Iterator[Finding]:
    """Yield findings, with many unknown customers of one reason as one finding.

    The customers of a failed source are left out, because the source has a finding that counts them.
    """
    unknown: dict[str, list[Finding]] = defaultdict(list)
    for each in findings:
        if each.kind == "unknown" and each.customer.partition("/")[0] in failed and each.customer not in failed:
            continue
        if each.kind == "unknown":
            unknown[each.text].append(each)
        else:
            yield each
    for text, some in unknown.items():
        if len(some) <= _FEW:
            yield from some
        else:
            yield Finding("unknown", f"{len(some)} customers: {text}", None)


def _rank(each: Finding, agreements: Mapping[int, AgreementFacts]) -> tuple[bool, Decimal, str, str, str]:
    """Return the place of a finding: those without an amount first, then the largest amounts."""
    name = _name(each.agreement_id, agreements) or ""
    return (each.amount is not None, -abs(each.amount or Decimal(0)), name.casefold(), each.kind, each.text)


def _name(number: int | None, agreements: Mapping[int, AgreementFacts]) -> str | None:
    found = None if number is None else agreements.get(number)
    return None if found is None else found.name
