"""Load what `usage reconcile` needs from ConnectWise and the ledger, and check it. No usage source is pulled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from reconciler.additions.charges import charge_usage
from reconciler.additions.live_additions import LiveAddition, all_additions
from reconciler.additions.ownership import owner_of_rule
from reconciler.additions.tag_search import tag_search
from reconciler.cli.loading import load_usage
from reconciler.cli.session import Session
from reconciler.cli.show_usage import USAGE
from reconciler.closing.three_way import ToCheck, check
from reconciler.closing.three_way_lines import lines_of
from reconciler.closing.three_way_model import Standing
from reconciler.closing.three_way_standing import standing_at, standing_now, with_shares
from reconciler.closing.three_way_usage import agreement_facts, expected_charges
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.additions import load_snapshot
from reconciler.ledger.snapshot import Snapshot
from reconciler.ledger.written_additions import additions_at
from reconciler.live.read import read_live_state
from reconciler.live.undeclared_agreements import with_undeclared_agreements
from reconciler.metering.period import Period
from reconciler.reporting.billed import from_journal

_BY_THE_RULES_OF_TODAY = "the usage of this month is rated by the rules of today"
_RUNNING = "the month is not over: the check compares the usage until now with the lines as they stand"
_NO_INVOICES = "no invoice was read: the check compares usage with additions only"


async def check_period(session: Session, period: Period) -> dict[str, Any]:
    """Return the three-way check of a month as JSON."""
    now, currency = session.context.now, session.workspace.billing.currency
    running = now < period.end
    live_state, snapshot = await _read(session, period)
    inputs = load_usage(session.manifests, live_state, session.ledger, min(now, period.end - timedelta.resolution))
    usage = charge_usage(inputs)
    agreements = agreement_facts(session.manifests, live_state, live_state.additions.keys())
    live = all_additions(live_state, currency)
    standing = standing_now(live, snapshot) if running else _at_the_end(session, period, live, snapshot)
    standing = with_shares(standing, agreements, period)
    sources = [source.name for source in session.workspace.usage]
    owners = [owner_of_rule(rule) for rule in inputs.rules]
    return check(
        ToCheck(
            workspace=session.manifests.workspace.name,
            period=period,
            timezone=session.workspace.billing.timezone,
            currency=currency,
            at=now,
            charges=expected_charges(usage, inputs.rules, live_state, agreements, period),
            lines=lines_of(standing, owners, sources, snapshot, period, currency),
            standing=standing,
            agreements=agreements,
            coverage=usage.coverage,
            notes=[_RUNNING if running else _BY_THE_RULES_OF_TODAY, _NO_INVOICES],
        )
    )


async def _read(session: Session, period: Period) -> tuple[LiveState, Snapshot]:
    """Read the agreements of all mappings, and every other one of the tenant that has an addition of ours.

    Of each, all additions are read, because an invoice bills them all.
    """
    workspace = session.manifests.workspace.name
    live_state = await read_live_state(session.client, session.manifests, USAGE)
    snapshot = load_snapshot(session.ledger, workspace, session.tenant, str(period))
    search = tag_search(snapshot, [source.name for source in session.workspace.usage], period)
    found = await with_undeclared_agreements(
        session.client, live_state, search.agreements, search.is_ours, search=True, whole=True
    )
    return found.live_state, snapshot


def _at_the_end(session: Session, period: Period, live: Iterable[LiveAddition], snapshot: Snapshot) -> list[Standing]:
    """Return additions as they stood at the end of a month. One of a single month follows late samples, until now."""
    every = list(live)
    of_month = [each for each in every if each.tag is not None and each.tag.period is not None]
    rolling = [each for each in every if each.tag is None or each.tag.period is None]
    moment = period.end - timedelta.resolution
    return [*standing_now(of_month, snapshot), *_standing_at(session, moment, rolling, snapshot)]


def _standing_at(
    session: Session, moment: datetime, live: Iterable[LiveAddition], snapshot: Snapshot
) -> list[Standing]:
    currency = session.workspace.billing.currency
    every = list(live)
    found = additions_at(session.ledger, session.manifests.workspace.name, snapshot, moment)
    written = {each.id: each for each in from_journal(found, snapshot, currency)}
    rolling = {number: each for number, each in written.items() if each.tag is None or each.tag.period is None}
    return standing_at(moment, every, rolling, snapshot, currency)
