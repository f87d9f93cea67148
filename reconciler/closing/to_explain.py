"""The values from which an explanation is made. All of them are read before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargedUsage, ChargeInputs
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.views import AdditionView
from reconciler.closing.closed_charges import ClosedCharge
from reconciler.closing.json_values import Json
from reconciler.closing.rule_version import RuleVersion
from reconciler.closing.values import RuleValue
from reconciler.ledger.bill_records import BillRecord, VersionRecord
from reconciler.ledger.records import PullRecord
from reconciler.ledger.runs import RunRecord, WriteRecord
from reconciler.ledger.snapshot import Approval, Close, RecordedAddition, SeenEdit


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a customer as they stand now."""

    views: Sequence[AdditionView] = ()
    recorded: Mapping[int, RecordedAddition] = field(default_factory=dict)
    """By id: what our writes left of each line."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """By address: the text of the line on an invoice, where a manifest gives it."""


@dataclass(frozen=True, slots=True)
class Past:
    """What the ledger has of a customer's lines in a period."""

    pulls: Sequence[PullRecord] = ()
    """The pulls of its source in any state, oldest first."""
    reports: Sequence[PullRecord] = ()
    """The pulls of the console's monthly report. Empty if no charge of the customer counts it."""
    writes: Sequence[WriteRecord] = ()
    """Every write to its lines, oldest first."""
    runs: Mapping[int, RunRecord] = field(default_factory=dict)
    approvals: Sequence[Approval] = ()
    """The approvals of the period that cover the customer, and those of its adjustments."""
    hand_edits: Sequence[SeenEdit] = ()
    closes: Sequence[Close] = ()
    """The closes of the period, oldest first."""
    corrections: Sequence[Json] = ()
    """The adjustments that correct the period or are billed in it, see `corrections`."""
    invoices: Sequence[Json] | None = ()
    """What invoices billed of the lines, see `invoiced_lines`. None if the API member may not read invoices."""


@dataclass(frozen=True, slots=True)
class OwnRule:
    """Which rule of a charge holds for a past month."""

    version: RuleVersion
    used_at: datetime
    """When the last run of the month used it, or when its close froze it."""
    closed: ClosedCharge | None = None
    """What the close of the month froze. None: the last run recorded the rule."""


@dataclass(frozen=True, slots=True)
class LateUsage:
    """The usage of an ended month with what came late for it: lines of one month follow it, or adjustments do."""

    inputs: ChargeInputs
    """At the moment of the command."""
    charges: Mapping[MappingCharge, Charge]


@dataclass(frozen=True, slots=True)
class ToExplain:
    """Everything that an explanation is made from. All of it was read before."""

    workspace: str
    address: str
    """What was asked for."""
    source: str
    customer_id: str
    name: str
    at: datetime
    """The moment of the command."""
    inputs: ChargeInputs
    """The usage of the customer at the moment that is explained, with the rules of its mappings."""
    usage: ChargedUsage
    """What `charge_usage` gives for these inputs."""
    values: Mapping[str, Sequence[RuleValue]]
    """By mapping: where each value of its rule comes from."""
    coverage: Sequence[Json]
    """The rows of the customer: state, detail, whether it is accounted for."""
    lines: Lines
    past: Past
    own: Mapping[MappingCharge, OwnRule] = field(default_factory=dict)
    """Of a past month: the rules that hold for it. Those of other charges are the rules of today."""
    before: Mapping[str, BillRecord] = field(default_factory=dict)
    """By charge: what it was billed in the month before."""
    records: Mapping[str, VersionRecord] = field(default_factory=dict)
    """By digest: the versions of rules in the ledger."""
    late: LateUsage | None = None
    """Of an ended month: the usage of the charges with lines of one month."""
    notes: Sequence[str] = ()
    """Sentences about the explanation itself."""
