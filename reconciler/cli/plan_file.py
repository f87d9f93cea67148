"""Check that a plan file was made for this workspace, this tenant, these manifests and this month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.applying.stale import StalePlan
from reconciler.cli.clock import TOLERANCE
from reconciler.cli.context import Context
from reconciler.cli.session import Session, tenant_of
from reconciler.errors import Refused
from reconciler.metering.period import period_of
from reconciler.planning.plan import Plan

if TYPE_CHECKING:
    from reconciler.manifests.touched import LoadedPart

ADVICE = "Nothing was written. Make a new plan: reconciler plan --out FILE"


def documents_loader(plan: Plan) -> Callable[[Context], LoadedPart] | None:
    """Return the function that loads the documents of a plan with `--changed-since`. None for every other plan."""
    if plan.changed_since is None:
        return None
    from reconciler.manifests.touched import load_documents  # noqa: PLC0415 - only these plans need it

    return lambda context: load_documents(context.root, plan.documents, plan.read_also, workspace=context.workspace)


def check_plan(plan: Plan, session: Session, now: datetime) -> None:
    """Raise `Refused` for a plan file of another workspace, tenant or month, or of other manifests. Does no I/O."""
    manifests, tenant = session.manifests, tenant_of(session)
    if plan.workspace != manifests.workspace.name:
        raise Refused(f"the plan is for workspace {plan.workspace}, not {manifests.workspace.name}", advice=ADVICE)
    if not plan.tenant.same_as(tenant):
        raise Refused(
            f"the plan was made for {plan.tenant}, but the workspace connects to {tenant}",
            advice="Nothing was written. Connect to the tenant of the plan, or make a new plan: "
            "reconciler plan --out FILE",
        )
    if plan.manifest_digest != manifests.digest:
        raise StalePlan("the plan is stale: the manifests have changed since it was made", advice=ADVICE)
    check_month(plan, session, now)


def check_month(plan: Plan, session: Session, now: datetime) -> None:
    """Raise `Refused` if the plan bills the usage of another month, or was made at a time in the future."""
    if plan.created_at - now > TOLERANCE:
        raise Refused(
            f"the plan was made at {plan.created_at:%Y-%m-%d %H:%M} UTC, "
            f"but this machine says {now:%Y-%m-%d %H:%M} UTC",
            advice="Nothing was written. Correct this machine's clock and run again.",
        )
    if not plan.bills_usage:
        return
    zone = session.workspace.billing.timezone
    planned, current = period_of(plan.created_at, zone), period_of(now, zone)
    if planned != current:
        raise StalePlan(f"the plan bills usage of {planned}, but it is {current} now", advice=ADVICE)
