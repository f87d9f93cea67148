"""Load a month from the ledger, and rate it again: by its own rules, or by those of other manifests."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler.additions.charge import Charge
from reconciler.cli.context import Context
from reconciler.cli.rating_again import rated_again
from reconciler.cli.retention import check_not_sealed
from reconciler.cli.session import Session
from reconciler.closing.bills import lines_json
from reconciler.closing.closed_charges import closed_charges, own_bills
from reconciler.closing.replay import OWN, Replay, Replayed, replay_json
from reconciler.closing.rule_version import RuleVersion, version_from, version_of
from reconciler.closing.what_if import links_of, with_known_prices
from reconciler.errors import ReconcilerError
from reconciler.kinds.billing_rules import BillingSettings, Rule, exclusion_of, settings_of
from reconciler.kinds.exclusion import ExclusionSpec
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.bill_records import BillRecord
from reconciler.ledger.bills import bills_of_month, versions_of
from reconciler.ledger.closes import load_closes
from reconciler.ledger.pulls import customer_records
from reconciler.ledger.snapshot import closes_of
from reconciler.ledger.store import Ledger
from reconciler.manifests.documents import Manifests
from reconciler.manifests.git import write_tree
from reconciler.manifests.loading import load
from reconciler.metering.period import Period, period_of
from reconciler.rating import pricing

TODAY = "today"
"""The value of `--rules` for the manifests as they are on disk."""


def replay_month(session: Session, period: Period, rules: str | None) -> dict[str, Any]:
    """Return a month rated again, as JSON. `rules` is `today` or a Git revision. None: by the rules that billed it.

    Raises `ReconcilerError` if the month is sealed, if the ledger has no bills of it, or if Git lacks the revision.
    """
    context, manifests, ledger = session.context, session.manifests, session.ledger
    workspace = manifests.workspace
    check_not_sealed(ledger, workspace.name, workspace.spec, period.start)
    closes = closes_of(load_closes(ledger, workspace.name, session.tenant), str(period))
    closed = closed_charges(closes)
    bills = own_bills(bills_of_month(ledger, workspace.name, session.tenant, str(period)), closed)
    if not bills:
        raise ReconcilerError(
            f"the ledger has no bills of {period}",
            where="--period",
            advice="Each run of usage records the rules and the lines of its month: reconciler apply --only usage",
        )
    records = versions_of(ledger, workspace.name, [each.digest for each in bills])
    versions = {digest: version_from(dict(each.content)) for digest, each in records.items()}
    if rules is None:
        charges = [*_by_own_rules(ledger, period, bills, versions)]
    else:
        others = manifests if rules == TODAY else _at_revision(context, rules)
        last = min(period.end - timedelta.resolution, context.now)
        charges = [*_by_rules_of(others, ledger, period, bills, versions, last)]
    sources = {each.source for each in charges}
    names = {
        (source, number): record.customer.name
        for source in sources
        for number, record in customer_records(ledger, source).items()
    }
    currency = workspace.spec.billing.currency
    found = Replay(workspace.name, str(period), rules or OWN, currency, context.now, charges, names, closed, closes)
    return replay_json(found)


def _by_own_rules(
    ledger: Ledger, period: Period, bills: Sequence[BillRecord], versions: Mapping[str, RuleVersion]
) -> Iterator[Replayed]:
    """Rate each bill by the version of its rule, at the moment at which it was billed."""
    groups: defaultdict[tuple[datetime, BillingSettings], list[BillRecord]] = defaultdict(list)
    for bill in bills:
        groups[bill.billed_at, versions[bill.digest].settings].append(bill)
    for (moment, settings), own in groups.items():
        found = [versions[bill.digest] for bill in own]
        rules = [rule for version in found for rule in version.rules]
        exclusions = [each for version in found for each in version.exclusions]
        rated = rated_again(ledger, period, moment, rules, settings, exclusions)
        for bill in own:
            lines, why = _lines(rated[bill.mapping, bill.charge])
            yield Replayed(bill.source, bill.customer_id, bill.mapping, bill.charge, bill, bill.digest, lines, why)


def _by_rules_of(
    others: Manifests,
    ledger: Ledger,
    period: Period,
    bills: Sequence[BillRecord],
    versions: Mapping[str, RuleVersion],
    last: datetime,
) -> Iterator[Replayed]:
    """Rate each customer by other rules, at the moment of its bill. A customer without a bill is rated at `last`."""
    settings = settings_of(others.workspace.spec.billing, others.workspace.spec.usage)
    exclusions = [exclusion_of(each.name, each.spec) for each in others.of(ExclusionSpec)]
    units = {source.name: source.unit for source in others.workspace.spec.usage}
    first_day = period_of(last, settings.timezone).first_day
    every = pricing.rules(others, units, LiveState(links=links_of(others)), first_day)
    known = (rule for version in versions.values() for rule in version.rules)
    rules = [rule for rule in with_known_prices(every, known) if not rule.proposed]
    billed = {each.key: each for each in bills}
    moments: dict[tuple[str, str], datetime] = {}
    for bill in bills:
        customer = (bill.source, bill.customer_id)
        moments[customer] = max(bill.billed_at, moments.get(customer, bill.billed_at))
    groups: defaultdict[datetime, list[Rule]] = defaultdict(list)
    for rule in rules:
        groups[moments.get((rule.source, rule.customer_id), last)].append(rule)
    for moment, own in groups.items():
        rated = rated_again(ledger, period, moment, own, settings, exclusions)
        for rule in own:
            lines, why = _lines(rated[rule.name, rule.charge])
            digest = version_of([rule], settings, exclusions).digest
            key = (rule.source, rule.customer_id, rule.charge)
            yield Replayed(*key[:2], rule.name, rule.charge, billed.pop(key, None), digest, lines, why)
    for bill in billed.values():
        gone = "these rules have no such charge"
        yield Replayed(bill.source, bill.customer_id, bill.mapping, bill.charge, bill, None, None, gone)


def _lines(charge: Charge) -> tuple[Sequence[Mapping[str, Any]] | None, str]:
    """Return the lines of a charge, or None with the reason."""
    return (None, charge.detail or charge.state) if charge.state == "held" else (lines_json(charge), "")


def _at_revision(context: Context, revision: str) -> Manifests:
    """Return the manifests of a Git revision."""
    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        try:
            write_tree(context.root, revision, Path(folder))
        except ReconcilerError as error:
            advice = f"Name {TODAY}, or a branch, a tag or a commit in the repository of the manifests: origin/main."
            raise ReconcilerError(error.what, where="--rules", advice=advice) from error
        return load(Path(folder), workspace=context.workspace)
