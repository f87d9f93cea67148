"""Charge the usage of one source in tests, and read the only row or charge of the result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargedUsage, ChargeInputs, charge_usage
from reconciler.kinds.billing_rules import BillingSettings, Exclusion, Rule
from reconciler.metering.coverage import CoverageRow
from reconciler.metering.snapshot import SourceSnapshot
from tests.metering.builders import NOON, SETTINGS

D = Decimal


def result_of(
    source: SourceSnapshot | None,
    rules: Sequence[Rule] = (),
    exclusions: Sequence[Exclusion] = (),
    *,
    now: datetime = NOON,
    settings: BillingSettings = SETTINGS,
    **more: Any,
) -> ChargedUsage:
    """Return the charges and the coverage of one source called cove. None for no source."""
    snapshots = {} if source is None else {"cove": source}
    return charge_usage(ChargeInputs(now, settings, rules, exclusions, snapshots, **more))


def only_row(result: ChargedUsage) -> CoverageRow:
    """Return the coverage row of a result that has one."""
    (row,) = result.coverage.rows
    return row


def only_charge(result: ChargedUsage) -> Charge:
    """Return the charge of a result that has one."""
    (charge,) = result.charges
    return charge
