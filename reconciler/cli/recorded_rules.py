"""Rate a past month of a customer by the rules that billed it, as the ledger recorded them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.additions.charges import ChargeInputs
from reconciler.cli.session import Session
from reconciler.closing.rule_version import RuleVersion, version_from, version_of
from reconciler.ledger.bills import bills_of_month, versions_of
from reconciler.metering.loading import load_snapshots
from reconciler.metering.period import Period

Versions = Mapping[tuple[str, str], RuleVersion]
"""By mapping and charge."""


def recorded_versions(session: Session, period: Period, customer: tuple[str, str]) -> Versions:
    """Return the versions of the rules that billed a customer last in a month. Empty if the ledger has none."""
    workspace = session.manifests.workspace.name
    month = bills_of_month(session.ledger, workspace, session.tenant, str(period))
    own = [each for each in month if each.key[:2] == customer]
    known = versions_of(session.ledger, workspace, [each.digest for each in own])
    return {(each.mapping, each.charge): version_from(dict(known[each.digest].content)) for each in own}


def changed_mappings(inputs: ChargeInputs, own: Versions) -> set[str]:
    """Return the mappings with a charge whose recorded version is another than that of the manifests."""
    today = {
        (rule.name, rule.charge): version_of([rule], inputs.settings, inputs.exclusions).digest for rule in inputs.rules
    }
    return {key[0] for key, each in own.items() if today.get(key) != each.digest}


def by_recorded_versions(
    session: Session, inputs: ChargeInputs, own: Versions, moment: datetime, customer: tuple[str, str]
) -> ChargeInputs:
    """Return the inputs with the recorded rules, settings and exclusions. A charge without a version keeps its rule."""
    mappings = {rule.name for rule in inputs.rules}
    rules = [rule for (mapping, _), each in own.items() if mapping in mappings for rule in each.rules]
    rules += [rule for rule in inputs.rules if (rule.name, rule.charge) not in own]
    settings = next(iter(own.values())).settings
    every = (each for version in own.values() for each in version.exclusions)
    exclusions = [*{(each.name, each.device_id): each for each in every}.values()]
    units = {name: snapshot.unit for name, snapshot in inputs.snapshots.items()}
    snapshots = load_snapshots(session.ledger, units, rules, settings, moment, by_hour=[customer])
    return replace(inputs, settings=settings, rules=rules, exclusions=exclusions, snapshots=snapshots)
