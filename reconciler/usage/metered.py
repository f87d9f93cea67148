"""Usage measured and rated: what the ledger holds, by the rules of the manifests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.kinds.estate import Estate
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.ledger.store import Ledger
from reconciler.manifests.documents import Manifests
from reconciler.usage import pricing
from reconciler.usage.collect import Collected
from reconciler.usage.desired import UsageResult, desired
from reconciler.usage.loading import load_facts
from reconciler.usage.rules import Rule, exclusion_of, settings_of


@dataclass(frozen=True, slots=True)
class Metered:
    result: UsageResult
    rules: tuple[Rule, ...]
    """Of every mapping, billed now or not."""


def workspace_spec(manifests: Manifests) -> WorkspaceSpec:
    spec = manifests.workspace.spec
    if not isinstance(spec, WorkspaceSpec):
        raise TypeError(f"{manifests.workspace.address} is not a workspace")
    return spec


def metered(
    manifests: Manifests, estate: Estate, ledger: Ledger, now: datetime, fresh: Sequence[Collected] = ()
) -> Metered:
    """Load what the ledger knows, then measure and rate it. `fresh` are the pulls of this run."""
    workspace = workspace_spec(manifests)
    units = {source.name: source.unit for source in workspace.usage}
    settings = settings_of(workspace.billing)
    rules = pricing.rules(manifests, units, estate)
    facts = load_facts(ledger, units, rules, settings, now, fresh)
    exclusions = [exclusion_of(each.name, _spec(each)) for each in manifests.of_kind("Exclusion")]
    default = pricing.default_rule(manifests, units)
    return Metered(desired(now, settings, rules, exclusions, facts, default_rule=default), tuple(rules))


def _spec(document: Any) -> Any:
    return document.spec
