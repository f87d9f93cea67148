"""Delete what the ledger no longer keeps, at the end of an apply, and refuse to compute a month without its samples."""

from __future__ import annotations

from datetime import datetime

from reconciler.cli.output import print_note
from reconciler.cli.session import Session
from reconciler.kinds.billing_rules import settings_of
from reconciler.kinds.meters import CONSOLE
from reconciler.kinds.workspace import WorkspaceSpec
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.retention import last_seal, seal
from reconciler.ledger.store import Ledger
from reconciler.metering.errors import UsageError
from reconciler.metering.monthly_report import report_of
from reconciler.metering.period import period_of
from reconciler.metering.retention import limit_of
from reconciler.rendering.counts import numbered


def seal_old_months(session: Session) -> None:
    """Seal the months that are older than the workspace's `ledger.keep`: once a month there is something to do.

    If the ledger cannot be written, a note says so, and the next apply tries again.
    """
    spec, now = session.workspace, session.context.now
    limit = limit_of(now, spec.keep_months, settings_of(spec.billing))
    try:
        made = seal(
            session.ledger,
            session.manifests.workspace.name,
            limit.period,
            names_in_ledger(spec),
            samples_before=limit.samples_before,
            keep_months=spec.keep_months,
            now=now,
        )
    except LedgerError as error:
        print_note(f"the old samples could not be deleted: {error}")
        return
    if made is not None:
        kept = numbered(made.keep_months, "month")
        print_note(
            f"sealed {made.period} and the months before it: the ledger keeps hourly figures for {kept}, "
            f"and {numbered(made.samples, 'older sample')} were deleted"
        )


def names_in_ledger(spec: WorkspaceSpec) -> list[str]:
    """Return the names under which the ledger has usage: each source, and the monthly report of a console."""
    return [
        *(each.name for each in spec.usage),
        *(report_of(each.name) for each in spec.usage if each.type == CONSOLE),
    ]


def check_not_sealed(ledger: Ledger, workspace: str, spec: WorkspaceSpec, now: datetime) -> None:
    """Raise `UsageError` if the month of a moment is sealed, because its usage would look like 0."""
    period, sealed = str(period_of(now, spec.billing.timezone)), last_seal(ledger, workspace)
    if sealed is not None and period <= sealed.period:
        raise UsageError(
            f"{period} is sealed: its hourly figures were deleted on {sealed.sealed_at:%Y-%m-%d}",
            where="ledger",
            advice=f"`ledger.keep` was {numbered(sealed.keep_months, 'month')}. Use a backup from before that day.",
        )
