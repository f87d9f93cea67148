"""Load the usage from the ledger, and charge it by the rules of the manifests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.additions.charges import ChargedUsage, charge_usage
from reconciler.kinds.billing_rules import Rule, exclusion_of, settings_of
from reconciler.kinds.exclusion import ExclusionSpec
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.store import Ledger
from reconciler.manifests.documents import Manifests
from reconciler.metering.collect import Collected
from reconciler.metering.loading import load_snapshots
from reconciler.rating import pricing


@dataclass(frozen=True, slots=True)
class RatedMappings:
    """The charged usage, and the rule of every mapping, including mappings that bill nothing now."""

    usage: ChargedUsage
    rules: tuple[Rule, ...]


def load_and_charge(
    manifests: Manifests, live_state: LiveState, ledger: Ledger, now: datetime, fresh: Sequence[Collected] = ()
) -> RatedMappings:
    """Return the usage of all sources, charged. The ledger has the samples; `fresh` are the pulls of this run."""
    workspace = manifests.workspace.spec
    units = {source.name: source.unit for source in workspace.usage}
    settings = settings_of(workspace.billing)
    rules = pricing.rules(manifests, units, live_state)
    snapshots = load_snapshots(ledger, units, rules, settings, now, fresh)
    exclusions = [exclusion_of(each.name, each.spec) for each in manifests.of(ExclusionSpec)]
    default = pricing.default_rule(manifests, units)
    usage = charge_usage(now, settings, rules, exclusions, snapshots, default_rule=default)
    return RatedMappings(usage, tuple(rules))
